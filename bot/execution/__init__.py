"""How is an approved plan carried out at most once? Only here does a `Writer` run steps."""
