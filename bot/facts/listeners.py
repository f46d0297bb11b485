"""Does anything listen on the mail ports, and does it really speak SMTP? A connection that opens proves nothing: while a
service is throttled connections open and no greeting comes."""

from __future__ import annotations

from dataclasses import dataclass

from bot.facts.base import fact, unreadable
from bot.facts.network import parsed
from bot.model.fact import Reason, Unknown
from bot.model.probe import Probe, Reading

LISTENERS = Probe(name="listeners", script="ss -H -ltn", bytes=65536)
GREETING = Probe(
    name="smtp-greeting",
    script="""
command -v bash >/dev/null || exit 127
# bash speaks TCP without a further program. QUIT ends the session politely, so the log shows no lost connection.
timeout 6 bash -c '
    exec 3<>/dev/tcp/127.0.0.1/25 || exit 1
    echo open
    IFS= read -r -t 5 line <&3 && printf "said %s\\n" "$line"
    printf "QUIT\\r\\n" >&3; read -r -t 1 _ <&3
    exit 0
' 2>/dev/null
case $? in 0) echo end ;; 124) echo late ;; *) echo refused ;; esac
""".strip(),
    seconds=8,
    bytes=1024,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """Which mail ports are open on this host, and whether port 25 is open to others than this host."""

    smtp: bool
    smtps: bool
    submission: bool
    smtp_outside: bool
    ports: str  # the open mail ports, for people


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """How port 25 on 127.0.0.1 greets; `state` is ready (220), refusing (another code), silent (open, but nothing is said),
    closed, unreachable (the connection itself does not come about), or other."""

    state: str
    code: int  # 0 without a reply


@fact("listeners", LISTENERS)
def listeners(reading: Reading) -> Listeners | Unknown:
    """Whether the ports 25, 465 and 587 are listened on, and 25 beyond loopback (Listeners)."""
    if reading.exit != 0:
        return unreadable("the list of listening ports could not be read")
    if reading.truncated:
        return Unknown(reason=Reason.TRUNCATED, detail="the list of listening ports was cut")
    open_at: dict[str, set[str]] = {}
    for line in reading.out.splitlines():
        columns = line.split()
        if len(columns) >= 4 and columns[0] == "LISTEN":
            address, _, port = columns[3].rpartition(":")
            open_at.setdefault(port, set()).add(address)
    outside = any(not _loopback(address) for address in open_at.get("25", ()))
    return Listeners(
        smtp="25" in open_at,
        smtps="465" in open_at,
        submission="587" in open_at,
        smtp_outside=outside,
        ports=", ".join(port for port in ("25", "465", "587") if port in open_at) or "-",
    )


@fact("smtp-greeting", GREETING)
def smtp_greeting(reading: Reading) -> Greeting | Unknown:
    """Whether port 25 on 127.0.0.1 greets with 220 within 5 seconds (Greeting)."""
    lines = reading.out.splitlines()
    if "open" not in lines:
        closed = {"refused": "closed", "late": "unreachable"}.get(lines[-1] if lines else "")
        return Greeting(state=closed, code=0) if closed else unreadable("the answer about port 25 has an unexpected form")
    said = next((line[5:] for line in lines if line.startswith("said ")), None)
    if said is None:
        return Greeting(state="silent", code=0)
    if not (said[:3].isascii() and said[:3].isdecimal() and len(said[:3]) == 3 and said[3:4] in ("", " ", "-")):
        return Greeting(state="other", code=0)
    return Greeting(state="ready" if said[:3] == "220" else "refusing", code=int(said[:3]))


def _loopback(text: str) -> bool:
    address = parsed(text.partition("%")[0])
    return address is not None and address.is_loopback
