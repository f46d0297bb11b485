"""Which hosts exist for postmedic? The inventory file is the only source of targets and of who may approve.

The file is TOML:

    [[host]]
    name = "host01"                       # how people call it
    aliases = ["mx1.example.com"]         # names it has in its own log lines
    address = "192.0.2.10"                # optional, default: the name
    port = 22
    host_keys = ["ssh-ed25519 AAAA…"]     # there is no trust on first use
    reader = { user = "postmedic-probe", key = "keys/probe" }
    writer = { user = "postmedic-fix", key = "keys/fix" }      # without it fixes are shown as advice
    enrolled = true                       # without it `writer` is never used
    approvers = { users = ["U123"], groups = ["S456"] }        # empty means nobody
    breakglass = { users = ["U123"] }     # optional: who may run a fix alone in an emergency, after an alarm
    channels = ["C789"]                   # optional: only there it may be discussed

and, where one person has several accounts or confirms with a key, the [[person]] tables of `bot/people.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bot import rights, toml_file
from bot.errors import InventoryError, UnknownHost
from bot.model.host import Account, Approvers, Host, Via
from bot.model.person import Register
from bot.people import read_people

THIS_MACHINE = "local"  # on the command line, also where an inventory would know another
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")
_SLACK_ID = re.compile(r"[A-Z][A-Z0-9]{1,20}")
_KEYS = {
    "name",
    "aliases",
    "address",
    "port",
    "host_keys",
    "reader",
    "writer",
    "enrolled",
    "approvers",
    "breakglass",
    "channels",
}


Wrong = Callable[[str], InventoryError]


class Inventory(Mapping[str, Host]):
    """The hosts by name."""

    def __init__(self, hosts: Mapping[str, Host], register: Register | None = None) -> None:
        self._hosts = dict(hosts)
        self.register = register or Register()
        self._names = {name.casefold(): host for host in hosts.values() for name in (host.name, *host.aliases)}

    def __getitem__(self, name: str) -> Host:
        return self._hosts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._hosts)

    def __len__(self) -> int:
        return len(self._hosts)

    def find(self, name: str) -> Host:
        """Give the host a person or a log line names, by name or alias; raises `UnknownHost`.

        A short name stands for a longer alias only when exactly one host has it: in doubt a person is asked.
        """
        wanted = name.casefold()
        if wanted in self._names:
            return self._names[wanted]
        short = {host.name: host for known, host in self._names.items() if known.partition(".")[0] == wanted}
        if len(short) == 1 and "." not in wanted:
            return next(iter(short.values()))
        raise UnknownHost(name=repr(name[:60]), known=", ".join(sorted(self)[:20]) or "none")


def load(path: Path) -> Inventory:
    """Read the inventory; raises `InventoryError` that names the file, the host and what to correct."""
    try:
        if exposed := rights.open_to_others(path):
            raise InventoryError(where=path, detail=exposed)
        data = toml_file.read(path)
    except OSError as error:
        raise InventoryError(where=path, detail=error.strerror or "it cannot be read") from error
    except ValueError as error:
        raise InventoryError(where=path, detail=str(error)) from error
    if set(data) - {"host", "person"} or not all(isinstance(one, list) for one in data.values()):
        raise InventoryError(where=path, detail="it holds something else than [[host]] and [[person]] tables")
    hosts: dict[str, Host] = {}
    taken: dict[str, str] = {}
    for number, table in enumerate(data.get("host", []), 1):
        host = _host(path, number, table)
        for name in (host.name, *host.aliases):
            if name.casefold() == THIS_MACHINE:
                raise InventoryError(where=path, detail=f"{host.name}: {name} is the machine that a command is typed on")
            if taken.setdefault(name.casefold(), host.name) != host.name or host.name in hosts:
                raise InventoryError(where=path, detail=f"the name {name} stands for two hosts")
        hosts[host.name] = host
    return Inventory(hosts, read_people(path, data.get("person", [])))


def _host(path: Path, number: int, table: object) -> Host:
    name = table.get("name") if isinstance(table, dict) else None

    def wrong(detail: str) -> InventoryError:
        return InventoryError(where=path, detail=f"host {name or number}: {detail}")

    if not isinstance(table, dict) or not isinstance(name, str) or not _NAME.fullmatch(name):
        raise wrong("`name` is missing or not a lower-case host name")
    if unknown := set(table) - _KEYS:
        raise wrong(f"the key {sorted(unknown)[0]!r} is not known; known are {', '.join(sorted(_KEYS))}")
    keys = _strings(table.get("host_keys"), wrong, "host_keys")
    if not keys or not all(len(key.split()) >= 2 for key in keys):
        raise wrong('`host_keys` needs at least one public key, e.g. ["ssh-ed25519 AAAA…"]; there is no trust on first use')
    port = table.get("port", 22)
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65536:
        raise wrong("`port` is not a port number")
    address = table.get("address", name)
    if not isinstance(address, str) or not _may_be_looked_up(address):
        raise wrong("`address` is not a host name or an address")
    enrolled = table.get("enrolled", False)
    if not isinstance(enrolled, bool):
        raise wrong("`enrolled` is not true or false")
    reader = _account(path, table.get("reader"), wrong, "reader")
    if reader is None:
        raise wrong("`reader` is missing")
    writer = _account(path, table.get("writer"), wrong, "writer")
    if writer is not None and (shared := _shared(reader, writer)):
        raise wrong(f"`writer` needs {shared} of its own: who reads must not be able to fix")
    return Host(
        name=name,
        aliases=_strings(table.get("aliases"), wrong, "aliases"),
        address=address,
        port=port,
        host_keys=keys,
        reader=reader,
        writer=writer,
        via=Via.ENROLLED if enrolled else Via.SHELL,
        approvers=_role(table, wrong, "approvers"),
        breakglass=_role(table, wrong, "breakglass"),
        channels=_slack_ids(table.get("channels"), wrong, "channels"),
    )


def _may_be_looked_up(address: str) -> bool:
    """Whether a resolver takes the text at all: it raises no `OSError` for a doubled dot or a label that is too long."""
    try:
        return bool(address.encode("idna")) and not any(char.isspace() for char in address)
    except UnicodeError:
        return False


def _role(table: Mapping[str, object], wrong: Wrong, name: str) -> Approvers:
    role = table.get(name, {})
    if not isinstance(role, dict) or set(role) - {"users", "groups"}:
        raise wrong(f"`{name}` is not a table of `users` and `groups`")
    users, groups = (_slack_ids(role.get(key), wrong, f"{name}.{key}") for key in ("users", "groups"))
    return Approvers(users=users, groups=groups)


def _account(path: Path, table: object, wrong: Wrong, role: str) -> Account | None:
    if table is None:
        return None
    if not isinstance(table, dict) or set(table) != {"user", "key"} or not all(isinstance(one, str) for one in table.values()):
        raise wrong(f'`{role}` is not of the form {{ user = "…", key = "file" }}')
    key = path.parent / table["key"]
    try:
        exposed = rights.shown_to_others(key)
        if not key.is_file():
            raise wrong(f"the key file of {role} is no file")
        key.read_bytes()
    except OSError as error:
        raise wrong(f"the key file of {role} cannot be read: {error.strerror}") from error
    if exposed:
        raise wrong(f"the key file of {role}: {exposed}")
    return Account(user=table["user"], key=str(key.resolve()))


def _shared(reader: Account, writer: Account) -> str:
    """What the two have in common and must not; the same key under another passphrase is not known here."""
    if reader.user == writer.user:
        return "an account"
    same = reader.key == writer.key or Path(reader.key).read_bytes() == Path(writer.key).read_bytes()
    return "a key" if same else ""


def _strings(value: object, wrong: Wrong, name: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise wrong(f"`{name}` is not a list of texts")
    return tuple(value)


def _slack_ids(value: object, wrong: Wrong, name: str) -> frozenset[str]:
    ids = _strings(value, wrong, name)
    if bad := [one for one in ids if not _SLACK_ID.fullmatch(one)]:
        raise wrong(f"`{name}` holds {bad[0]!r}, which is no Slack id: names and everyone are not accepted")
    return frozenset(ids)
