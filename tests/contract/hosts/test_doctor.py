"""Does `postmedic doctor` see what is wrong with a host, its accounts and Slack, and name what mends it?"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import bot.facts  # noqa: F401  fills the catalogue
from bot.cli import doctor
from bot.cli.findings import Finding
from bot.cli.host_findings import look_at_hosts
from bot.cli.slack_findings import look_at_slack
from bot.cli.status import Status
from bot.config import Settings
from bot.facts.base import FACTS
from bot.model.host import Account, Host, Via
from bot.model.text import Lang
from bot.sandbox.slack import Workspace, serve
from bot.sandbox.slack.seed import GENERAL, MAIL_OPS
from bot.store.store import Store
from tests.contract.hosts.conftest import Site
from tests.contract.hosts.openssh import new_key, sshd

MANIFEST = Path(__file__).parents[3] / "deploy/slack/manifest.json"
HAN = re.compile("[\u4e00-\u9fff]")
PROBES = tuple({fact.probe.name: fact.probe for fact in FACTS.values()}.values())


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def real(folder: Path) -> Iterator[Host]:
    """An enrolled host: a real sshd with the dispatchers of the whole catalogue."""
    if os.geteuid() != 0:
        pytest.skip("the dispatcher for fixes runs as root")
    with sshd(folder, probes=PROBES) as host:
        yield host


async def said(host: Host) -> dict[str, list[tuple[str, str]]]:
    """What is found on one host, by verdict: (says, mend)."""
    found: dict[str, list[tuple[str, str]]] = {"fine": [], "noted": [], "unmeasured": [], "found": []}
    for one in await look_at_hosts([host], Path("inventory.toml"), "en"):
        assert one.about == host.name
        found[one.verdict].append((one.says, one.mend))
    return found


async def test_what_differs_from_the_enrolment_is_wrong(real: Host) -> None:
    """This host was not made by the enrolment: its programs are others, and one account has both keys."""
    found = await said(real)
    user = real.reader.user
    (programs, *crossed) = found["found"]
    assert programs[0].startswith("its programs are 0.0.0 (")
    assert "it is not mended" in programs[0]
    assert [says for says, _ in crossed] == [f"with the key of {user} this was not refused: the key of {user}"] * 2
    assert all(mend.startswith(f"postmedic enroll {real.name} >") for _, mend in found["found"])
    accepted, *tried, closed = (says for says, _ in found["fine"])
    assert accepted.startswith("the host key is the inventory's")
    assert [says.partition(":")[0] for says in tried] == [f"as {user}, 13 forbidden things were tried and refused"] * 2
    assert closed == f"{user} logs in and refuses what is not in its closed list"
    assert (
        "nobody may approve fixes on it",
        f'approvers = {{ groups = ["S…"] }}   # for {real.name} in inventory.toml',
    ) in found["noted"]


async def test_a_host_is_told_of_in_chinese_too(real: Host, folder: Path) -> None:
    """The same findings with the same commands, and only these and names are not Chinese."""
    new_key(folder / "stranger")
    stranger = Account(user=real.reader.user, key=str(folder / "stranger"))
    shell = replace(real, reader=Account(user=real.reader.user, key=str(folder / "shell_key")))
    hosts = [real, shell, replace(shell, via=Via.SHELL), replace(real, writer=stranger), replace(real, address="a.invalid")]

    async def told(lang: Lang) -> list[Finding]:
        each = [await look_at_hosts([host], Path("inventory.toml"), lang) for host in hosts]  # one by one: sshd drops crowds
        return [finding for findings in each for finding in findings]

    english, chinese = await told("en"), await told("zh")
    assert [(one.verdict, one.mend.partition("#")[0]) for one in english if " #" in one.mend] == [
        (one.verdict, one.mend.partition("#")[0]) for one in chinese if " #" in one.mend
    ]
    assert [one.verdict for one in english] == [one.verdict for one in chinese]
    assert not [one for one in english if HAN.search(one.says + one.mend)]
    assert [one.says for one in chinese if not HAN.search(one.says)] == []
    assert {one.mend for one in chinese if not HAN.search(one.mend)} == {"", f"postmedic doctor {real.name}"}


async def test_an_ordinary_account_is_named_as_one(real: Host, folder: Path) -> None:
    shell = Account(user=real.reader.user, key=str(folder / "shell_key"))
    found = await said(replace(real, reader=shell, writer=None, via=Via.SHELL))
    assert found["found"] == []
    assert any("read-only is not enforced" in says for says, _ in found["noted"])
    assert any("shown as advice" in says for says, _ in found["noted"])


async def test_an_inventory_that_says_the_wrong_kind_is_told(real: Host, folder: Path) -> None:
    shell = Account(user=real.reader.user, key=str(folder / "shell_key"))
    ((says, mend),) = (await said(replace(real, reader=shell, writer=None)))["found"]
    assert "may run any command there" in says
    assert "`enrolled = false`" in mend
    ((says, mend),) = (await said(replace(real, via=Via.SHELL, writer=None)))["found"]
    assert "it is enrolled" in says
    assert "`enrolled = true`" in mend


async def test_another_host_key_ends_everything(real: Host, folder: Path) -> None:
    other = new_key(folder / "other")
    found = await said(replace(real, host_keys=(other,)))
    ((says, mend),) = found.pop("found")
    assert "a key that the inventory does not hold" in says
    assert f"ssh-keyscan -p {real.port} 127.0.0.1 | ssh-keygen -lf -" in mend
    assert not any(found.values())


async def test_a_key_the_host_does_not_know_is_told_for_each_account(real: Host, folder: Path) -> None:
    new_key(folder / "stranger")
    stranger = Account(user=real.reader.user, key=str(folder / "stranger"))
    found = (await said(replace(real, reader=stranger, writer=stranger)))["found"]
    assert [f"ssh-keygen -y -f {stranger.key}" in mend for _, mend in found] == [True, True]
    assert 'restrict,command="/usr/local/lib/postmedic/read"' in found[0][1]
    assert 'restrict,command="/usr/local/lib/postmedic/fix-entry"' in found[1][1]


async def test_a_fix_account_without_a_forced_command_is_told(real: Host, folder: Path) -> None:
    shell = Account(user=real.reader.user, key=str(folder / "shell_key"))
    found = dict((await said(replace(real, writer=shell)))["found"])
    told = f"{real.reader.user} logs in, but its key has no forced command of postmedic (exit 127)"
    assert "fix-entry" in found.pop(told)
    for what in ("a shell", "another command", "writing a file", "reading a file", "an unknown operation"):
        assert f"with the key of {real.reader.user} this was not refused: {what}" in found


async def test_a_writer_of_a_host_that_is_not_enrolled_is_never_used(real: Host, folder: Path) -> None:
    shell = Account(user=real.reader.user, key=str(folder / "shell_key"))
    found = await said(replace(real, reader=shell, via=Via.SHELL))
    assert found["found"] == []
    assert any("never used" in says and mend.startswith("postmedic enroll") for says, mend in found["noted"])


async def test_an_older_list_of_probes_is_not_health(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("the dispatcher for fixes runs as root")
    with sshd(folder, probes=PROBES[:5]) as host:
        found = await said(host)
    assert any("closed list lacks" in says and mend.startswith("postmedic enroll") for says, mend in found["unmeasured"])


async def test_a_closed_port_a_stranger_and_a_wrong_name_are_told(sample: Site) -> None:
    with socket.socket() as taken:  # bound and not listening
        taken.bind(("127.0.0.1", 0))
        ((says, mend),) = (await said(replace(sample.host, port=taken.getsockname()[1])))["found"]
    assert "nothing listens" in says
    assert "systemctl enable --now ssh" in mend

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.org ESMTP\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        ((says, _),) = (await said(replace(sample.host, port=server.sockets[0].getsockname()[1])))["found"]
    assert "does not speak SSH" in says
    ((says, mend),) = (await said(replace(sample.host, address="no-such-host.invalid")))["found"]
    assert "has no address" in says
    assert mend.startswith("getent ahosts no-such-host.invalid")


# --- Slack ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is found of Slack with these tokens."""

    verdicts: list[str]
    text: str


async def slack(settings: Settings) -> Told:
    found = await look_at_slack(settings, "en")
    return Told(verdicts=[one.verdict.value for one in found], text="\n".join(f"{one.says} {one.mend}" for one in found))


@pytest.fixture
async def tokens() -> AsyncIterator[Callable[..., Settings]]:
    async with serve(Workspace(MANIFEST)) as running:

        def make(bot: str = running.bot_token, app: str = running.app_token, url: str = running.api_url) -> Settings:
            return Settings(slack_bot_token=bot, slack_app_token=app, slack_api_url=url)

        yield make


async def test_tokens_that_work_and_tokens_that_do_not(tokens: Callable[..., Settings]) -> None:
    assert (await slack(tokens())).verdicts == ["fine", "fine"]
    wrong = await slack(tokens(bot="xoxb-wrong"))
    assert wrong.verdicts == ["found"]
    assert "POSTMEDIC_SLACK_BOT_TOKEN" in wrong.text
    assert "POSTMEDIC_SLACK_APP_TOKEN" in (await slack(tokens(app="xapp-wrong"))).text
    assert "deploy/slack/README.md" in (await slack(Settings())).text


async def test_channels_in_which_nothing_can_be_said_are_named(tokens: Callable[..., Settings]) -> None:
    told = await slack(replace(tokens(), channels=(MAIL_OPS,), alarm_channels=("C0NOWHERE", GENERAL)))
    assert told.verdicts == ["fine", "fine", "found", "found"]
    for channel in ("C0NOWHERE", GENERAL):
        assert f"not in the channel {channel} of alarm_channels" in told.text


async def test_a_missing_scope_is_named(tmp_path: Path) -> None:
    manifest = json.loads(MANIFEST.read_text())
    manifest["oauth_config"]["scopes"]["bot"].remove("files:read")
    manifest["oauth_config"]["scopes"]["bot"].append("pins:read")
    short = tmp_path / "manifest.json"
    short.write_text(json.dumps(manifest))
    async with serve(Workspace(short)) as running:
        told = await slack(
            Settings(slack_bot_token=running.bot_token, slack_app_token=running.app_token, slack_api_url=running.api_url)
        )
    assert told.verdicts == ["fine", "found", "noted"]
    assert "lacks the scopes files:read" in told.text
    assert "does not use: pins:read" in told.text


# --- settings, inventory, database ------------------------------------------------------------------------------------


@dataclass(slots=True)
class House:
    """A folder with settings, and what the command says about it."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def doctor(self, host: str | None = None) -> tuple[int, dict[str, dict[str, str]]]:
        arguments = Namespace(settings=self.folder / "postmedic.toml", lang=None, host=host, json=True)
        status = doctor.run(arguments)
        return status, {one["about"]: one for one in json.loads(self.capsys.readouterr().out)}


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> House:
    (tmp_path / "postmedic.toml").write_text('inventory = "inventory.toml"\n')
    (tmp_path / "postmedic.toml").chmod(0o600)
    (tmp_path / "inventory.toml").write_text("")
    return House(tmp_path, capsys)


def test_a_house_that_is_well(house: House) -> None:
    status, found = house.doctor()
    assert status == Status.FINE
    assert found["database"]["says"].endswith("will be made at the first start")
    assert not (house.folder / "postmedic.db").exists()

    async def make() -> None:
        await (await Store.open(str(house.folder / "postmedic.db"))).close()

    asyncio.run(make())
    assert house.doctor()[1]["database"]["says"].endswith("opens and is up to date")


@pytest.mark.parametrize("chosen", ["by the settings", "by --lang"])
def test_a_house_is_told_of_in_chinese_too(house: House, chosen: str) -> None:
    if chosen == "by the settings":
        (house.folder / "postmedic.toml").write_text('lang = "zh"\n')
    lang = "zh" if chosen == "by --lang" else None
    settings = house.folder / "postmedic.toml"
    assert doctor.run(Namespace(settings=settings, lang=lang, host=None, json=True)) == Status.FINE
    found = json.loads(house.capsys.readouterr().out)
    assert {one["about"] for one in found} >= {"settings", "inventory", "knowledge", "database"}, "keys stay what they are"
    assert [one["says"] for one in found if not HAN.search(one["says"])] == []
    doctor.run(Namespace(settings=settings, lang=lang, host=None, json=False))
    said = house.capsys.readouterr().out
    assert "设置: 可以使用" in said
    assert said.rstrip().splitlines()[-1] == f"共查看 {len(found)} 项：0 项需要处理，0 项无法查看。"


def test_each_broken_part_is_named_with_its_command(house: House) -> None:
    database = house.folder / "postmedic.db"
    database.write_text("this is no database, and it is long enough to be read as one" * 20)
    status, found = house.doctor()
    assert status == Status.FOUND
    assert found["database"]["mend"].startswith(f"ls -l {database}")
    (house.folder / "inventory.toml").chmod(0o666)
    assert house.doctor()[1]["inventory"]["mend"] == f"chmod o-w {house.folder / 'inventory.toml'}"
    settings = house.folder / "postmedic.toml"
    settings.write_text('slack_bot_token = "xoxb-1"\n')
    settings.chmod(0o644)
    status, found = house.doctor()
    assert (status, found["settings"]["mend"]) == (Status.FOUND, f"chmod 600 {settings}")


def test_people_get_the_same_with_a_closing_count(house: House) -> None:
    (house.folder / "inventory.toml").unlink()
    assert doctor.run(Namespace(settings=house.folder / "postmedic.toml", lang=None, host=None, json=False)) == Status.FOUND
    said = house.capsys.readouterr().out
    assert "No such file" in said
    assert "→ docs/settings.md" in said.replace("\n", " ")
    assert "1 to mend" in said
