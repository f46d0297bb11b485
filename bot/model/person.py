"""Which accounts, logins and keys are one human being? Names of people are for the record; they decide nothing in Slack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

LOCAL = "local:"  # begins the id of somebody who works at the command line of the bot's machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One human being: (team id, user id) pairs in Slack, logins on the bot's machine, and public keys in OpenSSH's form."""

    name: str
    accounts: frozenset[tuple[str, str]] = frozenset()
    logins: frozenset[str] = frozenset()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Register:
    """The people of the inventory; while it is empty, each account is a person of its own."""

    people: tuple[Person, ...] = ()

    def __iter__(self) -> Iterator[Person]:
        return iter(self.people)

    def named(self, name: str) -> Person | None:
        """The person with this name."""
        return next((one for one in self.people if one.name == name), None)

    def of(self, team: str, account: str) -> str | None:
        """Who is behind a Slack account; None when a filled register says nobody, or several, so that nobody is guessed."""
        if not self.people:
            return f"{team}/{account}"
        names = [one.name for one in self.people if (team, account) in one.accounts]
        return names[0] if len(names) == 1 else None

    def asked(self, requester: str) -> frozenset[str]:
        """Everybody who may be behind the id of a requester: a user id in whichever team, or `local:` and a login."""
        login = requester.removeprefix(LOCAL) if requester.startswith(LOCAL) else None
        return frozenset(
            one.name
            for one in self.people
            if (login in one.logins if login is not None else any(requester == account for _, account in one.accounts))
        )
