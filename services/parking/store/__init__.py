"""Parking's SQL, one file per aggregate."""
