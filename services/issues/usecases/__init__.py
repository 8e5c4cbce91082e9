"""What issues does: one verb, one file, inside a unit of work that somebody else opened."""
