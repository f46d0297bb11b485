"""Who did what? An append-only chain of events; see `bot/audit/chain.py`."""
