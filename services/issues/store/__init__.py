"""The SQL of this service: one file per aggregate, always with the community named."""
