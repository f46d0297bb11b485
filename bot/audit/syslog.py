"""Where else is the head of the chain kept? In the system log: one line per committed event, which the bot cannot take back.

The system log belongs to root, so the account of the bot cannot alter it; forwarded to another machine, root here cannot
either. It holds heads and ids, never what people wrote. A log that is away is said once and stops nothing: the event itself
is committed already, and the next head covers this one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from logging.handlers import SysLogHandler
from pathlib import Path

from bot.model.event import Event

DEVICE = Path("/dev/log")
LOG = logging.getLogger(__name__)
_PATIENCE = 0.2  # seconds for a full log to take a line; the bot must not stand still with it
_PAUSE = 10.0  # seconds for which a log that was away is left alone


def witness(wanted: bool, device: Path = DEVICE) -> Callable[[Event], None]:
    """Give who is told each committed event: the system log, or nobody where it is not wanted or there is none."""
    if not wanted or not device.exists():
        return lambda event: None
    return _SystemLog(device).tell


def line(event: Event) -> str:
    """What the system log keeps of an event: its head, and ids to find it by."""
    return f"{event.head.token} {_plain(event.kind)} {_plain(event.subject)} {_plain(event.details.get('host', '-'))}"


class _SystemLog:
    def __init__(self, device: Path) -> None:
        self._handler = _Handler(str(device), facility=SysLogHandler.LOG_AUTHPRIV)
        self._handler.ident = "postmedic-audit: "
        self._again = 0.0  # when a log that was away is tried again; 0 where it is not away

    def tell(self, event: Event) -> None:
        """Send one line; never raises."""
        if self._again > time.monotonic():
            return
        record = logging.LogRecord("postmedic.audit", logging.INFO, "", 0, line(event), None, None)
        self._handler.failed = False
        self._handler.handle(record)
        if self._handler.failed and not self._again:
            LOG.error("the system log takes no heads of the audit chain: `postmedic audit verify` has one witness less")
        self._again = time.monotonic() + _PAUSE if self._handler.failed else 0.0


class _Handler(SysLogHandler):
    """The standard handler, with patience for a log that does not read, and with failures noted instead of printed."""

    failed = False

    def _connect_unixsocket(self, address: str) -> None:
        super()._connect_unixsocket(address)  # type: ignore[misc]
        self.socket.settimeout(_PATIENCE)  # type: ignore[attr-defined]

    def handleError(self, record: logging.LogRecord) -> None:
        self.failed = True


def _plain(text: str) -> str:
    """One printable ASCII word: a line of the log is read by other programs."""
    return "".join(char if char.isascii() and char.isprintable() and not char.isspace() else "?" for char in text[:100]) or "-"
