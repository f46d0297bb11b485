"""Does deploy/bot/postmedic.service do what it is written for, under a real systemd, installed as deploy/bot/README.md says?"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from tests.lab import Host, Lab
from tests.lab.bot_machine import configure, install, reaching
from tests.lab.office import ANA, APPROVERS, PATIENCE, shown, workspace
from tests.support.slack_person import Person

# What a bot that was taken over would try, run in place of the bot under the same unit.
TRIES = r"""
import ctypes, json, os, pathlib, socket, sys
def tried(what):
    try:
        what()
    except OSError as error:
        return error.strerror
    return "done"
P = pathlib.Path
libc = ctypes.CDLL(None, use_errno=True)
def called(*arguments):
    if libc.syscall(*arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
found = {
    "write its state": tried(lambda: P("/var/lib/postmedic/x").write_text("")),
    "write its settings": tried(lambda: P("/etc/postmedic/x").write_text("")),
    "write its program": tried(lambda: P("/opt/postmedic/x").write_text("")),
    "write elsewhere": tried(lambda: P("/srv/x").write_text("")),
    "list /home": tried(lambda: os.listdir("/home/ops")),
    "list /root": tried(lambda: os.listdir("/root")),
    "see /tmp": "seen" if os.path.exists("/tmp/lab") else "unseen",
    "see other processes": "seen" if os.path.exists("/proc/1/status") else "unseen",
    "capture packets": tried(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
    "speak netlink": tried(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)),
    "a new namespace": tried(lambda: called(272, 0x10000000)),
    "look a name up": tried(lambda: socket.getaddrinfo("mx12.lab.example", 22, flags=socket.AI_ADDRCONFIG)),
    "mount": tried(lambda: called(165, 0, b"/mnt", 0, 0, 0)),
    "write a kernel setting": tried(lambda: P("/proc/sys/kernel/hostname").write_text("x")),
    "memory to write and run": tried(lambda: called(9, 0, 4096, 7, 0x22, -1, 0)),
    "become root": tried(lambda: os.setuid(0)),
    "capabilities": [line.split()[1] for line in open("/proc/self/status") if line.startswith("CapBnd")][0],
    "mask": oct(os.umask(0)),
}
P("/var/lib/postmedic/tried.json").write_text(json.dumps(found))
"""


DENIED, READ_ONLY = "Operation not permitted", "Read-only file system"
NO_FAMILY = "Address family not supported by protocol"
BOUNDS = {
    "write its state": "done",
    "write its settings": READ_ONLY,
    "write its program": READ_ONLY,
    "write elsewhere": READ_ONLY,
    "list /home": "Permission denied",
    "list /root": "Permission denied",
    "see /tmp": "unseen",
    "see other processes": "unseen",
    "capture packets": NO_FAMILY,
    "speak netlink": NO_FAMILY,
    "a new namespace": DENIED,
    "look a name up": "done",
    "mount": DENIED,
    "write a kernel setting": "No such file or directory",
    "memory to write and run": DENIED,
    "become root": DENIED,
    "capabilities": "0" * 16,
    "mask": "0o77",
}


async def test_the_unit_serves_comes_back_and_holds_its_bounds(
    enrolled: Lab, record_property: Callable[[str, object], None]
) -> None:
    machine, mx12 = enrolled["relay"], enrolled["mx12"]

    async def run(command: str, **more: Any) -> str:
        return (await asyncio.to_thread(machine.run, command, check=True, **more)).out.strip()

    async def shows(name: str) -> str:
        return await run(f"systemctl show --value --property={name} postmedic")

    try:
        async with workspace() as running:
            await asyncio.to_thread(install, machine)
            await asyncio.to_thread(configure, machine, enrolled, running, ("mx12",), f"approvers = {APPROVERS}\n")
            with reaching(machine, int(running.url.rpartition(":")[2])):
                await run("systemctl daemon-reload && systemctl enable --now postmedic")
                ana = Person(running, ANA)
                await _until(machine, "serving workspace")
                await run("cd /root; postmedic doctor", timeout=90)  # as a person calls it; green is exit status 0

                assert await ana.command("/postfix check mx12") == ""
                first = await ana.waits_for(lambda one: "mx12" in shown(one) and "queue is empty" in shown(one), PATIENCE)

                # The host's sshd keeps silent, so the second check cannot end before the bot is killed.
                await asyncio.to_thread(mx12.run, "pkill -STOP -o -x sshd", check=True)
                assert await ana.command("/postfix check mx12") == ""
                await run("systemctl kill --signal=KILL postmedic")
                killed = time.monotonic()
                seen = [one for one in await ana.reads() if one["ts"] > first["ts"]]
                assert not any("queue is empty" in shown(one) for one in seen)
                await asyncio.to_thread(mx12.run, "pkill -CONT -o -x sshd", check=True)
                await ana.waits_for(lambda one: one["ts"] > first["ts"] and "queue is empty" in shown(one), PATIENCE)
                record_property("seconds_after_the_kill", round(time.monotonic() - killed, 1))
                assert (await shows("NRestarts"), await shows("Result")) == ("1", "success")

                heads = await run("journalctl --quiet --identifier=postmedic-audit --output=cat")
                assert heads.count("program.started") == 2, "the system log keeps the heads of the record"

                # A freeze by a person on the machine is the bot's own freeze: both mean the same database.
                await run("postmedic freeze drill")
                assert "drill" in await run("postmedic audit show --json")
                await run("postmedic unfreeze")
                started = time.monotonic()
                await run("systemctl stop postmedic", timeout=90)
                record_property("seconds_to_stop", round(time.monotonic() - started, 1))
                assert [await shows(name) for name in ("ActiveState", "Result", "ExecMainStatus")] == [
                    "inactive",
                    "success",
                    "0",
                ]
                assert "Traceback" not in await run("journalctl --quiet --unit=postmedic")
        record_property("exposure", await run("systemd-analyze security --no-pager postmedic | tail -n 1"))
        tried = await asyncio.to_thread(_tried, machine)
        assert tried.items() - BOUNDS.items() == set()
        assert len(tried) == len(BOUNDS)
    finally:
        await asyncio.to_thread(enrolled.reset, "relay", "mx12")


def _tried(machine: Host) -> dict[str, str]:
    """What the unit's own bounds let through, when it runs the tries instead of the bot."""
    machine.run("install -d -m 777 /srv /tmp/lab")
    machine.run("cat >/opt/postmedic/tries.py", stdin=TRIES.encode(), check=True)
    machine.run(
        "sed 's|^ExecStart=.*|ExecStart=/opt/postmedic/.venv/bin/python /opt/postmedic/tries.py|; s|^Restart=.*|Type=oneshot|' "
        "/etc/systemd/system/postmedic.service >/run/systemd/system/tries.service\n"
        "systemctl daemon-reload; systemctl start tries",
        check=True,
    )
    found: dict[str, str] = json.loads(machine.run("cat /var/lib/postmedic/tried.json", check=True).out)
    return found


async def _until(machine: Host, said: str) -> None:
    ends = time.monotonic() + PATIENCE
    while said not in (await asyncio.to_thread(machine.run, "journalctl --quiet --unit=postmedic")).out:
        assert time.monotonic() < ends, (await asyncio.to_thread(machine.run, "journalctl --unit=postmedic")).out
        await asyncio.sleep(0.3)
