"""Volunteer's SQL, one file per aggregate."""
