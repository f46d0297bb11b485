"""Does every error say the same in both languages, and nothing of its own where a value is missing?"""

from __future__ import annotations

import string

import pytest

from bot import errors
from bot.errors import PostmedicError

ALL = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, PostmedicError)]


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("one", ALL)
def test_an_error_says_the_same_in_both_languages(one: type[PostmedicError]) -> None:
    assert "zh" in vars(one), "it would tell the message of the error it is derived from"
    assert places(one.zh) == places(one.__doc__ or "")
    given = dict.fromkeys(places(one.zh), "{value}")
    made = one(**given)
    assert str(made) == made.said("en")
    for lang in ("en", "zh"):
        assert made.said(lang).count("{value}") == (one.zh if lang == "zh" else one.__doc__ or "").count("{")
    assert made.said("zh") != made.said("en")


def test_every_error_has_a_code_of_its_own() -> None:
    assert len({one.code for one in ALL}) == len(ALL)
