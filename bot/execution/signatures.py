"""Did this person sign this decision? Asked again whenever it counts, by the keys that the inventory lists then."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from bot.approval.confirmation import NAMESPACE, signed_text
from bot.model.person import Person, Register
from bot.model.plan import Plan
from bot.model.review import Confirmation
from bot.signing import objection


async def signed(person: Person, text: str, signature: str) -> bool:
    """Whether one of the person's keys signed exactly this text for postmedic. Raises `NoSignature` without ssh-keygen."""
    if not person.keys:
        return False
    signers = "".join(f'{person.name} namespaces="{NAMESPACE}" {key}\n' for key in person.keys).encode("ascii")
    seal = signature.encode("utf-8", "replace")
    return not await asyncio.to_thread(objection, text.encode(), seal, signers, who=person.name, namespace=NAMESPACE)


async def verified(plan: Plan, confirmations: Iterable[Confirmation], register: Register) -> tuple[Confirmation, ...]:
    """The confirmations whose signatures hold by the keys that are listed now."""
    good = []
    for one in confirmations:
        person = register.named(one.person)
        if person is not None and await signed(person, signed_text(plan, one.person, one.decision), one.signature):
            good.append(one)
    return tuple(good)
