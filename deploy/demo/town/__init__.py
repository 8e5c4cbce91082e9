"""The invented community: its places, households, roles, contacts and rules, as plain data from a seed."""
