"""The demo community, made from a seed, and its day; through public APIs only, as any user would."""
