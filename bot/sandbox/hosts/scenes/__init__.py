"""The recordings of the sample hosts, one JSON file per host; their form is described in `bot/sandbox/hosts/scene.py`."""
