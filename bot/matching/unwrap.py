"""What did the person see before Slack, a browser, a terminal or a keyboard changed the characters? It never splits lines.

Everything here works on the whole text, keeps every line feed where it was, and takes time linear in the text.
"""

from __future__ import annotations

import unicodedata

import re2

_QUOTES = {**dict.fromkeys("‘’‚‛′", "'"), **dict.fromkeys("“”„‟″«»", '"')}
_DASHES = {"—": "--", "―": "--", "–": "-", "−": "-", "‐": "-", "‑": "-"}
_KEPT = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\t")  # these end lines or are blank, and are dealt with line by line
_INVISIBLE = (
    *range(0x20), *range(0x7F, 0xA0), 0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F),
    *range(0x2060, 0x2070), *range(0xFE00, 0xFE10), 0xFEFF, *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080),
)  # fmt: skip
_CHARACTERS = str.maketrans(
    {**{chr(code): None for code in _INVISIBLE if chr(code) not in _KEPT}, **_QUOTES, **_DASHES, "\xa0": " ", "\t": " "}
)
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&apos;", "'"), ("&nbsp;", " "), ("&amp;", "&"))

_COLOUR = re2.compile(r"(?:\x1b|#033|\\033|\\x1b|\\u001b|\\e|\^\[)(?:\[[0-9;?]*[A-Za-z]|\][^\x07\n]*\x07)")
_MAIL_LINK = re2.compile(r"<(?:mailto|tel):[^|>\s]+\|([^>\n]+)>")
_WEB_LINK = re2.compile(r"<https?://[^|>\s]+\|([^>\n]+)>")
_BARE_LINK = re2.compile(r"<(?:mailto:)?((?:https?://)[^|>\s]+)>")
_MENTION = re2.compile(r"<(?:@[UW][A-Z0-9]+|![a-z]+(?:\^[A-Z0-9]+)?)(?:\|[^>\n]*)?>")
_CHANNEL = re2.compile(r"<#C[A-Z0-9]+\|([^>\n]*)>")
_MARKDOWN_LINK = re2.compile(r"\[([^\[\]\n]+)\]\((?:mailto:|https?://)[^()\s]+\)")
_TABLE_FLAGS = re2.compile(r"(\w)\(0,\w+(?:\|\w+)*\)")  # hash:/etc/aliases(0,lock|fold_fix), which no message depends on
# **bold** and *bold*, but neither `**.**`, which is blacked out, nor `*.example.com`
_EMPHASIS = re2.compile(r"(^|[\s(\[\"'`>:])\*{1,3}(\pL[^*\n]*\pL[^*\n]*[^\s*])\*{1,3}($|[\s)\]\"'`.,;:!?])")
# tags out of a page's source; what follows `=`, as in `to=<code>`, is an address
_PAGE_TAG = re2.compile(r"(?i)(^|[^= ]) *(?:</?(?:br|p|pre|code|blockquote|span|div|strong|em|tt)(?: [^<>\n]*)?/?> *)+")
_FORUM_TAG = re2.compile(r"(?i)\[/?(?:email|url|code|quote|b|i)\]")


def unwrapped(text: str) -> str:
    """Undo links, mentions, entities, colours, typographic quotes, wide letters and invisible characters."""
    if "\x1b" in text or "033" in text or "x1b" in text or "\\" in text or "^[" in text or "u001b" in text:
        text = _COLOUR.sub("", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = text.translate(_CHARACTERS)
    if "<" in text:
        text = _links(text)
    if "&" in text:
        for _ in range(2):  # text copied out of an escaped page is escaped twice
            for entity, character in _ENTITIES:
                text = text.replace(entity, character)
    if ">" in text:
        text = _PAGE_TAG.sub(r"\1 ", text)
    if "](" in text:
        text = _MARKDOWN_LINK.sub(r"\1", text)
    if "[" in text:
        text = _FORUM_TAG.sub("", text)
    if "(0," in text:
        text = _TABLE_FLAGS.sub(r"\1", text)
    if "*" in text:
        for _ in range(2):  # one blank can end one and begin the next
            text = _EMPHASIS.sub(r"\1\2\3", text)
    return text


def _links(text: str) -> str:
    """Replace Slack's link markup by what the person saw; a plain `<a@b>` of a log line is left alone."""
    if "|" in text:
        text = _MAIL_LINK.sub(r"\1", text)
        text = _WEB_LINK.sub(r"\1", text)
        text = _CHANNEL.sub(r"#\1", text)
    if "://" in text:
        text = _BARE_LINK.sub(r"\1", text)
    if "<@" in text or "<!" in text:
        text = _MENTION.sub("", text)
    return text
