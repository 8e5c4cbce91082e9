"""Facts that the volunteer service publishes about its volunteers."""
