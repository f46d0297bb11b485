"""G1: unsafe settings, inventories, entries, keys or databases do not start, and the message says what to correct."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import pytest

from bot import app
from bot.__main__ import main
from bot.approval.policy import Refusal, refusal
from bot.authoring.shelf import Shelf
from bot.cli.status import Status
from bot.errors import PostmedicError
from bot.inventory import load
from bot.model.execution import State
from bot.model.host import Approvers
from bot.model.progress import Progress, Why
from bot.model.text import LANGS, Lang
from bot.render.plan_card import plan_card
from bot.render.templates import say
from bot.store.dialect import open_engine
from tests.support import own_entry
from tests.support.entries import ENTRY
from tests.support.plans import ANNE, TEAM, plan

HOST = """
[[host]]
name = "host01"
host_keys = ["ssh-ed25519 AAAA"]
reader = { user = "postmedic-probe", key = "keys/probe" }
writer = { user = "postmedic-fix", key = "keys/fix" }
enrolled = true
approvers = { users = ["U1"], groups = ["S1"] }
"""
STEPS = "steps: [{operation: x, a: 25, b: {fact: interfaces.loopback}}]"


class Reached(Exception):
    """Everything was found safe, and the next thing would have been to speak to Slack."""


@dataclass(frozen=True, slots=True)
class House:
    """The files of an installation, all safe at first."""

    root: Path

    @property
    def settings(self) -> Path:
        return self.root / "etc/postmedic.toml"

    @property
    def inventory(self) -> Path:
        return self.root / "etc/inventory.toml"

    @property
    def entry(self) -> Path:
        return self.root / "ours/startup/example/problem.yaml"

    @property
    def database(self) -> Path:
        return self.root / "var/postmedic.db"

    def write(self, file: Path, old: str, new: str) -> None:
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    def start(self) -> int:
        return main(["serve", "--settings", str(self.settings)])


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    async def connect(settings: object) -> NoReturn:
        raise Reached

    monkeypatch.setattr(app, "connect", connect)
    made = House(tmp_path / "house")
    for folder in ("etc/keys", "ours/startup/example", "var"):
        (made.root / folder).mkdir(parents=True)
    for key in ("probe", "fix"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", made.root / "etc/keys" / key], check=True)
    made.settings.write_text(
        'inventory = "inventory.toml"\ndatabase = "../var/postmedic.db"\nknowledge_paths = ["../ours"]\n'
        'slack_bot_token = "xoxb-1"\nslack_app_token = "xapp-1"\n'
    )
    made.inventory.write_text(HOST)
    made.entry.write_text(ENTRY)
    made.database.touch()
    for file in (made.settings, made.inventory, made.database):
        file.chmod(0o600)
    return made


def mode(name: str, bits: int) -> Callable[[House], None]:
    return lambda house: (house.root / name).chmod(bits)


def mark(name: str, text: str) -> Callable[[House], object]:
    return lambda house: (house.root / name).write_text(text)


def setting(old: str, new: str) -> Callable[[House], None]:
    return lambda house: house.write(house.settings, old, new)


def host(old: str, new: str) -> Callable[[House], None]:
    return lambda house: house.write(house.inventory, old, new)


def _copied(house: House, one: str, other: str) -> None:
    keys = house.root / "etc/keys"
    (keys / other).write_bytes((keys / one).read_bytes())


def _elsewhere(house: House) -> None:
    """The entries are a link to a folder that everybody may fill."""
    open_to_all = house.root / "open"
    shutil.move(house.root / "ours", open_to_all)
    open_to_all.chmod(0o1777)
    (house.root / "ours").symlink_to(open_to_all)


def sealed(spoil: Callable[[House], object]) -> Callable[[House], None]:
    """Only entries that CI signed may be used, and so they are; then it is spoilt."""

    def seal(house: House) -> None:
        shutil.rmtree(house.root / "ours")
        own_entry.place(house.root / "ours")
        own_entry.sign(house.root / "ours", own_entry.signer(house.root / "etc"))
        house.write(house.settings, "slack_bot", 'knowledge_signers = "signers"\nslack_bot')
        spoil(house)

    return seal


def listed(options: str = "", **named: str) -> Callable[[House], object]:
    return lambda house: own_entry.signers(house.root / "etc", house.root / "etc/ci", options, **named)


def _signers_inside(house: House) -> None:
    shutil.move(house.root / "etc/signers", house.root / "ours/signers")
    house.write(house.settings, '"signers"', '"../ours/signers"')


def signed_again(**named: str) -> Callable[[House], object]:
    return lambda house: own_entry.sign(house.root / "ours", house.root / "etc/ci", **named)


UNSAFE: dict[str, tuple[Callable[[House], None], str]] = {
    "settings everybody may write": (mode("etc/postmedic.toml", 0o602), "chmod o-w"),
    "settings with a token others may read": (mode("etc/postmedic.toml", 0o640), "chmod 600"),
    "a folder of the settings everybody may write": (mode("etc", 0o777), "chmod o-w"),
    "a folder above everything everybody may write": (mode("", 0o777), "chmod o-w"),
    "an unknown setting": (setting("inventory =", "inventry ="), "'inventry' is not known"),
    "a setting to trust more": (setting('database = "', 'strict_host_keys = false\ndatabase = "'), "is not known"),
    "a token in plain http": (setting("slack_bot", 'slack_api_url = "http://slack.example/"\nslack_bot'), "https"),
    "plans that never expire": (setting("slack_bot", "plan_minutes = 100000\nslack_bot"), "1 to 240"),
    "a digest of other entries": (setting("slack_bot", f'knowledge_digest = "{"0" * 64}"\nslack_bot'), "review what changed"),
    "entries nobody signed": (sealed(lambda house: (house.root / "ours/knowledge.sig").unlink()), "ssh-keygen -Y sign"),
    "entries changed since they were signed": (
        sealed(lambda house: own_entry.place(house.root / "ours", own_entry.ENTRY + "\n")),
        "incorrect signature",
    ),
    "entries signed for something else": (sealed(signed_again(namespace="postmedic")), "namespace does not match"),
    "no signature but words": (sealed(mark("ours/knowledge.sig", "signed: ci\n")), "Couldn't parse signature"),
    "an expired signature of entries": (sealed(listed('valid-before="20200101"')), "key has expired"),
    "a signature before its time": (sealed(listed('valid-after="20990101"')), "key is not yet valid"),
    "entries signed by an unknown key": (
        sealed(lambda house: own_entry.signer(house.root / "etc", "other")),
        "Could not verify",
    ),
    "entries signed by who may only sign something else": (sealed(listed(principal="git")), "Could not verify"),
    "signers of something else alone": (sealed(listed('namespaces="git"')), "not permitted for use"),
    "signers everybody may write": (sealed(mode("etc/signers", 0o646)), "chmod o-w"),
    "signers among the entries": (sealed(_signers_inside), "move it out"),
    "no signers": (sealed(lambda house: (house.root / "etc/signers").unlink()), "correct knowledge_signers"),
    "an empty name for the signers": (setting("slack_bot", 'knowledge_signers = ""\nslack_bot'), "the path of a file"),
    "an inventory everybody may write": (mode("etc/inventory.toml", 0o606), "chmod o-w"),
    "no inventory": (lambda house: house.inventory.unlink(), "No such file"),
    "an unknown key of a host": (host("enrolled", "enroled"), "'enroled' is not known"),
    "a host without a key": (host('["ssh-ed25519 AAAA"]', "[]"), "no trust on first use"),
    "everyone approves": (host('"U1"', '"everyone"'), "everyone are not accepted"),
    "a star approves": (host('"S1"', '"*"'), "is no Slack id"),
    "a channel mention approves": (host('"U1"', '"<!channel>"'), "is no Slack id"),
    "a name approves": (host('"U1"', '"@ben"'), "is no Slack id"),
    "an empty id approves": (host('"U1"', '""'), "`approvers.users`"),
    "everybody by true": (host('{ users = ["U1"], groups = ["S1"] }', "true"), "`approvers`"),
    "the probe key open to the group": (mode("etc/keys/probe", 0o640), "chmod 600"),
    "the probe key open to all": (mode("etc/keys/probe", 0o644), "chmod 600"),
    "the fix key writable by all": (mode("etc/keys/fix", 0o602), "chmod 600"),
    "the fix key runnable by all": (mode("etc/keys/fix", 0o701), "chmod 600"),
    "a folder of keys everybody may write": (mode("etc/keys", 0o777), "chmod o-w"),
    "one key for reading and for fixes": (host('key = "keys/fix"', 'key = "keys/probe"'), "a key of its own"),
    "one key under two names": (lambda house: _copied(house, "probe", "fix"), "a key of its own"),
    "one account for both": (host('user = "postmedic-fix"', 'user = "postmedic-probe"'), "an account of its own"),
    "no fix key": (lambda house: (house.root / "etc/keys/fix").unlink(), "cannot be read"),
    "a database others may read": (mode("var/postmedic.db", 0o644), "chmod 600"),
    "a database the group may read": (mode("var/postmedic.db", 0o640), "chmod 600"),
    "a folder of the database everybody may write": (mode("var", 0o777), "chmod o-w"),
}


# Entries of one's own that cannot be trusted are not used at all; the built-in ones are, and everybody is told why.
UNUSED: dict[str, tuple[Callable[[House], None], str]] = {
    "a folder of entries everybody may write": (mode("ours", 0o777), "chmod o-w"),
    "a folder of entries everybody may add to": (mode("ours", 0o1777), "chmod o-w"),
    "an area everybody may add to": (mode("ours/startup", 0o1777), "chmod o-w"),
    "an entry everybody may write": (mode("ours/startup/example/problem.yaml", 0o646), "chmod o-w"),
    "entries behind a link": (_elsewhere, "chmod o-w"),
    "an entry of unknown words": (lambda house: house.write(house.entry, "risk: low", "risk: none"), "low"),
    "an entry with a shell of its own": (lambda house: house.write(house.entry, STEPS, "steps: [{shell: id}]"), "operation"),
}


def test_a_safe_house_starts(house: House) -> None:
    with pytest.raises(Reached):
        house.start()


def test_a_signed_one_starts(house: House) -> None:
    sealed(listed('valid-before="20990101Z"'))(house)
    with pytest.raises(Reached):
        house.start()


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_one_does_not(house: House, capsys: pytest.CaptureFixture[str], name: str) -> None:
    spoil, says = UNSAFE[name]
    before = house.database.read_bytes()
    spoil(house)
    assert house.start() == Status.USAGE
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1, "one message, for people"
    assert "Traceback" not in said
    assert "xoxb-1" not in said
    assert house.database.read_bytes() == before


@pytest.mark.parametrize("name", UNUSED)
async def test_unsafe_entries_are_not_used_and_it_is_said(house: House, name: str) -> None:
    spoil, says = UNUSED[name]
    spoil(house)
    known = await Shelf([house.root / "ours"]).read()
    assert says in known.refused
    assert "startup-example" not in known.library
    assert len(known.library) > 100


def test_tokens_that_are_missing_are_asked_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    house.write(house.settings, 'slack_bot_token = "xoxb-1"\n', "")
    assert house.start() == Status.USAGE


def test_a_new_database_is_private_from_its_first_byte(house: House) -> None:
    house.database.unlink()
    open_engine(str(house.database))
    assert house.database.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "approvers", ["", "approvers = {}", "approvers = { users = [] }", "approvers = { users = [], groups = [] }"]
)
def test_no_approvers_means_nobody(house: House, approvers: str) -> None:
    """The empty list is the safe one: where nobody is named, nobody may approve, whoever they are in Slack."""
    house.write(house.inventory, 'approvers = { users = ["U1"], groups = ["S1"] }', approvers)
    known = load(house.inventory)["host01"]
    assert known.approvers == Approvers()
    for actor in (ANNE, replace(ANNE, groups=frozenset({"S1", ""})), replace(ANNE, id="")):
        assert refusal(plan(), actor, known.approvers, TEAM) is Refusal.NOT_AN_APPROVER


@pytest.mark.parametrize("lang", LANGS)
def test_and_the_plan_says_so_and_offers_no_button(lang: Lang) -> None:
    progress = Progress(
        plan=plan(), state=State.PROPOSED, why=Why.NONE, detail="", conversation="", changed_at=0.0, reviews=(), steps=(),
        measurements=(), waits_for="",
    )  # fmt: skip
    card = plan_card(progress, None, Approvers(), lang)
    assert say("plan-nobody", lang) in str(card.blocks)
    assert [block for block in card.blocks if block["type"] == "actions"] == []


def test_no_start_is_ever_an_unforeseen_error(house: House) -> None:
    """Whatever the files hold, they are refused in words or accepted; nothing else comes out."""
    for file in (house.settings, house.inventory, house.entry):
        whole = file.read_bytes()
        for cut in range(0, len(whole), 101):
            file.write_bytes(whole[:cut] + b"\xff\x00" + whole[cut:])
            with suppress(Reached, PostmedicError):
                house.start()
        file.write_bytes(whole)
