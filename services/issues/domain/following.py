"""How many may follow one case: as many as its facts may name."""

MOST_FOLLOWERS = 64


class TooManyFollowers(Exception):
    """The case has as many followers as its facts may name."""
