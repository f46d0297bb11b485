"""Slack: thin listeners, one file for each thing a person does."""
