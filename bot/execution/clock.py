"""What time is it, and may that be believed? Expiry is by UTC stamps; a clock that was set moves no plan either way."""

from __future__ import annotations

import time
from collections.abc import Callable

from bot.errors import ClockChanged

MOST = 60.0  # seconds by which two clocks may disagree


def _steady() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)  # nobody can set it, and it goes on while the machine sleeps


class SteadyClock:
    """UTC seconds, held against a clock that only counts since this object was made."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = _steady) -> None:
        self._wall = wall
        self._steady = steady
        self._began = wall() - steady()

    def __call__(self) -> float:
        """Give the time; raises `ClockChanged` when it was set by more than a minute."""
        now = self._wall()
        if abs(jump := now - self._steady() - self._began) > MOST:
            raise ClockChanged(detail=f"it was set by {jump:+.0f} s while postmedic was running")
        return now


def agreed(now: float, *, database: float, created: float = 0.0) -> float:
    """Give `now` back; raises `ClockChanged` when the database's clock says otherwise or a plan comes from the future."""
    if abs(now - database) > MOST:
        raise ClockChanged(detail=f"it is {now - database:+.0f} s from the clock of the database")
    if created > now + MOST:
        raise ClockChanged(detail=f"the plan was made {created - now:.0f} s in the future")
    return now
