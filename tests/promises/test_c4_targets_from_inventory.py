"""C4: targets come only from the inventory: no paste, word, menu choice or argument makes postmedic contact anything else."""

from __future__ import annotations

import ast
import asyncio
import time
from argparse import Namespace
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.cli import check
from bot.connectors.base import Reader, Writer
from bot.connectors.replay import ReplayReader
from bot.engine import Engine, measured_matches
from bot.errors import UnknownHost
from bot.inventory import Inventory
from bot.knowledge.library import load
from bot.matching.clean import clean
from bot.matching.hosts import hosts
from bot.model.host import Host
from bot.model.probe import Reading, Request
from bot.sandbox.slack.seed import MAIL_OPS
from bot.store.conversations import Conversation
from bot.store.inbox import Received
from handlers.actions import pick_host
from tests.e2e.test_story_fix import proposed, shows
from tests.support.house import LOG_LINE, UNPLACED, at_home, inventory

ROOT = Path(__file__).parents[2]
NAMES = (
    "-oProxyCommand=touch /tmp/x", "-oProxyCommand=id", "--", "-", "host01;id", "host01|id", "host01 host02;reboot",
    "host01\nhost09", "$(id)", "`id`", "root@host01", "host01:22", "ssh://host01", "http://169.254.169.254/latest",
    "//evil/share", "../host01", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "::1", "[::1]", "fe80::1%lo",
    "192.0.2.10", "0", "localhost", "local", "host01.evil.example", "evil.example/host01", "host01.", "mx1.example.com.",
    "host01\u200b", "h\u043est01", "\uff48\uff4f\uff53\uff54\uff10\uff11", "host01\u202e", "host01\x00", "host01%00.evil",
    "xn--hst01-9qa", "host09", "", " ", "*", "host*", "host0?", "{host01,evil}", "__class__", "_hosts", "None", "x" * 5000,
    "host01\u0301", "HOST01.EVIL.EXAMPLE", "evil\u2028host01",
)  # fmt: skip
RIGHT = {
    "host01": "host01",
    "HOST01": "host01",
    "Host01": "host01",
    "MX1.example.COM": "host01",
    "mx1": "host01",
    "host02": "host02",
}


class Watched:
    """Ways to hosts that are only looked at: whoever is asked for stands in `contacted`."""

    def __init__(self) -> None:
        self.contacted: list[Host] = []

    def reader(self, host: Host) -> Reader:
        self.contacted.append(host)
        return _Watching(self, host)

    def writer(self, host: Host) -> Writer | None:
        self.contacted.append(host)
        return None


class _Watching(ReplayReader):
    def __init__(self, watched: Watched, host: Host) -> None:
        super().__init__({})
        self._watched, self._host = watched, host

    async def read(self, requests: Sequence[Request]) -> AsyncIterator[Reading]:
        self._watched.contacted.append(self._host)
        async for reading in super().read(requests):
            yield reading


LIBRARY = load()
KNOWN = inventory()


def engine(watched: Watched) -> Engine:
    return Engine(inventory=KNOWN, library=LIBRARY, connector=watched, clock=time.time, plan_seconds=60)


def ours(contacted: Sequence[Host], known: Inventory = KNOWN) -> bool:
    """The very objects of the inventory: the same name, address, port and keys, not only something called alike."""
    return all(any(host is one for one in known.values()) for host in contacted)


async def everything(known: Engine, text: str) -> None:
    """What a paste or a word leads to: all hosts it names are measured for all problems it shows."""
    found = known.recognise(text)
    for host in known.named(found).hosts:
        reader = known.reader(host)
        for match in measured_matches(found):
            await known.diagnose(host, match, reader)
    try:
        named = known.inventory.find(text)
    except UnknownHost:
        return
    await known.check(named, known.reader(named))


WATCHED = Watched()
ENGINE = engine(WATCHED)
hostnames = (
    st.sampled_from(NAMES) | st.text(max_size=30) | st.from_regex(r"[a-z]{1,5}[0-9]{0,3}(\.[a-z]{2,6}){0,3}\.?", fullmatch=True)
)


@given(hostnames, st.sampled_from(["{} {}", "on {}: {}", "{}\n{}", "在 {} 上 {}", "root@{}:~# {}", "`{}` {}", "host={} {}"]))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_paste_says_only_the_inventory_is_contacted(name: str, form: str) -> None:
    line = LOG_LINE.replace("host01", name) if "{}" in form else LOG_LINE
    asyncio.run(everything(ENGINE, form.format(name, line)))
    assert ours(WATCHED.contacted)


@given(st.text(max_size=80))
@settings(max_examples=500)
def test_a_name_is_found_in_the_inventory_or_not_at_all(name: str) -> None:
    asyncio.run(everything(ENGINE, name))
    assert ours(WATCHED.contacted)
    try:
        found = KNOWN.find(name)
    except UnknownHost:
        return
    assert any(found is known for known in KNOWN.values())
    assert name.casefold() in {part for known in (found.name, *found.aliases) for part in (known, known.partition(".")[0])}


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_that_only_looks_like_one_is_unknown(name: str) -> None:
    with pytest.raises(UnknownHost):
        KNOWN.find(name)


@pytest.mark.parametrize(("name", "host"), RIGHT.items())
def test_the_check_is_not_simply_always_no(name: str, host: str) -> None:
    watched = Watched()
    known = engine(watched)
    asyncio.run(everything(known, LOG_LINE.replace("host01", name)))
    assert {one.name for one in watched.contacted} == {host}


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_names_in_a_paste_are_hints_and_never_addresses(name: str) -> None:
    """What recognition names is looked up; what the look-up does not know stays a word for the message."""
    recognition = ENGINE.recognise(LOG_LINE.replace("host01", name))
    named = ENGINE.named(recognition)
    assert set(named.hosts) <= set(KNOWN.values())
    assert len(hosts(clean("\n".join(f"on {name}{n}.example: x" for n in range(500))))) <= 16


# --- through Slack --------------------------------------------------------------------------------------------------------


async def test_commands_mentions_and_pastes_through_the_whole_bot(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        for name in NAMES:
            plain = name.replace("\x00", "")[:150]
            if plain.split():
                await house.ana.command(f"/postfix check {plain}")
        for name in ("host09", "-oProxyCommand=id", "host01;id", "192.0.2.10", "hоst01", "evil.example"):
            await house.ana.says(MAIL_OPS, f"@postmedic check {name}")
            await house.ana.says(MAIL_OPS, LOG_LINE.replace("host01", name))
        await house.quiet()
        assert set(house.fleet.measured) <= {"host01"}, "`host01 host02;reboot` begins with a word that is one"
        assert house.fleet.ran == []
        assert house.fleet.asked
        assert ours(house.fleet.asked, house.desk.engine.inventory)


async def test_a_fix_goes_to_the_host_of_the_inventory(tmp_path: Path) -> None:
    async with at_home(tmp_path) as house:
        ts, card = await proposed(house, LOG_LINE.replace("host01", "mx1.example.com"))
        await house.ben.clicks(card, "approve")
        await house.ana.waits_for(shows("Healed"), thread=ts)
        assert [name for name, *_ in house.fleet.ran] == ["host01"]
        assert ours(house.fleet.asked, house.desk.engine.inventory)


async def test_a_forged_choice_of_a_menu_names_no_new_host(tmp_path: Path) -> None:
    """host03 is in the inventory, but not for this channel."""
    async with at_home(tmp_path) as home:
        for number, name in enumerate((*NAMES, "host03", "advice01 ", "HOST02")):
            asked = Conversation(id=f"q{number}", channel=MAIL_OPS, thread="1.0", requester="U0ANA", lang="en", paste=UNPLACED)
            await home.store.conversations.open(asked)
            payload = {"conversation": asked.id, "host": name, "channel": MAIL_OPS, "user": "U0ANA", "thread": "1.0"}
            await pick_host.handle(home.desk, Received(key=asked.id, kind=pick_host.KIND, payload=payload, attempts=1))
            assert (await home.store.conversations.by_id(asked.id)).host == ""
        assert home.fleet.measured == []


# --- from the command line ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in NAMES if name != "local"], ids=ascii)
def test_the_command_line_contacts_nothing_else(tmp_path: Path, name: str) -> None:
    (tmp_path / "inventory.toml").write_text("")
    (tmp_path / "postmedic.toml").write_text("")
    with pytest.raises(UnknownHost):
        check.run(Namespace(settings=tmp_path / "postmedic.toml", lang=None, host=name, json=False))


def calls() -> Iterator[tuple[str, ast.Call, str]]:
    """Every call in the product: in which file, and the last two names of what is called."""
    for room in ("bot", "handlers"):
        for path in (ROOT / room).rglob("*.py"):
            where = path.relative_to(ROOT).as_posix()
            if where.startswith("bot/sandbox/"):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield where, node, ".".join(ast.unparse(node.func).split(".")[-2:])


def test_a_host_is_made_by_the_inventory_alone() -> None:
    """And, for the machine the command line runs on, by `local`; nothing can make another one or lead one elsewhere."""
    leads = {"address", "port", "host_keys", "reader", "writer", "aliases"}
    makers, changers = set[str](), set[str]()
    for where, call, name in calls():
        makers |= {where} if name.rpartition(".")[2] == "Host" else set()
        if name.rpartition(".")[2] in ("replace", "__replace__") and leads & {str(given.arg) for given in call.keywords}:
            changers.add(where)
    assert makers == {"bot/inventory.py", "bot/cli/setting_up.py"}
    assert changers == set()
    assert Inventory.__setattr__ is object.__setattr__
    assert not hasattr(Inventory, "__setitem__")


def test_few_places_open_a_connection() -> None:
    """Whoever adds one must see to it that no text from outside says where it leads."""
    ways = {"open_connection", "open_unix_connection", "create_datagram_endpoint", "urlopen", "ClientSession", "socket.socket"}
    ways |= {
        "getaddrinfo",
        "gethostbyname",
        "asyncssh.connect",
        "connect_ssh",
        "socket.create_connection",
        "AsyncWebhookClient",
    }
    found = {(where, name) for where, _, name in calls() if ways & {name, name.rpartition(".")[2]}}
    assert found == {
        ("bot/cli/host_findings.py", "asyncio.open_connection"),  # the doctor, to the address of a host
        ("bot/connectors/resolver.py", "socket.getaddrinfo"),  # the address of a host
        ("bot/connectors/ssh_connection.py", "asyncssh.connect"),
        ("handlers/desk.py", "AsyncWebhookClient"),  # from here on Slack's, as Slack names them
        ("handlers/files.py", "aiohttp.ClientSession"),
    }
