"""What people order in words: `/postfix …`, or the same words to postmedic itself where slash commands do not work."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class Verb(StrEnum):
    """What can be ordered."""

    CHECK = "check"
    HISTORY = "history"
    HOSTS = "hosts"
    FREEZE = "freeze"  # with a reason behind it, of any length
    UNFREEZE = "unfreeze"
    HELP = "help"


_VERBS = {verb.value: verb for verb in Verb}
_VERBS |= {"检查": Verb.CHECK, "历史": Verb.HISTORY, "记录": Verb.HISTORY, "主机": Verb.HOSTS, "帮助": Verb.HELP}
_VERBS |= {"冻结": Verb.FREEZE, "解冻": Verb.UNFREEZE}
_MOST_WORDS = 3  # more words, or more lines, are a paste or a sentence
_MARKS = " ,:;.!，：；。！、"  # that a person may write around the first word


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """An order and the word behind it, which may be empty."""

    verb: Verb
    name: str = ""


def words(text: str) -> Words | None:
    """Read an order; None when the text is something else."""
    said = text.strip().lstrip(_MARKS)
    parts = said.split()
    first = parts[0].casefold() if parts else ""
    if _VERBS.get(first.rstrip(_MARKS)) is Verb.FREEZE:  # stopping is safe, and who wants it need not mind the form
        return Words(verb=Verb.FREEZE, name=" ".join(parts[1:]))
    if (verb := _VERBS.get(first)) is None or "\n" in said or len(parts) > _MOST_WORDS:
        return None
    return Words(verb=verb, name=parts[1].strip("`'\"") if len(parts) > 1 else "")


def subject(key: str) -> str:
    """The id of the conversation that a stored row opens: the same each time the row is handled."""
    return hashlib.sha256(key.encode()).hexdigest()[:20]
