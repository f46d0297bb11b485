"""What did the mail system log lately? A bounded, masked list of messages; lines that our own probes caused are left out.

Secrets that Postfix may log (AUTH exchanges, debug output, URLs with passwords) are masked on the host and once more here.
"""

from __future__ import annotations

import json
import re

from bot.facts.base import derivation, fact, first_unknown, refusal, unreadable
from bot.model.fact import Reason, Unknown
from bot.model.moment import moment
from bot.model.probe import Access, Probe, Reading
from bot.render.redact import redact

# What may not leave the host: what follows AUTH, a line from a client that is one base64 word, pass=, passwords in URLs and
# settings, and keys. The server's own prompts (334 …) and "authentication failed: UGFzc3dvcmQ6" stay: they are no secrets.
_MASK = r"""
s/(AUTH [A-Z0-9-]+) [A-Za-z0-9+\/=]+/\1 <masked>/g
s/(: < [^ "]+\]: )[A-Za-z0-9+\/]{4,}={0,2}("|$)/\1<masked>\2/g
s/((pass|passwd|password|bind_pw|secret|resp)[ ]?[=:][ ]?)[^ ,;"]+/\1<masked>/g
s/:\/\/[^\/@ "]+@/:\/\/<masked>@/g
s/(static|inline):[^ ,"]+/\1:<masked>/g
s/(xox[a-z]|xapp)-[A-Za-z0-9-]+/<masked>/g
""".strip()
LOG = Probe(
    name="log",
    access=Access.LOGS,
    script=rf"""
mask='{_MASK}'
echo "account ${{SUDO_UID:-$(id -u)}}"
if [ -d /run/log/journal ] || [ -d /var/log/journal ]; then
    journalctl --no-pager -q -n 400 -o json --output-fields=_UID,SYSLOG_IDENTIFIER,SYSLOG_PID,MESSAGE SYSLOG_FACILITY=2 |
        sed -E "$mask"
    echo 'end journal'
elif [ -r /var/log/mail.log ] || [ -r /var/log/maillog ]; then
    for one in /var/log/mail.log /var/log/maillog; do
        if [ -r "$one" ]; then tail -c 65536 "$one" | tail -n +2 | tail -n 400 | sed -E "$mask"; break; fi
    done
    echo 'end file'
else
    exit 127
fi
""".strip(),
    seconds=8,
    bytes=393216,
)
_STAMP = re.compile(r"^(?:[A-Z][a-z]{2} [ 0-9]\d [0-9:]{8}|[0-9T:.+-]{19,35}Z?) \S+ ")
_LONGEST = 600
_FATAL = re.compile(r"[^ ]+: (?:[a-z]+: )?(?:fatal|panic|error): ")
# What follows from another fatal message, or belongs to a person's command, says nothing about the cause.
_ECHO = re.compile(r"see logs for details|startup failed|postqueue|postsuper|sendmail|postdrop|mail system is down|not running")


@fact("log", LOG)
def log(reading: Reading) -> tuple[str, ...] | Unknown:
    """The last messages of the mail log, oldest first, as `postfix/smtpd[123]: message` (tuple of str)."""
    entries = _entries(reading)
    return entries if isinstance(entries, Unknown) else tuple(_masked(text) for text, _ in entries)


@fact("log-times", LOG)
def log_times(reading: Reading) -> tuple[str, ...] | Unknown:
    """When each message of `log` was written, as the host's log tells it: journal times in UTC, stamps of files as they stand
    there, empty when there is none (tuple of str)."""
    entries = _entries(reading)
    return entries if isinstance(entries, Unknown) else tuple(at for _, at in entries)


def _entries(reading: Reading) -> list[tuple[str, str]] | Unknown:
    """The messages of the log and their times, oldest first."""
    if refused := refusal(reading):
        return refused
    first, _, rest = reading.out.partition("\n")
    account = first.removeprefix("account ")
    if not (first.startswith("account ") and account.isascii() and account.isdecimal()):
        return unreadable("the log does not begin as it should")
    if "insufficient permissions" in reading.err:
        return Unknown(reason=Reason.NO_PERMISSION, detail="the account may not read the mail log")
    lines = rest.split("\n")
    if lines[-2:] == ["end file", ""]:
        found = [_line(line) for line in lines[:-2]]
    elif lines[-2:] == ["end journal", ""] or reading.truncated:
        found = [_entry(line, account) for line in lines]
    else:
        return Unknown(reason=Reason.TRUNCATED, detail="the log was cut")
    return [one for one in found if one[0]]


def _line(line: str) -> tuple[str, str]:
    stamp = _STAMP.match(line)
    return (line[stamp.end() :], stamp[0].rsplit(" ", 2)[0]) if stamp else (line, "")


def _entry(line: str, account: str) -> tuple[str, str]:
    if not line.startswith("{") or len(line) > 65536:
        return "", ""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return "", ""
    # What the probing account itself caused, such as a refused postqueue, is not the mail system's trouble.
    if not isinstance(entry, dict) or (account != "0" and entry.get("_UID") == account):
        return "", ""
    message = entry.get("MESSAGE")
    if isinstance(message, list):  # the journal gives bytes for what is not UTF-8
        codes = [one for one in message if isinstance(one, int) and 0 <= one < 256]
        message = bytes(codes).decode("utf-8", "replace")
    if not isinstance(message, str):
        return "", ""
    name, pid = str(entry.get("SYSLOG_IDENTIFIER", ""))[:64], str(entry.get("SYSLOG_PID", ""))[:10]
    text = f"{name}[{pid}]: {message}" if pid else f"{name}: {message}"
    return text, _at(entry.get("__REALTIME_TIMESTAMP"))


def _at(microseconds: object) -> str:
    if not (isinstance(microseconds, str) and microseconds.isascii() and microseconds.isdecimal() and len(microseconds) <= 17):
        return ""
    return moment(int(microseconds) // 1_000_000)


def _masked(line: str) -> str:
    line = "".join(char if char.isprintable() else " " for char in line[:_LONGEST])
    return redact(line)[0]


@derivation("last-fatal")
def last_fatal(log: object) -> str | Unknown:
    """The last message of the mail log by which a Postfix program says why it ended, `-` without one (str)."""
    if not isinstance(log, tuple):
        return first_unknown(log)
    told = (line for line in reversed(log) if isinstance(line, str) and _FATAL.match(line) and not _ECHO.search(line))
    return next(told, "-")[:240]
