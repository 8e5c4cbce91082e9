"""Makes the checked-in schemas, examples and AsyncAPI page from the contracts."""
