"""For people who write knowledge: lint entries, run their cases, record readings, try a paste."""
