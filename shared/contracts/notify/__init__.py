"""Facts that the notify service publishes about its messages."""
