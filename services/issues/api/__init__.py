"""HTTP in: one file per resource, thin."""
