"""Which accounts, logins and public keys belong to one person? Read from the inventory; what is ambiguous is refused.

[[person]]
name = "anne"                              # how the command line and the record call her
accounts = ["T0001/U0ANNE", "T0001/U0ANN2"]   # team id/user id: all of them are one person
logins = ["anne"]                          # her logins on the bot's machine
keys = ["ssh-ed25519 AAAA…"]               # public keys with which she confirms outside Slack; never a secret
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from bot.errors import InventoryError
from bot.model.person import Person, Register

_FORMS = {
    "accounts": (re.compile(r"T[A-Z0-9]{1,20}/[UW][A-Z0-9]{1,20}"), "team id/user id, as T0001/U0ANNE"),
    "logins": (re.compile(r"[a-z_][a-z0-9_.-]{0,31}"), "a login name"),
    # Whole lines of authorized_keys could begin with options, and OpenSSH would believe them.
    "keys": (
        re.compile(
            r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com)"
            r" [A-Za-z0-9+/]{40,}={0,2}( [ -~]*)?"
        ),
        'a public key, as "ssh-ed25519 AAAA…"',
    ),
}
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


def read_people(path: Path, tables: Sequence[object]) -> Register:
    """Read the [[person]] tables; raises `InventoryError` that names the person and what to correct."""
    people: list[Person] = []
    taken: dict[str, str] = {}
    for number, table in enumerate(tables, 1):
        one = _person(path, number, table)
        marks = [
            f"the name {one.name}",
            *(f"the login {login}" for login in one.logins),
            *(f"the key {key}" for key in one.keys),
        ]
        marks += [f"the account {team}/{user}" for team, user in one.accounts]
        for mark in marks:
            if mark in taken:
                raise InventoryError(where=path, detail=f"{mark} stands for {taken[mark]} and for {one.name}")
            taken[mark] = one.name
        people.append(one)
    return Register(tuple(people))


def _person(path: Path, number: int, table: object) -> Person:
    name = table.get("name") if isinstance(table, dict) else None

    def wrong(detail: str) -> InventoryError:
        return InventoryError(where=path, detail=f"person {name or number}: {detail}")

    if not isinstance(table, dict) or not isinstance(name, str) or not _NAME.fullmatch(name):
        raise wrong("`name` is missing or not a short lower-case name")
    if unknown := set(table) - {"name", *_FORMS}:
        raise wrong(f"the key {sorted(unknown)[0]!r} is not known; known are name, {', '.join(sorted(_FORMS))}")
    given: dict[str, tuple[str, ...]] = {}
    for key, (form, expected) in _FORMS.items():
        values = table.get(key, [])
        if not isinstance(values, list) or not all(isinstance(one, str) and form.fullmatch(one) for one in values):
            raise wrong(f"`{key}` is not a list of texts that are each {expected}")
        given[key] = tuple(values)
    accounts = frozenset((team, user) for team, _, user in (one.partition("/") for one in given["accounts"]))
    return Person(
        name=name,
        accounts=accounts,
        logins=frozenset(given["logins"]),
        keys=tuple(" ".join(key.split(" ")[:2]) for key in given["keys"]),
    )
