"""How is the program's own log written? On standard error, without secrets, and so that no text from outside forges a line."""

from __future__ import annotations

import logging

from bot.render.redact import redact
from bot.render.visible import visible


class Lines(logging.Formatter):
    """A line that begins with a time was begun by the program; whatever a message continues with is indented."""

    def format(self, record: logging.LogRecord) -> str:
        """The finished text of one record."""
        return visible(redact(super().format(record))[0]).replace("\n", "\n    ")


def write_log(level: int) -> None:
    """Write records of this level and above, of the libraries too."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
