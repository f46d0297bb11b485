"""`postmedic enroll HOST`: the script an administrator reads and runs as root there. It contacts nothing."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from pathlib import Path

from bot import inventory
from bot.cli.setting_up import settings
from bot.cli.status import Status
from bot.connectors.enrolment import Kit, listed, removal, script
from bot.errors import ConfigError
from bot.execution.enrolment import expected, programs


def run(arguments: Namespace) -> int:
    """Print the script, or write the files of the Ansible role; raises `PostmedicError`s for keys that cannot be used."""
    version = expected().version
    if arguments.uninstall:
        sys.stdout.write(removal(_name(arguments), version))
        return Status.FINE
    probe, fix = _key_files(arguments)
    kit = _kit(_name(arguments), version, probe, fix)
    if arguments.files is not None:
        lines = listed(kit, probe_key=probe, fix_key=fix)
        _write(kit, f'[[host]]\nname = "{kit.host}"\n{lines}', arguments.files)
    else:
        sys.stdout.write(script(kit, probe_key=probe, fix_key=fix))
    return Status.FINE


def _name(arguments: Namespace) -> str:
    """The host's name; with keys on the command line it need not be in the inventory yet."""
    name: str = arguments.host
    return name if arguments.probe_key else inventory.load(settings(arguments).inventory).find(name).name


def _key_files(arguments: Namespace) -> tuple[str, str]:
    """The private key files for reading and for fixes; the second is empty where there is none."""
    if arguments.probe_key:
        files = (arguments.probe_key, arguments.fix_key or "")
        return os.path.realpath(files[0]), os.path.realpath(files[1]) if files[1] else ""
    if arguments.fix_key:
        raise ConfigError(where="--fix-key", detail="it is of use only together with --probe-key")
    host = inventory.load(settings(arguments).inventory).find(arguments.host)
    return host.reader.key, host.writer.key if host.writer else ""


def _kit(host: str, version: str, probe: str, fix: str) -> Kit:
    from bot.connectors.ssh_connection import public_key  # asyncssh takes a quarter of a second to import

    return Kit(
        host=host,
        version=version,
        programs=programs(),
        probe_key=public_key(probe),
        fix_key=public_key(fix) if fix else "",
    )


def _write(kit: Kit, table: str, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for placed in kit.files:
            (folder / placed.name).write_text(placed.text, encoding="utf-8")
        (folder / "inventory").write_text(table, encoding="utf-8")
        if not kit.fix_key:
            (folder / "postmedic-fix").unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(where=folder, detail=error.strerror or "it cannot be written") from error
    print(f"{len(kit.files)} files for {kit.host} are in {folder}", file=sys.stderr)
