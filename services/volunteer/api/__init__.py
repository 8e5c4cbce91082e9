"""Volunteer's HTTP, one file per resource."""
