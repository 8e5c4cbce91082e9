"""Parking's HTTP, one file per resource."""
