"""What holds for every test: generated examples have no deadline each, because machines that test are busy.

The hosts of the lab can be used in every folder.
"""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["tests.lab.fixtures"]

settings.register_profile("postmedic", deadline=None)
settings.load_profile("postmedic")
