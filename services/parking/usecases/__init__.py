"""What parking does: one verb, one file."""
