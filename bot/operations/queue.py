"""How is waiting mail tried again? Delivery attempts only: nothing here removes, holds or changes a message."""

from __future__ import annotations

from bot.model.fact import Facts
from bot.model.plan import Change
from bot.model.text import Text
from bot.operations.base import operation, shown


@operation(
    "flush-queue",
    # A reload in the step before ends the queue manager, and one that is ending loses the request (seen on Postfix 3.7).
    script="sleep 2\npostqueue -f",
    says=Text(en="Try to deliver all waiting mail now.", zh="立即重新尝试投递队列中的所有邮件。"),
    reads=("queue.deferred",),
)
def flush(facts: Facts) -> tuple[Change, ...]:
    """Waiting mail is tried at once."""
    return (Change(what="deferred mail", before=f"{shown(facts, 'queue.deferred')} waiting", after="tried again now"),)
