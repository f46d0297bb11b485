"""Can changes be approved and begin? Who has a key, whether the glass can be broken, whether everything is frozen."""

from __future__ import annotations

import shutil

from bot.cli.findings import Finding, Verdict
from bot.config import Settings
from bot.errors import StoreUnavailable
from bot.inventory import Inventory
from bot.render.visible import one_line, visible
from bot.store.store import Store


async def look_at_approval(given: Settings, known: Inventory) -> list[Finding]:
    """Look at the freeze, the keys for high risk, and the alarm behind break-glass."""
    return [*_high_risk(known), *_breakglass(given, known), await _gate(given)]


def _high_risk(known: Inventory) -> list[Finding]:
    about = "high risk"
    if not any(host.writer is not None and host.approvers for host in known.values()):
        return []
    if not any(person.keys and person.accounts for person in known.register):
        says = "nobody's public key is in the inventory, so high risk fixes can never be approved"
        return [Finding(about=about, verdict=Verdict.NOTED, says=says, mend="docs/settings.md shows the [[person]] tables")]
    if shutil.which("ssh-keygen") is None:
        says = "ssh-keygen is not installed here, so no signature can be verified and no high risk fix can be approved"
        return [Finding(about=about, verdict=Verdict.FOUND, says=says, mend="apt-get install openssh-client")]
    return []


def _breakglass(given: Settings, known: Inventory) -> list[Finding]:
    if given.alarm_channels or not any(host.breakglass for host in known.values()):
        return []
    says = "hosts name people who may break the glass, but there is no alarm channel, so it is off"
    return [Finding(about="break-glass", verdict=Verdict.FOUND, says=says, mend='alarm_channels = ["C…"]   # in the settings')]


async def _gate(given: Settings) -> Finding:
    try:
        if await Store.behind(str(given.database)):
            says = "whether all changes are frozen can be told after the next start"
            return Finding(about="freeze", verdict=Verdict.UNMEASURED, says=says)
        opened = await Store.open(str(given.database))
        try:
            found = await opened.gate.frozen()
        finally:
            await opened.close()
    except StoreUnavailable as error:
        return Finding(about="freeze", verdict=Verdict.UNMEASURED, says=visible(str(error)))
    if found is None:
        return Finding(about="freeze", verdict=Verdict.FINE, says="changes may begin")
    says = f"all changes are frozen by {one_line(found.actor)}: {one_line(found.reason) or 'no reason given'}"
    return Finding(about="freeze", verdict=Verdict.NOTED, says=says, mend="postmedic unfreeze")
