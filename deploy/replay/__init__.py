"""Recorded reality through the public APIs of a suite of its own, compared with what it must come to."""
