"""Are rights, room, mailboxes and names judged by what Postfix needs, on healthy answers and on broken ones?"""

from __future__ import annotations

import pytest

from bot.facts.mailboxes import Mailboxes, MailboxLimit, mailbox_limit, mailboxes
from bot.facts.masters import ServiceHosts
from bot.facts.network import Interface, Interfaces
from bot.facts.own_name import OwnName, Twice, address_held, listed_twice, own_name, service_elsewhere
from bot.facts.rights import QueueRights, queue_rights
from bot.facts.space import QueueSpace, SizeLimit, queue_space, size_limit
from bot.model.fact import Unknown
from tests.unit.facts.recorded import answer

_PLAIN = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")
FOLDERS = dict.fromkeys(_PLAIN, "postfix root 700") | {"maildrop": "postfix postdrop 1730", "public": "postfix postdrop 2710"}
PROGRAMS = {"postdrop": "root postdrop 2555", "postqueue": "root postdrop 2755"}
HELD = Interfaces(all=(Interface(name="eth0", up=True, loopback=False, addresses=("192.0.2.5",)),))


def rights(**changed: str) -> QueueRights:
    folders = "".join(f"folder={name} {changed.get(name, mode)}\n" for name, mode in FOLDERS.items())
    programs = "".join(f"program={name} {changed.get(name, mode)}\n" for name, mode in PROGRAMS.items())
    found = queue_rights(answer(f"owner=postfix\ngroup=postdrop\n{folders}{programs}mounted-nosuid=no\nend=ok\n"))
    assert isinstance(found, QueueRights)
    return found


def test_rights_as_debian_installs_them() -> None:
    assert (rights().folder, rights().folders, rights().program, rights().nosuid) == ("-", "-", "-", False)


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("active", "root root 700"),
        ("incoming", "postfix root 500"),
        ("deferred", "missing - 0"),
        ("maildrop", "postfix root 1730"),
        ("public", "postfix postdrop 700"),
        ("private", "postfix root 777"),
    ],
)
def test_a_wrong_queue_folder_is_named(name: str, mode: str) -> None:
    assert rights(**{name: mode}).folder == name


@pytest.mark.parametrize("mode", ["root postdrop 555", "root root 2555", "root postdrop 2550"])
def test_postdrop_without_its_group_is_named(mode: str) -> None:
    assert rights(postdrop=mode).program == "postdrop"


@pytest.mark.parametrize(
    ("message", "least", "free", "inodes", "state"),
    [
        (10_240_000, 0, 1_000_000, 500, "room"),
        (10_240_000, 0, 10_000, 500, "full"),
        (2000, 10**12, 1_000_000, 500, "minfree"),
        (2000, 0, 1_000_000, 0, "inodes"),
    ],
)
def test_room_for_mail(message: int, least: int, free: int, inodes: int, state: str) -> None:
    said = f"message={message}\nleast={least}\nfree-kib={free}\nsize-kib=2000000\ninodes=1000\ninodes-free={inodes}\nend=ok\n"
    found = queue_space(answer(said))
    assert isinstance(found, QueueSpace)
    assert found.state == state


@pytest.mark.parametrize(("limit", "state"), [("0", "none"), ("2000", "low"), ("10240000", "default"), ("52428800", "raised")])
def test_the_limit_of_a_message(limit: str, state: str) -> None:
    found = size_limit(limit)
    assert isinstance(found, SizeLimit)
    assert found.state == state
    assert isinstance(size_limit("10M"), Unknown)


def boxes(lines: str) -> Mailboxes:
    found = mailboxes(answer(f"{lines}end=ok\n"))
    assert isinstance(found, Mailboxes)
    return found


def test_mailboxes_of_others_are_named() -> None:
    assert boxes("spool=alice alice 660 3900\nhome=bob bob 700 40\nvirtual=5000 5000\n").kind == "-"
    found = boxes("spool=alice root 600 3900\n")
    assert (found.kind, found.foreign, found.owner, found.largest) == ("spool", "alice", "root", 3900)
    assert boxes("home=bob root 700 40\n").kind == "home"
    assert boxes("virtual=5000 0\n").kind == "virtual"
    assert boxes("spool=ev|l root 600 1\nspool=short\n").kind == "-"


@pytest.mark.parametrize(
    ("limit", "message", "state"),
    [("0", "5", "none"), ("4", "5", "below"), ("4000", "3000", "reached"), ("9000", "10", "room")],
)
def test_the_limit_of_a_mailbox(limit: str, message: str, state: str) -> None:
    found = mailbox_limit(limit, message, boxes("spool=alice alice 660 3900\n"))
    assert isinstance(found, MailboxLimit)
    assert found.state == state
    assert isinstance(mailbox_limit("9000", "10", None), Unknown)


@pytest.mark.parametrize(
    ("said", "state", "sound"),
    [
        ("mx1\nmx1.example.com\n", "good", True),
        ("mx1\nmx1\n", "short", True),
        ("mx1\n12345\n", "numeric", True),
        ("mx1\nbad..name\n", "malformed", True),
        ("bad..host\n?\n", "unusable", False),
    ],
)
def test_the_own_name(said: str, state: str, sound: bool) -> None:
    found = own_name(answer(said))
    assert isinstance(found, OwnName)
    assert (found.state, found.system_sound) == (state, sound)


def test_a_domain_belongs_to_one_class() -> None:
    found = listed_twice("mx1.example.com, localhost", "hash:/etc/postfix/virtual", "MX1.example.com", "")
    assert found == Twice(domain="mx1.example.com", first="mydestination", second="virtual_mailbox_domains")
    assert listed_twice("localhost", "a.example", "b.example", "a.example") == Twice(domain="-", first="-", second="-")
    assert isinstance(listed_twice("localhost", None, "", ""), Unknown)


def test_addresses_that_settings_name() -> None:
    assert [address_held(one, HELD) for one in ("192.0.2.5", "203.0.113.5", "")] == ["held", "absent", "none"]
    bound = ServiceHosts(services=("smtp", "192.0.2.5:25", "203.0.113.5:25"), unresolved="", host="")
    assert service_elsewhere(bound, HELD) == "203.0.113.5:25"
    assert service_elsewhere(ServiceHosts(services=("smtp", "[::1]:25"), unresolved="", host=""), HELD) == "[::1]:25"
    assert isinstance(service_elsewhere(None, HELD), Unknown)
