"""People with keys outside Slack, for tests: real OpenSSH keys and signatures."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from bot.approval.confirmation import NAMESPACE, signed_text
from bot.execution.confirming import confirm
from bot.inventory import load
from bot.model.host import Host
from bot.model.person import Register
from bot.model.progress import Progress
from bot.model.review import Decision
from bot.sandbox.hosts import people
from bot.store.store import Store


def register(folder: Path, **accounts: str) -> Register:
    """People with a key each, in files of `folder` named after them; `ben="T0001/U0BEN"`. Read as an inventory is."""
    path = folder / "people.toml"
    path.write_text(people(folder, accounts), encoding="utf-8")
    return load(path).register


def signature(key: Path, text: str, *, namespace: str = NAMESPACE) -> str:
    """Sign as a person does: `ssh-keygen -Y sign`."""
    command = ["ssh-keygen", "-Y", "sign", "-n", namespace, "-f", str(key)]
    return subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout.decode()


async def confirmed(
    store: Store, plan_id: str, host: Host, known: Register, name: str, key: Path, decision: Decision = Decision.APPROVE
) -> Progress:
    """Let a person confirm a decision about a plan with their key."""
    progress = await store.plans.progress(plan_id)
    person = known.named(name)
    assert person is not None
    text = signature(key, signed_text(progress.plan, name, decision))
    return await confirm(store, progress, host, person, decision, text, register=known, now=time.time(), login=name)
