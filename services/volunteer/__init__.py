"""Volunteers: who helps, in what capacity, and whether they may be asked."""
