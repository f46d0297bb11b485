"""How is one text that Postfix prints, with typed places, compiled and found? It never backtracks: all patterns are RE2.

A signature is written as Postfix prints it, without stamp, host and process id: `bind {address:ip} port {port:port}: Address
already in use`. Letters match in either case, blanks match any blanks, and quotes and angle brackets may be missing, since
copying loses them. `said: ` is also found as `Diagnostic-Code: smtp; `, which is how a bounce quotes the same reply. `{{` and
`}}` are plain braces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import re2

from bot.errors import KnowledgeError
from bot.matching.types import TYPES, captured
from bot.matching.words import latin_words

LEAST_WORDS = 2
LEAST_LETTERS = 10
_ATTEMPTS = 8  # a place that fails its check may match further on; a hostile text must not make that quadratic
_MAX_MEMORY = 1 << 20
_TEXT = f"({TYPES['text'].pattern})"
_BLANK = r"[\s(\[\"']+"  # after any text, what follows may stand in brackets or quotes
_SAID = "said" + re2.escape(":") + r"\s+"
_SAID_OR_BOUNCED = r"(?:said:\s+|diagnostic.code:\s*(?:smtp|x-[a-z-]+);\s*)"
_BOUNCED_WORDS = frozenset({"said", "diagnostic"})
_PLACE = re2.compile(r"\{([a-z_][a-z0-9_]*):([a-z]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Where a signature was found in a text, and what stood in its places."""

    start: int
    end: int
    captures: Mapping[str, str]


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    options.max_mem = _MAX_MEMORY
    return options


class Signature:
    """One compiled signature; one word of each of `required` is in any text it can match, `letters` says how telling it is."""

    __slots__ = ("_places", "_regexp", "letters", "plain", "required", "text")

    def __init__(self, text: str, *, where: str = "signature") -> None:
        """Compile a signature; raise KnowledgeError naming `where` when it is malformed or too short to be telling."""
        self.text = text
        pattern, words, plain = "", [], ""
        self._places: list[tuple[str, str]] = []
        pieces = _PLACE.split(text)
        literals = [piece.replace("{{", "\0").replace("}}", "\1") for piece in pieces[::3]]
        if any("{" in piece or "}" in piece for piece in literals):
            raise _malformed(where, text, "a brace is neither a place nor doubled", "write {name:type}, or {{ for a brace")
        after_text, kind = False, ""
        for number, literal in enumerate(piece.replace("\0", "{").replace("\1", "}") for piece in literals):
            before, after = number > 0, number < len(literals) - 1
            words += _whole_words(literal, after_place=before, before_place=after)
            plain += literal
            if after_text and literal[:1].isspace():  # nothing at all may stand between two blanks
                pattern = f"{pattern[: -len(_TEXT)]}(?:{_TEXT}{_BLANK})??"
                literal = literal.lstrip()
            fixed = _literal(literal, first=not before, last=not after)
            if kind == "code" and fixed.startswith(r"\s+"):  # `554-No such user`, in all lines of a reply but the last
                fixed = r"[\s-]+" + fixed.removeprefix(r"\s+")
            pattern += fixed
            if after:
                name, kind = pieces[3 * number + 1], pieces[3 * number + 2]
                pattern += self._place(name, kind, where)
                after_text = kind == "text"
                plain += "\N{CURRENCY SIGN}"
        self.plain = plain
        said = _SAID in pattern
        if said:
            pattern = pattern.replace(_SAID, _SAID_OR_BOUNCED)
        if after_text and pattern.endswith(rf"\s+{_TEXT}"):  # the blank before an empty end is lost in copying
            pattern = pattern.removesuffix(rf"\s+{_TEXT}") + rf"(?:\s+|$){_TEXT}"
        told = frozenset(words)
        self.required = tuple(_BOUNCED_WORDS if said and word == "said" else frozenset({word}) for word in sorted(told))
        self.letters = sum(character.isalnum() for character in plain)
        codes = sum(any(character.isdigit() for character in piece) for piece in plain.split())
        if len(told) + codes < LEAST_WORDS or self.letters < LEAST_LETTERS:
            raise _malformed(where, text, "too little fixed text to tell it from other programs' messages", "quote more of it")
        try:
            self._regexp = re2.compile(pattern, _options())
        except re2.error as error:
            raise _malformed(where, text, "it is too large to compile", "shorten it") from error

    def _place(self, name: str, kind: str, where: str) -> str:
        if kind not in TYPES:
            raise _malformed(where, self.text, f"there is no type `{kind}`", "known types: " + ", ".join(sorted(TYPES)))
        if name != "_" and name in (other for other, _ in self._places):
            raise _malformed(where, self.text, f"`{name}` is named twice", "use {_:type} for the one that is not needed")
        self._places.append((name, kind))
        return f"({TYPES[kind].pattern})"

    def find(self, text: str) -> Iterator[Hit]:
        """Yield each place in one line where the signature stands and all captures are of their types."""
        start = 0
        for _ in range(_ATTEMPTS):
            found = self._regexp.search(text, start)
            if found is None:
                return
            captures = self._captures(found.groups(default=""))
            if captures is None:
                start = found.start() + 1
                continue
            yield Hit(start=found.start(), end=found.end(), captures=captures)
            start = max(found.end(), found.start() + 1)

    def _captures(self, groups: tuple[str, ...]) -> dict[str, str] | None:
        """The named captures by name, blacked-out ones left out, or None if one is not of its type."""
        kept: dict[str, str] = {}
        for (name, kind), text in zip(self._places, groups, strict=True):
            value = captured(kind, text)
            if value is None:
                return None
            if value and name != "_":
                kept[name] = value
        return kept


def _literal(text: str, *, first: bool, last: bool) -> str:
    """The pattern of fixed text; its outer ends are word ends."""
    parts: list[str] = []
    for character in text:
        if character.isspace():
            part = r"\s+"
        elif character in "\"'`":
            part = r"[\"'`]*"
        elif character in "<>":
            part = f"{character}?"
        elif character == "-":
            part = "-+"
        else:
            part = re2.escape(character)
        if not (parts and parts[-1] == part and part in {r"\s+", "-+"}):
            parts.append(part)
    start = r"\b" if first and text[:1].isalnum() else ""
    end = r"\b" if last and text[-1:].isalnum() else ""
    return start + "".join(parts) + end


def _whole_words(text: str, *, after_place: bool, before_place: bool) -> list[str]:
    """The words of fixed text that no place touches, for a touched one may go on inside the place."""
    words = latin_words(text)
    if after_place and words and text[0].isalpha():
        words = words[1:]
    if before_place and words and text[-1].isalpha():
        words = words[:-1]
    return words


def _malformed(where: str, text: str, detail: str, hint: str) -> KnowledgeError:
    return KnowledgeError(where=where, detail=f"signature {text!r}: {detail}", hint=hint)
