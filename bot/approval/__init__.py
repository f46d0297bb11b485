"""Who may approve what? Pure policy over people and reviews; see `bot/approval/policy.py`."""
