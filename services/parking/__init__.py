"""Parking: vehicles of households, and what may stand where for how long."""
