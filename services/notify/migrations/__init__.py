"""The history of notify's database, forward only."""
