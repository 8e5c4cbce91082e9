"""Issues: what people report, who handles it, and the register of the neighbourhood."""
