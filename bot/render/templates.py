"""How do values get into texts? The only place where templates are compiled, and every value passes one escaper.

Templates come from texts.toml alone; values and the texts of entries are data and are never compiled.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import jinja2

from bot.model.fact import Unknown
from bot.model.text import Lang, Text
from bot.render.places import PLACE
from bot.render.visible import one_line

Escape = Callable[[str], str]


def slack_value(text: str) -> str:
    """Put a value into mrkdwn so that it cannot mention, link or format: inside a code span, three characters escaped."""
    code = one_line(text).replace("`", "ʼ").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"`{code}`" if code else "`–`"  # an empty code span would pair its marks with those of the next value


def plain_value(text: str) -> str:
    """Put a value into plain text: one line, nothing invisible."""
    return one_line(text)


class Markup(str):
    """Text that this room made and escaped itself; it passes the escaper unchanged."""

    __slots__ = ()


@lru_cache(maxsize=4)
def _environment(escape: Escape) -> jinja2.Environment:
    def finalize(value: object) -> object:
        return value if isinstance(value, Markup | int) else escape(str(value))

    return jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False, finalize=finalize)  # noqa: S701


@lru_cache(maxsize=1)
def texts() -> dict[str, Text]:
    """All texts of the program by name, from texts.toml."""
    data = tomllib.loads((Path(__file__).parent / "texts.toml").read_text(encoding="utf-8"))
    return {name: Text(en=both["en"], zh=both["zh"]) for name, both in data.items()}


@lru_cache(maxsize=4096)
def _compiled(source: str, escape: Escape) -> jinja2.Template:
    return _environment(escape).from_string(source)


def say(name: str, lang: Lang, escape: Escape = slack_value, **values: object) -> str:
    """Render the program's text `name`; every value is escaped, a missing one raises."""
    return _compiled(texts()[name][lang], escape).render(**values)


def tell(text: Text, lang: Lang, look: Callable[[str], object], escape: Escape = slack_value) -> str:
    """Render an entry's text; `look` gives the value of each place's fact path.

    An entry is never compiled: besides its places it is plain text, so who can edit one cannot run code here.
    """
    return PLACE.sub(lambda place: escape(str(shown(look(place[1]), lang))), text[lang])


def shown(value: object, lang: Lang) -> str:
    """A fact's value for people; unknown says why."""
    match value:
        case Unknown():
            return unknown(value, lang)
        case bool():
            return texts()["yes" if value else "no"][lang]
        case tuple():
            return ", ".join(shown(one, lang) for one in value) or texts()["none"][lang]
        case None:
            return texts()["none"][lang]
        case _:
            return str(value)


def unknown(value: Unknown, lang: Lang) -> str:
    """Why a fact has no value, for people."""
    return texts()[f"unknown-{value.reason.value}"][lang]
