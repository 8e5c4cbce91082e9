"""What volunteer does: one verb, one file."""
