"""What notify does: one verb, one file."""
