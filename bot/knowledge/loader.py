"""How is YAML read so that what was reviewed is what is loaded? The one strict parser; nothing else imports yaml.

No aliases, anchors, tags, merge keys or duplicate keys; plain scalars are strings unless they are `true`, `false`, `null`
or a decimal number (YAML 1.1 would make `no` a boolean and `22:22` a number); size and depth are bounded.
"""

from __future__ import annotations

import re

import yaml

from bot.errors import KnowledgeError

MAX_BYTES = 512 * 1024
MAX_DEPTH = 12
_INT = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_WORDS = {"true": True, "false": False, "null": None}


class Section(dict[str, object]):
    """A YAML mapping that remembers where it and each of its keys stand (line numbers from 1)."""

    def __init__(self, where: str, line: int) -> None:
        super().__init__()
        self.where, self.line = where, line
        self.lines: dict[str, int] = {}

    def wrong(self, key: str, detail: str, hint: str) -> KnowledgeError:
        """Make the error for a bad value at `key`, with file and line."""
        return KnowledgeError(where=f"{self.where}:{self.lines.get(key, self.line)}", detail=detail, hint=hint)


def parse(raw: bytes, where: str) -> Section:
    """Parse one document whose top is a mapping; raises `KnowledgeError` with file, line and a hint."""
    if len(raw) > MAX_BYTES:
        raise KnowledgeError(where=where, detail=f"the file has {len(raw)} bytes", hint=f"keep it below {MAX_BYTES}")
    try:
        text = raw.decode("utf-8")
        _refuse_bombs(text, where)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except UnicodeDecodeError as error:
        raise KnowledgeError(where=where, detail="the file is not UTF-8", hint="save it as UTF-8") from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        at = f"{where}:{mark.line + 1}" if mark else where
        detail = getattr(error, "problem", None) or "this is not YAML"
        raise KnowledgeError(where=at, detail=detail, hint="check the indentation, quotes and colons of this line") from error
    if not isinstance(node, yaml.MappingNode):
        raise KnowledgeError(where=where, detail="the file holds no mapping", hint="begin with `id: …`")
    return _section(node, where)


def _refuse_bombs(text: str, where: str) -> None:
    """Refuse aliases, tags and depth before anything is composed: an alias bomb is 342 bytes that unfold to 10 million nodes,
    and libyaml needs half a minute for 100 kB of opening brackets."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise KnowledgeError(where=f"{where}:{line}", detail="the file is nested too deeply", hint="flatten it")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise KnowledgeError(
                where=f"{where}:{line}", detail="YAML aliases and anchors are not allowed", hint="write it out"
            )
        if getattr(event, "tag", None):
            raise KnowledgeError(where=f"{where}:{line}", detail="YAML tags are not allowed", hint="remove the `!…`")


def _value(node: yaml.Node, where: str) -> object:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, where) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return _section(node, where)
    raise KnowledgeError(
        where=f"{where}:{line}", detail="this is neither a text, a list nor a mapping", hint="rewrite this line"
    )


def _section(node: yaml.MappingNode, where: str) -> Section:
    section = Section(where, node.start_mark.line + 1)
    for key_node, value_node in node.value:
        at = key_node.start_mark.line + 1
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
        if key is None or key == "<<":
            raise KnowledgeError(where=f"{where}:{at}", detail="a key must be a plain word", hint="write `key: value`")
        if key in section:
            raise KnowledgeError(where=f"{where}:{at}", detail=f"the key {key!r} stands twice", hint="keep one of them")
        section.lines[key] = at
        section[key] = _value(value_node, where)
    return section


def _scalar(node: yaml.ScalarNode) -> object:
    text: str = node.value
    if node.style:  # quoted or block: always a string; libyaml gives plain ones an empty style
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INT.fullmatch(text) else text


def dump(document: object) -> str:
    """Write a document in the form that `parse` reads; multi-line texts become block scalars."""
    return yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = re.fullmatch(r"[a-z][a-z0-9-]*", text) is not None and text not in {
        "true",
        "false",
        "null",
        "yes",
        "no",
        "on",
        "off",
    }
    style = (
        "|" if "\n" in text and not re.search(r"[ \t]\n|^[ \t\n]|[^\n\t\x20-\x7e\xa0-\ud7ff]", text) else None if plain else '"'
    )
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent)
