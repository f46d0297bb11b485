"""Does the doctor say what keeps changes from being approved or from beginning, and what mends it?"""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli.approval_findings import look_at_approval
from bot.cli.findings import Verdict
from bot.config import Settings
from bot.inventory import Inventory
from bot.model.host import Approvers
from bot.model.person import Person, Register
from bot.store.store import Store
from tests.support.plans import KEY, host

ANNE = Person(name="anne", accounts=frozenset({("T0001", "U0ANNE")}), keys=(f"ssh-ed25519 {KEY}",))


async def found(folder: Path, known: Inventory, *alarm_channels: str) -> dict[str, tuple[Verdict, str]]:
    given = Settings(database=folder / "postmedic.db", alarm_channels=alarm_channels)
    return {one.about: (one.verdict, one.mend) for one in await look_at_approval(given, known, "en")}


async def test_what_is_missing_is_named_and_what_is_well_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await Store.open(str(tmp_path / "postmedic.db"))
    well = {"freeze": (Verdict.FINE, "")}
    assert await found(tmp_path, Inventory({"mx1": host()}, Register((ANNE,)))) == well
    assert (await found(tmp_path, Inventory({"mx1": host()})))["high risk"][0] is Verdict.NOTED
    breakable = Inventory({"mx1": host(breakglass=Approvers(users=frozenset({"U0ANNE"})))}, Register((ANNE,)))
    verdict, mend = (await found(tmp_path, breakable))["break-glass"]
    assert (verdict, "alarm_channels" in mend) == (Verdict.FOUND, True)
    assert await found(tmp_path, breakable, "C0ALARM") == well
    await store.gate.freeze("U0DORA", "to look")
    assert (await found(tmp_path, breakable, "C0ALARM"))["freeze"] == (Verdict.NOTED, "postmedic unfreeze")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (await found(tmp_path, breakable, "C0ALARM"))["high risk"][0] is Verdict.FOUND
    await store.close()


async def test_a_database_that_cannot_be_read_is_not_called_unfrozen(tmp_path: Path) -> None:
    (tmp_path / "postmedic.db").write_bytes(b"no database" * 1000)
    assert (await found(tmp_path, Inventory({})))["freeze"][0] is Verdict.UNMEASURED
