"""The pure rules of notifying: standard library only, time and chance passed in."""
