"""Facts that the parking service publishes about its vehicles."""
