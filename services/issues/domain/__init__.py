"""The rules of cases and of the register: standard library only, time and ids passed in."""
