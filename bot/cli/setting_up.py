"""Which settings, inventory, knowledge and connections does a command work with? Made here, once per call."""

from __future__ import annotations

import getpass
import os
import time
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from bot import config, inventory
from bot.audit import syslog
from bot.config import PSEUDONYMS, Settings, there
from bot.connectors.base import Connector, Reader, Writer
from bot.connectors.local import LocalReader
from bot.engine import Engine
from bot.errors import StoreUnavailable
from bot.inventory import THIS_MACHINE, Inventory
from bot.knowledge import library
from bot.model.host import Account, Approvers, Host, Via
from bot.model.text import Lang
from bot.render.discretion import Discretion

if TYPE_CHECKING:  # the database library is slow to import, and most commands do not need it
    from bot.store.store import Store

LOCAL = Host(
    name=THIS_MACHINE,
    address="127.0.0.1",
    port=0,
    host_keys=(),
    reader=Account(user="", key=""),
    writer=None,
    via=Via.ENROLLED,  # no other account stands between: the process's own rights apply
    approvers=Approvers(),
)


class LocalConnector:
    """The way to the machine postmedic runs on: it only measures."""

    def reader(self, host: Host) -> Reader:
        return LocalReader()

    def writer(self, host: Host) -> Writer | None:
        return None


def settings(arguments: Namespace) -> Settings:
    """The settings of this call; `--settings` and `--lang` win. Raises `ConfigError`."""
    given = config.load(arguments.settings)
    return replace(given, lang=arguments.lang) if arguments.lang else given


def language(arguments: Namespace, given: Settings) -> Lang:
    """In which language this call speaks."""
    return arguments.lang or given.lang


def knowledge(given: Settings) -> library.Library:
    """The built-in entries and those of `knowledge_paths`. Raises `KnowledgeError`."""
    return library.load(
        given.knowledge_paths, beside=library.load(), pinned=given.knowledge_digest, signers=given.knowledge_signers
    )


async def discretion(given: Settings) -> Discretion:
    """What is done to texts from outside before they are shown. Raises `StoreUnavailable`."""
    if given.addresses != PSEUDONYMS:
        return Discretion()
    from bot.store.store import Store

    store = await Store.open(given.database)
    try:
        return Discretion(key=await store.key(PSEUDONYMS))
    finally:
        await store.close()


def login() -> str:
    """Who calls, for the record: it proves nothing, as whoever may write the database may write anything."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        return str(os.getuid())


@asynccontextmanager
async def store(given: Settings) -> AsyncIterator[Store]:
    """The database the bot works with. Raises `StoreUnavailable`, also where there is none: a new one would stop nothing."""
    if not there(given.database):
        raise StoreUnavailable(detail=f"there is none at {given.database}; name the bot's settings with --settings")
    from bot.store.store import Store

    opened = await Store.open(given.database, witness=syslog.witness(given.audit_syslog))
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def engine(given: Settings, host: str) -> AsyncIterator[tuple[Engine, Host]]:
    """An engine and the host called `host` (`local`: this machine). Raises `InventoryError` or `UnknownHost`."""
    known = Inventory({THIS_MACHINE: LOCAL}) if host == THIS_MACHINE else inventory.load(given.inventory)
    chosen = known.find(host)
    discreet = await discretion(given)
    if host == THIS_MACHINE:
        yield _engine(given, known, LocalConnector(), discreet), chosen
        return
    from bot.connectors.ssh import SshConnector  # asyncssh takes a quarter of a second to import

    connector = SshConnector()
    try:
        yield _engine(given, known, connector, discreet), chosen
    finally:
        connector.close()


def _engine(given: Settings, known: Inventory, connector: Connector, discreet: Discretion) -> Engine:
    return Engine(
        inventory=known,
        library=knowledge(given),
        connector=connector,
        clock=time.time,
        plan_seconds=given.plan_minutes * 60.0,
        discretion=discreet,
    )
