"""An SMS gateway and a push gateway of the class idempotent, and the phones behind them."""
