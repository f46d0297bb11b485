"""What would a host have answered? A `Reader` over recorded readings; it contacts nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from bot.model.probe import Reading, Request


class ReplayReader:
    """Answers from recordings by key; what was not recorded gives a reading without an exit: not measured."""

    def __init__(self, recorded: Mapping[str, Reading], *, host_key: str = "") -> None:
        self._recorded = recorded
        self._host_key = host_key

    @property
    def host_key(self) -> str:
        """The fingerprint given with the recording."""
        return self._host_key

    async def read(self, requests: Sequence[Request]) -> AsyncIterator[Reading]:
        """Yield the recorded reading of each request, in their order."""
        for request in requests:
            yield self._recorded.get(request.key) or Reading(key=request.key, exit=None)
