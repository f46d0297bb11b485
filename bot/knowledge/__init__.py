"""Reads `knowledge/`: strict YAML into typed problems and cases. It can describe commands but never holds or runs one."""
