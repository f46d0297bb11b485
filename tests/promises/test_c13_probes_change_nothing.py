"""C13: probes change nothing: the whole disk, services, processes and mail of a host, compared around every probe.

Three ways: the enrolled account with its root-owned reader, an ordinary account without rights, and root on the machine.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from bot.connectors.dispatcher import REFUSED, render
from bot.connectors.rounds import Round
from bot.connectors.ssh import SshConnector
from bot.facts.base import FACTS
from bot.facts.tokens import typed
from bot.model.host import Account, Via
from bot.model.host import Host as Known
from bot.model.probe import NO_PERMISSION, Access, Probe, Reading, Request
from tests.lab import Host, Lab
from tests.lab.enrolled import VISITOR, admit, known
from tests.lab.filesystem import diff
from tests.lab.proving import HOSTS, made_new

# What stands for each form of tokens: names of this host, of another one, and of nobody.
TOKENS: Mapping[tuple[str, ...], tuple[tuple[str, ...], ...]] = {
    (): ((),),
    ("service",): (("postfix",), ("dovecot",), ("saslauthd",), ("opendkim",)),
    ("word",): (("root",), ("nobody-here",)),
    ("domain",): (("mx12.lab.example",), ("remote.example",), ("nowhere.example",)),
    ("host", "port"): (("203.0.113.10", "25"), ("127.0.0.1", "25"), ("smtp.provider.example", "587")),
}
PROBES = sorted({fact.probe.name: fact.probe for fact in FACTS.values()}.values(), key=lambda probe: probe.name)
REQUESTS = [Request(probe=probe, tokens=tokens) for probe in PROBES for tokens in TOKENS[probe.parameters]]
STATES = {
    "healthy": "swaks --server 127.0.0.1 --quit-after EHLO",  # the first client of a new Postfix makes it create its caches
    "stopped": "systemctl stop postfix postfix@*; echo body | sendmail -f alice bob@remote.example; ip link set lo down",
}
# doveconf of Dovecot 2.4 makes a file in /tmp and removes it: what is left is the time of the folder.
TRACES = {"dovecot": {"/tmp"}}

# systemd and logins keep their own in /run all the time.
OWN = " -o ".join(f"-path /run/{one}" for one in ("systemd", "user", "udev", "log", "dbus", "utmp", "motd.dynamic"))
IN_MEMORY = {
    "addresses": "ip -o address | sed 's/valid_lft.*//'",
    "links": "ip -o link",
    "routes": "ip route show table all; ip -6 route show table all",
    "filters": "nft list ruleset; iptables-save",
    "settings": "sysctl -a --pattern '^net' 2>/dev/null",
    "failed": "systemctl --failed --plain --no-legend",
    "files": f"find /run /dev/shm \\( {OWN} \\) -prune -o -printf '%p %y %m %u:%g\\n'",
}

Ask = Callable[[Request], Awaitable[Reading]]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", HOSTS)
async def test_no_probe_changes_anything(enrolled: Lab, name: str, state: str) -> None:
    host = enrolled[name]
    try:
        admit(enrolled, host)
        host.run(STATES[state], check=True)
        _wait_for_network(host)
        with ExitStack() as opened:
            ways = {way: opened.enter_context(way(enrolled, host)) for way in (_enrolled, _ordinary, _root)}
            for way, ask in ways.items():
                await _unchanged_by_all(host, enrolled["relay"], ask, may=way is not _ordinary)
    finally:
        made_new(enrolled, name)


async def _unchanged_by_all(host: Host, relay: Host, ask: Ask, *, may: bool) -> None:
    """Ask for every probe, one at a time; `may`: this way has the rights every probe needs."""
    services, processes, memory = _services(host), _processes(host), _in_memory(host)
    marks = {one: one.mark() for one in (host, relay)}
    changed: dict[str, list[str]] = {}
    first = before = host.snapshot()
    for request in REQUESTS:
        reading = await ask(request)
        after = host.snapshot(before)
        if differing := diff(before, after).keys() - TRACES.get(request.key, set()):
            changed[request.key] = sorted(differing)
        before = after
        refused = not may and request.probe.access is not Access.ANYONE
        assert (reading.exit == NO_PERMISSION) is refused, f"{request.key}: {reading}"
        assert reading.exit not in (REFUSED, None), f"{request.key}: {reading}"
    assert changed == {}
    assert diff(first, host.snapshot()).keys() <= set().union(*TRACES.values())  # every byte read again
    assert _services(host) == services
    assert {what: set(lines) ^ set(memory[what]) for what, lines in _in_memory(host).items() if lines != memory[what]} == {}
    for one, mark in marks.items():
        assert [line for line in one.logs(mark) if "/cleanup[" in line or "/pickup[" in line] == [], "mail was made"
        assert [line for line in one.logs(mark) if "/postfix-script[" in line] == [], "postfix was given an order"
    deadline = time.monotonic() + 20  # a login's own processes stay for a while after it
    while (staying := _staying(processes, _processes(host))) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert staying == []


@contextmanager
def _enrolled(lab: Lab, host: Host) -> Iterator[Ask]:
    with _over_ssh(known(lab, host)) as ask:
        yield ask


@contextmanager
def _ordinary(lab: Lab, host: Host) -> Iterator[Ask]:
    visitor = Account(user=VISITOR, key=str(lab.keys.probe))
    with _over_ssh(replace(known(lab, host), reader=visitor, writer=None, via=Via.SHELL)) as ask:
        yield ask


@contextmanager
def _root(lab: Lab, host: Host) -> Iterator[Ask]:
    async def ask(request: Request) -> Reading:
        round = Round(host.name, [request])
        done = host.run(f"sh -s {round.words}", stdin=render([request.probe]).encode())
        round.hear(done.out.encode(), False)
        round.hear(done.err.encode(), True)
        round.close(done.rc)
        return await anext(round.readings())

    yield ask


@contextmanager
def _over_ssh(at: Known) -> Iterator[Ask]:
    async def ask(request: Request) -> Reading:
        # A login for each: what it leaves would otherwise stand before the first comparison, and its end after the last.
        connector = SshConnector()
        try:
            return await anext(connector.reader(at).read([request]))
        finally:
            connector.close()

    yield ask


def _wait_for_network(host: Host) -> None:
    """Wait until the kernel has found the host's own IPv6 address free: seconds after a boot, and it adds a route then."""
    host.run("until ip -o -6 address show dev host0 scope link | grep -v tentative; do sleep 0.2; done", check=True)


def _in_memory(host: Host) -> dict[str, list[str]]:
    """What a host is beside its disk, and no login changes: its network, what failed, and what lies in /run and /dev/shm."""
    return {what: sorted(host.run(command).out.splitlines()) for what, command in IN_MEMORY.items()}


def _services(host: Host) -> list[str]:
    """Every running service but those of a login, each with the id that systemd gives it anew with each start."""
    shown = host.run("systemctl show --type=service --state=active --property=Id,InvocationID,MainPID '*'", check=True).out
    return sorted(" ".join(one.split()) for one in shown.split("\n\n") if "Id=user" not in one)


def _processes(host: Host) -> dict[int, tuple[int, str]]:
    """Process id → (parent, command); those that look, and what they were started by, are left out."""
    lines = host.run("ps -eo pid=,ppid=,args=", check=True).out.splitlines()
    rows = [line.split(maxsplit=2) for line in lines]
    return {int(pid): (int(parent), args) for pid, parent, args in rows if "ps -eo pid=" not in args}


def _staying(before: Mapping[int, tuple[int, str]], after: Mapping[int, tuple[int, str]]) -> list[str]:
    """New commands that no mail daemon started: those it starts for any connection, and ends by itself."""
    daemons = {pid for pid, (_, args) in before.items() if "/master" in args or args.endswith("dovecot -F")}
    return [args for pid, (parent, args) in after.items() if pid not in before and parent not in daemons]


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_every_form_of_tokens_has_words_that_travel(probe: Probe) -> None:
    for tokens in TOKENS[probe.parameters]:
        assert [typed(kind, word) for kind, word in zip(probe.parameters, tokens, strict=True)] == list(tokens)
