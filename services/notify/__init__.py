"""Who must hear of which fact, by which channel, and whether they did; the only place with phone numbers."""
