"""Pure rules of volunteering: no I/O, time and ids passed in."""
