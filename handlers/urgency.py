"""What must not wait until hosts have answered others? A decision, and the word to stop everything."""

from __future__ import annotations

from bot.store.inbox import Received
from handlers.actions import approve, resolve
from handlers.commands import Verb, postfix, words
from handlers.messages import paste
from handlers.views import denial, emergency

_DECISIONS = (approve.KIND, denial.KIND, emergency.KIND, resolve.KIND)


def urgent(received: Received) -> bool:
    """Whether this is handled although as many others are under way as may be."""
    got, said = received.payload, None
    if received.kind == paste.KIND and got["here"]:
        said = paste.ordered(got)
    elif received.kind == postfix.KIND:
        said = words(got["text"])
    return received.kind in _DECISIONS or (said is not None and said.verb is Verb.FREEZE)
