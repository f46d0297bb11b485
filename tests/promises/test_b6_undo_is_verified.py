"""B6: a change that does not help is undone, and the undo is verified: byte for byte, owner, mode and extended attributes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import HostUnreachable
from bot.model.enrolment import HOME
from bot.model.execution import State
from bot.model.progress import Stage, Why
from bot.model.text import LANGS
from bot.operations.base import OPERATIONS
from bot.render.plan_card import plan_card
from bot.render.signs import GOOD
from bot.store.store import Store
from tests.lab import Host, Lab
from tests.lab.proving import made_new
from tests.support.fixes import LIBRARY, Recorded, carried, mended, readings
from tests.support.plans import APPROVERS
from tests.support.rooted import inside, tree

FIXES = {one.name: one for one in mended() if one.plan.undo}

# --- the executor: a failure after each step of each fix ----------------------------------------------------------------


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(str(tmp_path / "postmedic.db"))
    yield opened
    await opened.close()


@pytest.mark.parametrize("name", FIXES)
async def test_a_failure_after_any_step_is_taken_back_and_measured(store: Store, name: str) -> None:
    plan, case = FIXES[name].plan, FIXES[name].case
    for failing in range(len(plan.steps)):
        recorded = Recorded(readings=readings(case), exits={failing: 1})
        progress = await carried(store, recorded, replace(plan, id=f"p{failing}", within=0))
        assert recorded.sent == [step.wire for step in (*plan.steps[: failing + 1], *plan.undo)]
        assert (progress.state, progress.why) == (State.UNDONE, Why.STEP_FAILED)
        undone = progress.measured(Stage.UNDONE)
        assert undone is not None
        assert undone.holds, "undone is said because it was measured, not because the undo ended well"


@pytest.mark.parametrize("name", [name for name in FIXES if len(FIXES[name].plan.steps) > 1])
async def test_what_was_done_is_taken_back_when_the_next_step_cannot_be_sent(store: Store, name: str) -> None:
    plan = FIXES[name].plan

    class Away(Recorded):
        async def run(self, execution, index, step):  # type: ignore[no-untyped-def]
            if index == 1:
                raise HostUnreachable(host="mx1", detail="no route")
            return await super().run(execution, index, step)

    recorded = Away(readings=readings(FIXES[name].case))
    progress = await carried(store, recorded, replace(plan, within=0))
    assert recorded.sent == [step.wire for step in (plan.steps[0], *plan.undo)]
    assert (progress.state, progress.why) == (State.UNDONE, Why.NOT_SENT)


@pytest.mark.parametrize("name", FIXES)
def test_every_service_that_was_told_of_a_file_is_told_again_once_it_is_back(name: str) -> None:
    plan = FIXES[name].plan
    back = [step.operation for step in plan.undo].index("files-restore")
    told, again = (
        {step.tokens for step in steps if step.operation in ("service-reload", "service-restart")}
        for steps in (plan.steps, plan.undo[back:])
    )
    assert told <= again or plan.problem == "startup-no-local-interface", "with the old file Postfix could not start there"


@pytest.mark.parametrize("name", FIXES)
async def test_an_undo_that_left_something_is_not_called_undone(store: Store, name: str) -> None:
    """The undo says 0, and afterwards the host is not as it was before: failed, in words."""
    plan = FIXES[name].plan

    class Left(Recorded):
        async def run(self, execution, index, step):  # type: ignore[no-untyped-def]
            if index == len(plan.steps) + len(plan.undo) - 1:
                self.readings = {}
            return await super().run(execution, index, step)

    progress = await carried(store, Left(readings=readings(FIXES[name].case)), replace(plan, within=0))
    assert (progress.state, progress.why) == (State.FAILED, Why.UNDO_NOT_VERIFIED)
    assert all(GOOD not in plan_card(progress, LIBRARY[plan.problem], APPROVERS, lang).text for lang in LANGS)


@pytest.mark.parametrize("name", list(FIXES)[::6])
async def test_an_undo_that_fails_is_said(store: Store, name: str) -> None:
    plan = FIXES[name].plan
    recorded = Recorded(readings=readings(FIXES[name].case), exits={0: 1, len(plan.steps): 1})
    progress = await carried(store, recorded, replace(plan, within=0))
    assert (progress.state, progress.why) == (State.FAILED, Why.UNDO_FAILED)


# --- the host: every operation that edits files, as its real text over a real file system --------------------------------

# What must be there for each operation to find something to change; its words; whether the release has the subject at all.
PASSWORDS = (
    "printf '[relay.lab.example]:587 user:secret\\n' >/etc/postfix/sasl_passwd; chmod 640 /etc/postfix/sasl_passwd; "
    "chgrp adm /etc/postfix/sasl_passwd; postmap /etc/postfix/sasl_passwd; chmod 644 /etc/postfix/sasl_passwd.db"
)
VIRTUAL = (
    "printf 'a@x.example b\\n' >/etc/postfix/virtual; postconf -e virtual_alias_maps=hash:/etc/postfix/virtual; "
    "rm -f /etc/postfix/virtual.db; printf old >/etc/postfix/virtual.db; chmod 604 /etc/postfix/virtual.db"
)
SMTPD = (
    "mkdir -p /etc/postfix/sasl; printf 'pwcheck_method: saslauthd\\nmech_list: CRAM-MD5\\nsecret: x\\n' "
    ">/etc/postfix/sasl/smtpd.conf; chmod 640 /etc/postfix/sasl/smtpd.conf; chgrp sasl /etc/postfix/sasl/smtpd.conf"
)
EDITS: dict[str, tuple[str, str]] = {
    "relay-guard-restore": ("postconf -e smtpd_relay_restrictions=permit", ""),
    "destination-add": ("true", "x.example"),
    "aliases-rebuild": ("echo 'new: root' >>/etc/aliases; printf old >/etc/aliases.db; chgrp mail /etc/aliases.db", ""),
    "mynetworks-loopback-add": ("postconf -e mynetworks=192.0.2.0/24; chmod 600 /etc/postfix/main.cf", ""),
    "sendmail-mode-restore": ("chmod 640 /usr/sbin/sendmail", ""),
    "sendmail-link-restore": ("rm -f /usr/lib/sendmail; ln -s nowhere /usr/lib/sendmail", ""),
    "postdrop-rights-restore": ("chmod 755 /usr/sbin/postdrop; chgrp root /usr/sbin/postdrop /usr/sbin/postqueue", ""),
    "table-postmap": (VIRTUAL, "hash:/etc/postfix/virtual"),
    "relay-login": (PASSWORDS, "587 hash:/etc/postfix/sasl_passwd"),
    "relay-through": (PASSWORDS, "relay.lab.example 587 hash:/etc/postfix/sasl_passwd"),
    "password-map-private": (PASSWORDS, "hash:/etc/postfix/sasl_passwd"),
    "sasl-config-path": (SMTPD, ""),
    "sasl-type-dovecot": ("chown postfix:adm /etc/postfix/main.cf", ""),
    "sasl-type-cyrus": ("postconf -e smtpd_sasl_type=dovecot", ""),
    "dovecot-listener": ("true", ""),
    "sasl-mechanisms-plain": (f"{SMTPD}; postconf -e cyrus_sasl_config_path=/etc/postfix/sasl", ""),
    "sasl-plaintext-in-tls": ("postconf -e smtpd_sasl_security_options=noplaintext", ""),
    "saslauthd-enable": (
        "printf 'START=no\\n# kept\\nOPTIONS=\"-c\"' >/etc/default/saslauthd; chmod 600 /etc/default/saslauthd",
        "",
    ),
    "saslauthd-into-chroot": ("true", ""),
    "sasl-group-add": ("chmod 600 /etc/gshadow", ""),
    "inet-protocols-ipv4": ("postconf -e inet_protocols=all", ""),
    "hosts-localhost-restore": ("printf '192.0.2.7 localhost mx\\n\\377\\n' >/etc/hosts; chmod 664 /etc/hosts", ""),
    "caches-renew": ("printf broken >/var/lib/postfix/smtp_cache.db; chown postfix /var/lib/postfix/smtp_cache.db", ""),
}
MARKED = """
import os
for path in ("main.cf", "sasl_passwd", "virtual.db"):
    if os.path.exists("/etc/postfix/" + path):
        os.setxattr("/etc/postfix/" + path, "user.note", b"kept by an admin")
"""
# Files that name every change of accounts, whoever makes it: copies that the tools of Debian themselves leave behind.
TRACES = {"/etc/group-", "/etc/gshadow-", "/etc/passwd-", "/etc/shadow-", "/etc/.pwd.lock", "/etc/subuid-", "/etc/subgid-"}
FOLDERS = {"/etc/systemd/system/saslauthd.service.d"}  # an empty folder for a snippet says nothing to systemd


def test_every_operation_that_a_fix_takes_back_is_tried() -> None:
    undone = {step.operation for one in FIXES.values() for step in one.plan.steps if one.plan.undo}
    editing = {name for name in undone if "keep" in OPERATIONS[name].script}
    assert editing <= set(EDITS), "an operation that edits files needs its row in EDITS"
    assert undone - editing <= {"service-reload", "service-restart", "flush-queue"}
    assert all("files-restore" in {step.operation for step in one.plan.undo} for one in FIXES.values())


RELEASES = ("bookworm", "trixie")
# Where the two releases differ in what is edited, or in the tools that edit; the others run on the older one.
DIFFERING = (
    "saslauthd-enable",
    "saslauthd-into-chroot",
    "dovecot-listener",
    "sasl-group-add",
    "aliases-rebuild",
    "table-postmap",
)
EVERYWHERE = [*((RELEASES[0], name) for name in EDITS), *((RELEASES[1], name) for name in DIFFERING)]


def differences(before: object, after: object) -> dict[str, tuple[object, object]]:
    """What two looks at the files do not have in common."""
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    paths = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)} - TRACES - FOLDERS
    return {path: (before.get(path), after.get(path)) for path in sorted(paths)}


@pytest.mark.parametrize(("release", "name"), EVERYWHERE)
def test_what_an_operation_edited_comes_back_exactly(folder: Path, release: str, name: str) -> None:
    """Twice: after it ended well, and when the step after it fails and so nothing else of the fix was done."""
    prepare, tokens = EDITS[name]
    words = " ".join(part for part in (name, tokens) if part)
    actions = [
        ("run", prepare),
        ("run", f"/usr/bin/python3 -c '{MARKED}'"),
        ("look", ""),
        ("fix", f"run e1 0 {words}"),
        ("look", ""),
        ("fix", "run e1 1 files-restore"),
        ("look", ""),
        ("fix", f"run e1 0 {words}"),  # the same step again is only told, never done
        ("look", ""),
    ]
    prepared, marked, before, ran, changed, restored, after, again, still = inside(tree(release), folder, actions)
    assert (prepared[0], marked[0]) == (0, 0), (prepared, marked)  # type: ignore[index]
    assert differences(before, changed), f"{name} changed nothing: {ran}"
    assert restored[1].startswith("ended 0 fresh"), restored  # type: ignore[index]
    assert differences(before, after) == {}
    assert " replayed " in again[1]  # type: ignore[index]
    assert differences(after, still) == {}
    assert isinstance(after, dict)
    assert not [path for path in after if "postmedic" in path.rpartition("/")[2] and path not in FOLDERS]


@pytest.mark.parametrize("release", RELEASES)
def test_several_edits_of_one_execution_come_back_together(folder: Path, release: str) -> None:
    """The first copy stays the one that counts, however often the same file is edited."""
    steps = (
        "destination-add x.example",
        "inet-protocols-ipv4",
        "sasl-type-dovecot",
        "destination-add y.example",
        "aliases-rebuild",
        "dovecot-listener",
        "dovecot-listener",  # edited again, after it was absent
    )
    actions = [("run", EDITS["aliases-rebuild"][0]), ("look", "")]
    actions += [("fix", f"run e1 {index} {words}") for index, words in enumerate(steps)]
    actions += [("look", ""), ("fix", f"run e1 {len(steps)} files-restore"), ("look", "")]
    answers = inside(tree(release), folder, actions)
    before, changed, after = answers[1], answers[-3], answers[-1]
    assert {"/etc/postfix/main.cf", "/etc/aliases.db"} <= set(differences(before, changed))
    assert differences(before, after) == {}


@pytest.mark.parametrize(
    ("prepare", "words", "edited"),
    [
        (
            "mv /etc/hosts /etc/hosts.real; ln -s hosts.real /etc/hosts; : >/etc/hosts.real",
            "hosts-localhost-restore",
            "/etc/hosts.real",
        ),
        (
            "mv /etc/postfix/main.cf /etc/postfix/real.cf; ln -s real.cf /etc/postfix/main.cf",
            "destination-add x.example",
            "/etc/postfix/main.cf",
        ),
    ],
)
def test_an_edit_behind_a_link_comes_back(folder: Path, prepare: str, words: str, edited: str) -> None:
    actions = [("run", prepare), ("look", ""), ("fix", f"run e1 0 {words}"), ("look", "")]
    actions += [("fix", "run e1 1 files-restore"), ("look", "")]
    _, before, _, changed, _, after = inside(tree(RELEASES[0]), folder, actions)
    assert edited in differences(before, changed)
    assert differences(before, after) == {}


def test_a_file_of_which_no_copy_could_be_kept_is_not_edited(folder: Path) -> None:
    """The list of kept files cannot be written, as on a full disk."""
    actions = [("run", "mkdir -p /var/lib/postmedic/e1/kept"), ("look", ""), ("fix", "run e1 0 destination-add x.example")]
    _, before, ran, after = inside(tree(RELEASES[0]), folder, [*actions, ("look", "")])
    assert ran[1].startswith("ended 73 fresh"), ran  # type: ignore[index]
    assert differences(before, after) == {}


# --- a running host: what only systemd itself says -------------------------------------------------------------------------

SNIPPET = "/etc/systemd/system/saslauthd.service.d/postmedic.conf"
FILES = "find /etc -type f -exec stat -c '%n %a %U:%G' {} + -exec sha256sum {} + | sort"


@pytest.mark.parametrize("name", ["mx13"])
def test_a_snippet_for_systemd_is_taken_back(enrolled: Lab, name: str) -> None:
    """The unit of Debian 13 needs one, which systemd tells only where it runs."""
    host = enrolled[name]
    try:
        before = host.run(FILES, check=True).out
        assert _ran(host, "run b6 0 saslauthd-into-chroot").startswith("ended 0 fresh")
        changed = host.run(FILES, check=True).out
        assert SNIPPET in changed
        assert SNIPPET not in before
        for index, operation in enumerate(("saslauthd-stop", "files-restore"), 1):
            assert _ran(host, f"run b6 {index} {operation}").startswith("ended 0 fresh")
        assert host.run(FILES, check=True).out == before
    finally:
        made_new(enrolled, name)


def _ran(host: Host, words: str) -> str:
    return host.run(f"{HOME}/fix", stdin=words.encode(), timeout=120, check=True).out
