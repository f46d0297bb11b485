"""What happened, for the page's log and for tests: Web API calls, deliveries, methods Slack does not have, problems."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from .shapes import Json

_KEPT = 5000


@dataclass(slots=True, kw_only=True)
class Journal:
    """Three records, newest last; bounded because a demo may run for days."""

    calls: deque[Json] = field(default_factory=lambda: deque(maxlen=_KEPT))
    deliveries: deque[Json] = field(default_factory=lambda: deque(maxlen=_KEPT))
    unknown_methods: list[str] = field(default_factory=list)
    problems: deque[Json] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def as_json(self) -> Json:
        """The whole record."""
        return {
            "calls": list(self.calls),
            "deliveries": list(self.deliveries),
            "unknown_methods": list(self.unknown_methods),
            "problems": list(self.problems),
        }
