"""The command line: one file per command, thin over the engine. Exit status: see `bot/cli/status.py`."""
