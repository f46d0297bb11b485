"""Can changes be approved and begin? Who has a key, whether the glass can be broken, whether everything is frozen."""

from __future__ import annotations

import shutil

from bot.cli.findings import Finding, Verdict, say
from bot.config import Settings
from bot.errors import StoreUnavailable
from bot.inventory import Inventory
from bot.model.text import Lang
from bot.render.visible import visible
from bot.store.store import Store


async def look_at_approval(given: Settings, known: Inventory, lang: Lang) -> list[Finding]:
    """Look at the freeze, the keys for high risk, and the alarm behind break-glass."""
    return [*_high_risk(known, lang), *_breakglass(given, known, lang), await _gate(given, lang)]


def _high_risk(known: Inventory, lang: Lang) -> list[Finding]:
    about = "high risk"
    if not any(host.writer is not None and host.approvers for host in known.values()):
        return []
    if not any(person.keys and person.accounts for person in known.register):
        mend = say("doctor-no-keys-how", lang)
        return [Finding(about=about, verdict=Verdict.NOTED, says=say("doctor-no-keys", lang), mend=mend)]
    if shutil.which("ssh-keygen") is None:
        says = say("doctor-no-ssh-keygen", lang)
        return [Finding(about=about, verdict=Verdict.FOUND, says=says, mend="apt-get install openssh-client")]
    return []


def _breakglass(given: Settings, known: Inventory, lang: Lang) -> list[Finding]:
    if given.alarm_channels or not any(host.breakglass for host in known.values()):
        return []
    mend = say("doctor-no-alarm-how", lang)
    return [Finding(about="break-glass", verdict=Verdict.FOUND, says=say("doctor-no-alarm", lang), mend=mend)]


async def _gate(given: Settings, lang: Lang) -> Finding:
    try:
        if await Store.behind(str(given.database)):
            return Finding(about="freeze", verdict=Verdict.UNMEASURED, says=say("doctor-freeze-unknown", lang))
        opened = await Store.open(str(given.database))
        try:
            found = await opened.gate.frozen()
        finally:
            await opened.close()
    except StoreUnavailable as error:
        return Finding(about="freeze", verdict=Verdict.UNMEASURED, says=visible(error.said(lang)))
    if found is None:
        return Finding(about="freeze", verdict=Verdict.FINE, says=say("doctor-not-frozen", lang))
    says = say("doctor-frozen", lang, who=found.actor, reason=found.reason or say("frozen-no-reason", lang))
    return Finding(about="freeze", verdict=Verdict.NOTED, says=says, mend="postmedic unfreeze")
