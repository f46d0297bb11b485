"""`postmedic demo`: the local workspace, sample hosts and the real bot on loopback; no Slack account, no Postfix, no root.

The bot does not know that it is not Slack: the workspace and the hosts reach it only as an API URL, two tokens and an
inventory file.
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import tempfile
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.app import serving
from bot.cli.log import write_log
from bot.cli.serve import stopped
from bot.cli.status import Status
from bot.config import Settings
from bot.errors import ConfigError
from bot.execution.enrolment import answer
from bot.model.text import Lang
from bot.sandbox import slack
from bot.sandbox.hosts import FIX_USER, PROBE_USER, Address, SampleHost, SampleHosts, load_scenes, people

SETTINGS = "postmedic.toml"
PEOPLE = {"ben": "U0BEN", "chen": "U0CHEN"}
MANIFEST = Path(__file__).resolve().parents[2] / "deploy" / "slack" / "manifest.json"


def run(arguments: Namespace) -> int:
    """Serve the demo until Ctrl-C."""
    write_log(logging.WARNING)
    pastes = _pastes(arguments.samples) if arguments.samples else None
    try:
        asyncio.run(_demo(arguments.port, arguments.inventory, pastes, arguments.lang or "en"))
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise ConfigError(where=f"port {arguments.port}", detail=f"{error.strerror}; choose another with --port") from error
    return Status.FINE


def _pastes(file: Path) -> list[dict[str, str]]:
    """Read the pastes the page offers; raises `ConfigError`."""
    try:
        listed = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(where=file, detail=error.strerror or "it cannot be read") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(where=file, detail=f"it is not JSON: {error}") from error
    form = {"title", "text"}
    if not isinstance(listed, list) or not all(
        isinstance(one, dict) and set(one) == form and all(isinstance(value, str) for value in one.values()) for one in listed
    ):
        raise ConfigError(where=file, detail='it is not a list of {"title": "…", "text": "…"}')
    return listed


async def _demo(port: int, inventory: Path | None, samples: list[dict[str, str]] | None, lang: Lang) -> None:
    with tempfile.TemporaryDirectory(prefix="postmedic-demo-") as name:
        async with demo(Path(name), port=port, inventory=inventory, samples=samples, lang=lang) as url:
            print(f"\n  postmedic demo is ready: {url}\n  Click a sample paste, then act as somebody else to approve.")
            if inventory is None:
                print(f"  A high risk fix is also confirmed outside Slack: {confirming(Path(name))}")
            print("  Ctrl-C ends.\n", flush=True)
            await stopped()


def confirming(folder: Path) -> str:
    """How Ben confirms a high risk plan of the demo that keeps its files in `folder`."""
    return f"postmedic approve PLAN --settings {folder / SETTINGS} --as ben --key {folder / 'ben'}"


@asynccontextmanager
async def demo(
    folder: Path,
    *,
    port: int = 0,
    inventory: Path | None = None,
    samples: list[dict[str, str]] | None = None,
    lang: Lang = "en",
) -> AsyncIterator[str]:
    """Run the whole demo with its files in `folder`, where a settings file serves other commands, and give the page's address.

    `inventory` names hosts to use instead of the sample hosts; `samples` are the pastes the page offers (`title`, `text`).
    """
    scenes = load_scenes() if inventory is None else ()
    enrolment = answer()  # a sample host is enrolled by the postmedic that runs it
    pastes = samples or [one.sample for one in scenes if one.sample]
    workspace = slack.Workspace(MANIFEST, samples=[slack.Sample(**one) for one in pastes])
    async with (
        SampleHosts((SampleHost(scene, latency=0.15, enrolment=enrolment) for scene in scenes), folder) as hosts,
        slack.serve(workspace, port=port) as running,
    ):
        settings = Settings(
            inventory=inventory or _inventory(folder, hosts.addresses, workspace.identity.team_id),
            database=str(folder / "postmedic.db"),
            lang=lang,
            slack_bot_token=running.bot_token,
            slack_app_token=running.app_token,
            slack_api_url=running.api_url,
        )
        places = {"inventory": settings.inventory.absolute(), "database": settings.database}
        lines = (f"{name} = {json.dumps(str(place))}\n" for name, place in places.items())
        (folder / SETTINGS).write_text("".join(lines), encoding="utf-8")
        async with serving(settings):
            yield running.url


def _inventory(folder: Path, addresses: tuple[Address, ...], team: str) -> Path:
    """Write the inventory of the sample hosts: Ben and Chen approve through their user group, and have keys."""
    path = folder / "inventory.toml"
    listed = people(folder, {name: f"{team}/{user}" for name, user in PEOPLE.items()})
    path.write_text("\n".join([*(_table(one) for one in addresses), listed]), encoding="utf-8")
    path.chmod(0o600)
    return path


def _table(one: Address) -> str:
    return f"""\
[[host]]
name = "{one.name}"
aliases = ["{one.name}.example.com"]
address = "{one.address}"
port = {one.port}
host_keys = {json.dumps(one.host_keys)}
reader = {{ user = "{PROBE_USER}", key = "{one.probe_key}" }}
writer = {{ user = "{FIX_USER}", key = "{one.fix_key}" }}
enrolled = true
approvers = {{ groups = ["S0APPROVERS"] }}
"""
