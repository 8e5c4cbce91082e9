"""Pure rules of parking: no I/O, time and ids passed in."""
