"""What holds for every test: generated examples have no deadline each, because machines that test are busy."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("postmedic", deadline=None)
settings.load_profile("postmedic")
