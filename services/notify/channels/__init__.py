"""The providers that carry messages: one file each, all behind the contract in `provider.py`."""
