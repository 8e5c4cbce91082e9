"""The demo day: what people report, where it goes, and whose phone rings."""
