"""Stand-ins for the outside world, for development only: phones and an identity provider."""
