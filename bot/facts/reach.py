"""Does something answer at a TCP port, as seen from the host? Connects, reads one line, says QUIT; sends nothing else.

A connect alone proves nothing while Postfix throttles a service: the kernel accepts and no banner comes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.facts.base import fact, refusal, unreadable
from bot.model.fact import Unknown
from bot.model.probe import Probe, Reading

# QUIT keeps the other side's log free of "lost connection".
_CONNECT = r"""
ask() {
    timeout 8 bash -c '
        exec 3<>"/dev/tcp/$1/$2" || exit 1
        echo open
        if IFS= read -r -t 5 line <&3; then printf "banner %.200s\n" "$line"; printf "QUIT\r\n" >&3; fi
    ' sh "$1" "$2" </dev/null 2>&1 | cut -c 1-240
}
""".strip()

TCP_BANNER = Probe(
    name="tcp-banner",
    script=f'command -v bash >/dev/null || exit 127\n{_CONNECT}\nask "$1" "$2"; echo end',
    parameters=("host", "port"),
    seconds=10,
    bytes=4096,
)
_CODE = re.compile(r"banner ([2-5][0-9][0-9])")
_FAILURES = (
    ("Connection refused", "refused"),
    ("No route to host", "no-route"),
    ("Network is unreachable", "no-route"),
    ("Connection timed out", "timeout"),
    ("Name or service not known", "no-name"),
    ("Temporary failure in name resolution", "no-name"),
    ("invalid host", "no-name"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a port did: `state` is banner, silent (open without a line), refused, timeout, no-route or no-name."""

    state: str
    code: int = 0  # of the banner: 220 ready, 554 no service

    @property
    def ready(self) -> bool:
        """Whether a mail server greeted as it should."""
        return self.code == 220


@fact("tcp-banner", TCP_BANNER, parameters=("host", "port"))
def tcp_banner(reading: Reading, host: str, port: str) -> Answer | Unknown:
    """What answers at host and port, asked from the mail host (Answer: state, code, ready)."""
    return _answer(reading)


def _answer(reading: Reading) -> Answer | Unknown:
    if refused := refusal(reading):
        return refused
    out = reading.out
    if not out.endswith("end\n"):
        return unreadable("the connection test did not end as it should")
    if code := _CODE.search(out):
        return Answer(state="banner", code=int(code[1]))
    if out.startswith("open\n"):
        return Answer(state="silent")
    for text, state in _FAILURES:
        if text in out:
            return Answer(state=state)
    return Answer(state="timeout") if out.strip() == "end" else unreadable("the connection test answered something else")
