"""How do many readings travel over two streams of one exec? Builds the words and takes the framed answer apart.

After a `begin` line each probe's output ends with a line of a random mark, the probe's index and its exit, on both
streams. What a probe prints is only data here: it cannot know the mark, and no byte of it is interpreted.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator, Sequence

from bot.model.probe import Reading, Request
from bot.model.token import token

TOTAL = 4 * 1024 * 1024  # bytes of one exec, both streams together; beyond it the host is no longer listened to
_HEADER = 16  # longest rest of a frame line: index, space, exit
_LINE = re.compile(rb"(\d{1,4}) (\d{1,3})")


class FrameError(Exception):
    """The answer is not framed as asked, or longer than `TOTAL`; what was complete before stays valid."""


def new_mark() -> str:
    """Give a mark for one exec: 96 random bits as 24 hexadecimal digits."""
    return secrets.token_hex(12)


def words(mark: str, requests: Sequence[Request]) -> str:
    """Give the words that ask for `requests`; raises `Refused` when any of them is not a plain token."""
    asked = (" ".join((token(r.probe.name), *map(token, r.tokens))) for r in requests)
    return f"read {mark} " + " + ".join(asked)


class _Stream:
    """One of the two streams: cuts it at the marks and keeps at most `caps[i]` bytes of part i."""

    def __init__(self, mark: str, caps: Sequence[int]) -> None:
        self._mark = b"\n" + mark.encode() + b" "
        self._caps = caps
        self._unread = bytearray()
        self._kept = bytearray()
        self._cut = False
        self.begun = False
        self.ended = False
        self.parts: list[tuple[bytes, int, bool]] = []  # output, exit, whether it was cut

    def feed(self, received: bytes) -> None:
        self._unread += received
        while not self.ended:
            found = self._unread.find(self._mark)
            if found < 0:
                self._keep(max(0, len(self._unread) - len(self._mark) + 1))
                return
            after = found + len(self._mark)
            end = self._unread.find(b"\n", after, after + _HEADER + 1)
            if end < 0:
                if len(self._unread) - after > _HEADER:
                    raise FrameError("a frame line does not end")
                return
            header = bytes(self._unread[after:end])
            self._keep(found)
            del self._unread[: end - found + 1]
            self._close(header)

    def _keep(self, count: int) -> None:
        """Move `count` bytes from the unread to the part at hand, as far as its cap allows."""
        part = len(self.parts)
        room = self._caps[part] - len(self._kept) if self.begun and part < len(self._caps) else 0
        self._kept += self._unread[: min(count, room)]
        self._cut = self._cut or count > room
        del self._unread[:count]

    def _close(self, header: bytes) -> None:
        if not self.begun:
            if header != b"begin":
                raise FrameError("the first frame is not the beginning")
            self.begun = True
        elif header == b"end":
            if len(self.parts) != len(self._caps):
                raise FrameError("the end came before every probe had answered")
            self.ended = True
        else:
            line = _LINE.fullmatch(header)
            if line is None or int(line[1]) != len(self.parts) or len(self.parts) == len(self._caps):
                raise FrameError("a frame is out of order")
            full = len(self._kept) >= self._caps[len(self.parts)]  # the host cuts at the same length, silently
            self.parts.append((bytes(self._kept), int(line[2]), self._cut or full))
        self._kept.clear()
        self._cut = False


class Frames:
    """The answer to one exec, fed as it arrives; gives each reading once, as soon as both streams have it."""

    def __init__(self, mark: str, requests: Sequence[Request]) -> None:
        caps = [request.probe.bytes for request in requests]
        self._keys = [request.key for request in requests]
        self._out, self._err = _Stream(mark, caps), _Stream(mark, caps)
        self._received = 0
        self._given = 0
        self._since = time.monotonic()

    @property
    def ended(self) -> bool:
        """Whether both streams carried their end mark; nothing after it belongs to the answer."""
        return self._out.ended and self._err.ended

    def feed(self, received: bytes, *, stderr: bool = False) -> None:
        """Take received bytes of one stream; raises `FrameError` when they are too many or out of form."""
        self._received += len(received)
        if self._received > TOTAL:
            raise FrameError(f"it sent more than {TOTAL // 1024 // 1024} MiB")
        (self._err if stderr else self._out).feed(received)

    def completed(self) -> Iterator[Reading]:
        """Give the readings that became complete since the last call; `seconds` is the time between arrivals."""
        while self._given < min(len(self._out.parts), len(self._err.parts)):
            stdout, code, cut = self._out.parts[self._given]
            stderr, same, also = self._err.parts[self._given]
            if code != same:
                raise FrameError("the two streams disagree about an exit status")
            now = time.monotonic()
            yield Reading(
                key=self._keys[self._given],
                exit=code,
                stdout=stdout,
                stderr=stderr,
                truncated=cut or also,
                seconds=round(now - self._since, 3),
            )
            self._since = now
            self._given += 1
