"""Facts that the issues service publishes: its cases, and the register of places, households and roles."""
