"""May this be sent already? At most one call per pause for each subject, so that Slack need not refuse any."""

from __future__ import annotations

import asyncio

_MOST_KEPT = 1000


class Pace:
    """Times of the last calls by subject; `pause` in seconds."""

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._next: dict[str, float] = {}

    async def wait(self, subject: str) -> None:
        """Wait until the pause since the last call for this subject is over, and count this one."""
        now = asyncio.get_running_loop().time()
        if len(self._next) > _MOST_KEPT:
            self._next = {name: due for name, due in self._next.items() if due > now}
        due = max(now, self._next.get(subject, now))
        self._next[subject] = due + self._pause
        await asyncio.sleep(due - now)
