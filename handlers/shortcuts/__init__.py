"""What people order in a message's own menu."""
