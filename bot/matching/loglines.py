"""Which log records does one line of text hold, and which host wrote each? It never joins lines.

Time stamps are dropped, since no problem depends on them; `program[pid]: message` stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import re2

_STAMP = (
    r"(?:(?:[\pL.]{3,5}|\d{1,2}月) {1,2}\d{1,2}日?(?: \d{4})? \d\d:\d\d:\d\d(?:\.\d+)?"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)"
)
_RECORD = re2.compile(
    rf"(?:^|\s|\b){_STAMP}\s+(?:([A-Za-z0-9*<][\w.*>-]*)\s+)?((?:[A-Za-z][\w./@-]*(?:\[[\dxX*]*\])?:|postfix/[\w/-]+ )\s?)"
)
_OPENING = re2.compile(r"^(?:[A-Za-z][\w./@-]*\[\d+\]:|(?:\S*/)?(?:post[a-z]+|sendmail|newaliases)(?:/[\w/-]+)?:\s)")
_PROCESS = re2.compile(r"^[A-Za-z][\w./@-]*\[\d+\]:")
_QUOTE_MARKS = re2.compile(r"^(?:\s*[>|│┃](?:\s|$))+")
_CONTAINER = re2.compile(r"^\s*[A-Za-z0-9][\w.-]*\s*\|\s")
_FENCE = re2.compile(r"^\s*(?:```|~~~)[A-Za-z0-9+-]{0,16}\s*$")
_MESSAGE_KEYS = ("MESSAGE", "log", "message", "msg", "line", "event", "error_message", "error")
_HOST_KEYS = ("_HOSTNAME", "hostname", "host")
_LITERAL_BREAKS = ("\\r\\n", "\\n", "#012")


def opens_record(text: str) -> bool:
    """Say whether a cleaned line starts something new rather than going on with the line above."""
    return ":" in text and _OPENING.search(text) is not None


def from_process(text: str) -> bool:
    """Say whether a cleaned line was written by a logging process rather than by a person."""
    return _PROCESS.search(text) is not None


def records(raw: str) -> Iterator[tuple[str, str]]:
    """Yield (host field or empty, text) for each record of one line of the original, in order; blank ones are left out."""
    host, text = _from_json(raw)
    for mark in _LITERAL_BREAKS:
        if mark in text:
            text = text.replace(mark, "\n")
    if "\\" in text:
        text = text.replace('\\"', '"').replace("\\/", "/").replace("\\t", " ")
    for part in text.splitlines():
        for own, record in _split(_bare(part)):
            if record:
                yield own or host, record


def _bare(line: str) -> str:
    """Drop code fences, quote marks and container names in front of a line."""
    if "```" in line or "~~~" in line:
        line = "" if _FENCE.search(line) else line.replace("```", " ")
    if ">" in line or "|" in line or "│" in line or "┃" in line:
        line = _CONTAINER.sub("", _QUOTE_MARKS.sub("", line))
    return line.strip(" \t`")


def _split(line: str) -> Iterator[tuple[str, str]]:
    """Cut a line before each time stamp that is followed by a host or a program."""
    if ":" not in line:
        yield "", line
        return
    start, host, program = 0, "", ""
    for found in _RECORD.finditer(line):
        before = (program + line[start : found.start()]).strip()
        if before and not _only_a_prefix(before):
            yield host, before
        host, program, start = found[1] or "", found[2] or "", found.end()
    rest = (program + line[start:]).strip()
    if rest and not (program and rest == program.strip()):
        yield host, rest


def _only_a_prefix(text: str) -> bool:
    """Say whether nothing but a program name, a container name or punctuation precedes a stamped record."""
    return text[-1] in "|:>-#*`'\"(" and " " not in text.rstrip("|:>-#*`'\"( ")


def _from_json(raw: str) -> tuple[str, str]:
    """Take host and message out of a log line that is one JSON object; anything else comes back as it is."""
    text = raw.strip()
    if not (text.startswith("{") and text.endswith("}") and len(text) <= 16_384):
        return "", raw
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return "", raw
    if not isinstance(fields, dict):
        return "", raw
    message = next((fields[key] for key in _MESSAGE_KEYS if isinstance(fields.get(key), str)), None)
    if message is None:
        return "", raw
    host = next((fields[key] for key in _HOST_KEYS if isinstance(fields.get(key), str)), "")
    program = fields.get("SYSLOG_IDENTIFIER")
    return host, f"{program}: {message}" if isinstance(program, str) else message
