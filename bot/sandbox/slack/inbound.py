"""What becomes of the text a person types? Slack rewrites it before any app sees it: entities, links, mentions, emoji.

A message is read once into rich_text elements, and both its `blocks` and its `text` are written from those. Where
Slack's own rules are not published (auto-links inside code) the harder case for the app is taken: links there too.
`main.cf` becomes a link as well: .cf is a country.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .shapes import Json

SNIPPET_FROM = 4000
"""Longer pastes become a snippet file."""

_TLDS = (
    "com org net edu gov int mil info biz name io dev app ai co me tv cloud email online site xyz "
    "de uk fr nl be at ch it es pt se no fi dk pl cz ru ua cn tw hk jp kr in au nz ca us br mx ar za eu cf sh"
)
_HOST = rf"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+(?:{'|'.join(_TLDS.split())})"
_TOKEN = re.compile(
    rf"""
      (?P<url>https?://[^\s<>|`]+[^\s<>|`.,;:!?)\]'"])
    | (?P<email>[A-Za-z0-9._%+-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z]{{2,}}\b)
    | (?P<mention>(?<!\S)[@\#][A-Za-z0-9][\w-]*)
    | (?P<host>(?<![\w.@/-]){_HOST}(?![\w-]|\.\w)(?:/[^\s<>|`]*[^\s<>|`.,;:!?)\]])?)
    | (?P<colon>(?<![\w:]):[a-z0-9_+-]+:(?![\w:]))
    """,
    re.VERBOSE,
)
_STYLED = re.compile(r"`(?P<code>[^`\n]+)`|(?<![\w*])\*(?P<bold>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])")
_FENCE = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)

_EMOJI = {
    "✅": "white_check_mark",
    "❌": "x",
    "⚠": "warning",
    "👍": "+1",
    "👎": "-1",
    "🙏": "pray",
    "🎉": "tada",
    "😀": "grinning",
    "🙂": "slightly_smiling_face",
    "🚨": "rotating_light",
    "📬": "mailbox_with_mail",
}
_JOINERS = "\ufe0f\u200d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A person's text as Slack hands it on: `text` with entities and links, and the matching rich_text `blocks`."""

    text: str
    blocks: list[Json]


Mention = Callable[[str], Json | None]
"""Turns `@name` or `#name` into a rich_text mention element, or None when nobody is called that."""


def escape(text: str) -> str:
    """Escape the three characters Slack escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def transform(text: str, mention: Mention, block_id: str) -> Typed:
    """Rewrite what was typed the way Slack does."""
    sections = list(_sections(text.replace("\r\n", "\n"), mention))
    written = "".join(_write_section(section) for section in sections).strip("\n")
    return Typed(text=written, blocks=[{"type": "rich_text", "block_id": block_id, "elements": sections}])


def _sections(text: str, mention: Mention) -> Iterator[Json]:
    position = 0
    for fence in _FENCE.finditer(text):
        yield from _prose(text[position : fence.start()].strip("\n"), mention)
        yield {"type": "rich_text_preformatted", "elements": list(_inline(fence[1], None)), "border": 0}
        position = fence.end()
    yield from _prose(text[position:].strip("\n"), mention)


def _prose(text: str, mention: Mention) -> Iterator[Json]:
    """Split prose into runs of quoted (`> …`) and plain lines."""
    run: list[str] = []
    quoted = False
    for line in text.split("\n") if text else []:
        is_quote = line.startswith("> ")
        if run and is_quote != quoted:
            yield _prose_section(run, quoted, mention)
            run = []
        quoted = is_quote
        run.append(line[2:] if is_quote else line)
    if run:
        yield _prose_section(run, quoted, mention)


def _prose_section(lines: list[str], quoted: bool, mention: Mention) -> Json:
    kind = "rich_text_quote" if quoted else "rich_text_section"
    return {"type": kind, "elements": list(_inline("\n".join(lines), mention))}


def _inline(text: str, mention: Mention | None) -> Iterator[Json]:
    """Read links, mentions, emoji, `code` and *bold* out of a run of text; without `mention` the run is preformatted."""
    position = 0
    for styled in _STYLED.finditer(text) if mention is not None else ():
        yield from _linked(text[position : styled.start()], mention)
        style = str(styled.lastgroup)
        inside = _linked(styled[style], None if style == "code" else mention)
        yield from ({**element, "style": {style: True}} for element in inside)
        position = styled.end()
    yield from _linked(text[position:], mention)


def _linked(text: str, mention: Mention | None) -> Iterator[Json]:
    position = 0
    for token in _TOKEN.finditer(text):
        element = _element(token, mention)
        if element is not None:
            yield from _plain(text[position : token.start()], mention)
            yield element
            position = token.end()
    yield from _plain(text[position:], mention)


def _element(token: re.Match[str], mention: Mention | None) -> Json | None:
    found = token[0]
    match token.lastgroup:
        case "url":
            return {"type": "link", "url": found}
        case "email":
            return {"type": "link", "url": f"mailto:{found}", "text": found}
        case "host":
            return {"type": "link", "url": f"http://{found}", "text": found}
        case "mention" if mention is not None:
            return mention(found)
        case "colon" if mention is not None:
            return {"type": "emoji", "name": found.strip(":")}
        case _:
            return None


def _plain(text: str, mention: Mention | None) -> Iterator[Json]:
    """Yield text, with emoji characters as their own elements outside code."""
    run = ""
    for character in text:
        name = _emoji(character) if mention is not None else ""
        if name:
            if run:
                yield {"type": "text", "text": run}
            yield {"type": "emoji", "name": name, "unicode": f"{ord(character):x}"}
            run = ""
        elif character not in _JOINERS:
            run += character
    if run:
        yield {"type": "text", "text": run}


def _emoji(character: str) -> str:
    if character in _EMOJI:
        return _EMOJI[character]
    if ord(character) >= 0x1F300 and unicodedata.category(character) == "So":
        return unicodedata.name(character, "").lower().replace(" ", "_").replace("-", "_")
    return ""


def _write_section(section: Json) -> str:
    inner = _write_inline(section["elements"])
    match section["type"]:
        case "rich_text_preformatted":
            return f"\n```{inner}```\n"
        case "rich_text_quote":
            return "".join(f"\n&gt; {line}" for line in inner.split("\n")) + "\n"
        case _:
            return inner


def _write_inline(elements: list[Json]) -> str:
    """Write elements in a row; neighbours of one style share one pair of marks."""
    written = ""
    for style, run in itertools.groupby(elements, lambda element: next(iter(element.get("style", {"": True})))):
        mark = {"code": "`", "bold": "*"}.get(style, "")
        written += mark + "".join(_write(element) for element in run) + mark
    return written


def _write(element: Json) -> str:
    match element["type"]:
        case "link":
            label = f"|{escape(element['text'])}" if "text" in element else ""
            return f"<{escape(element['url'])}{label}>"
        case "user":
            return f"<@{element['user_id']}>"
        case "channel":
            return f"<#{element['channel_id']}|>"
        case "usergroup":
            return f"<!subteam^{element['usergroup_id']}>"
        case "broadcast":
            return f"<!{element['range']}>"
        case "emoji":
            return f":{element['name']}:"
        case _:
            return escape(str(element["text"]))
