"""The lab for people: python -m tests.lab build | up [HOST ...] | demo [PORT] |
run [LAB/]HOST COMMAND | shell [LAB/]HOST | down.

Never leaves anything running once `up` or `demo` has ended, by Ctrl-C or otherwise.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from types import FrameType

from tests.lab import HOSTS, Lab, LabError, images
from tests.lab.host import inside
from tests.lab.lab import leader, remove_leftovers, running


def main() -> int:
    """Run one lab command; the exit code is 0, that of the command run, or 1 with the reason on stderr."""
    arguments = _arguments()
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        match arguments.action:
            case "build":
                return _build()
            case "up":
                return _up(arguments.hosts or list(HOSTS))
            case "demo":
                return _demo(arguments.port)
            case "down":
                return _down()
            case "shell":
                return _inside(arguments.host, "bash", "-l")
            case _:
                return _inside(arguments.host, "bash", "-c", " ".join(arguments.command))
    except LabError as problem:
        print(f"lab: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # Both signals unwind through the lab's own cleaning up, and an impatient second one must not break it.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: None)
    raise KeyboardInterrupt


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description="Real Postfix hosts on this machine.")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("build", help="build the file systems that are not in the cache")
    actions.add_parser("up", help="boot hosts and keep them until Ctrl-C").add_argument("hosts", nargs="*", metavar="HOST")
    demo = actions.add_parser("demo", help="break two hosts and serve postmedic over them until Ctrl-C")
    demo.add_argument("port", nargs="?", type=int, default=8080)
    actions.add_parser("down", help="end every running lab and remove what a killed one left")
    actions.add_parser("shell", help="a root shell on a host").add_argument("host", metavar="[LAB/]HOST")
    run = actions.add_parser("run", help="run one command as root on a host")
    run.add_argument("host", metavar="[LAB/]HOST")
    run.add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args()


def _build() -> int:
    started = time.monotonic()
    images.build(images.RELEASE_OF.values())
    print(f"built in {time.monotonic() - started:.0f} s: {images.cache()}")
    return 0


def _up(hosts: list[str]) -> int:
    from tests.lab.enrolled import enrolling  # needs the whole product, which `build` and `down` do without

    started = time.monotonic()
    print("starting (the first time builds the file systems, a few minutes) …", flush=True)
    with Lab.up(hosts, enrolment=enrolling) as lab:
        print(f"up after {time.monotonic() - started:.0f} s; Ctrl-C ends it and leaves nothing behind\n")
        for row in lab.inventory():
            print(f"{row['name']:6} 127.0.0.1 port {row['port']}   Postfix {row['postfix']}   {row['host_key']}")
        first = next(iter(lab))
        print(
            f"\nssh -i {lab.keys.probe} -o UserKnownHostsFile={lab.folder}/known_hosts -p {first.ssh_port} "
            f"postmedic-probe@127.0.0.1\npython -m tests.lab shell {lab.folder.name}/{first.name}\n{_enrolled(lab)}\nready",
            flush=True,
        )
        signal.pause()
    return 0


def _enrolled(lab: Lab) -> str:
    """How postmedic is told of the mail hosts, where both are up."""
    if not {"mx12", "mx13"} <= {host.name for host in lab}:
        return ""
    from tests.lab.enrolled import write_inventory

    return f"export POSTMEDIC_INVENTORY={write_inventory(lab, lab.folder / 'inventory.toml')}\n"


def _demo(port: int) -> int:
    from tests.lab.demo import demo_over  # both need the whole product, which the other actions do without
    from tests.lab.enrolled import enrolled_lab

    print("starting the lab (the first time builds its file systems, a few minutes) …", flush=True)
    with enrolled_lab() as lab:
        demo_over(lab, port)
    return 0


def _down() -> int:
    for folder in running():
        os.kill(int(folder.name.partition("-")[0]), signal.SIGTERM)
        print(f"ending {folder.name}")
    deadline = time.monotonic() + 20
    while running() and time.monotonic() < deadline:
        time.sleep(0.1)
    remove_leftovers()
    return 1 if running() else 0


def _inside(named: str, *command: str) -> int:
    lab, _, host = named.rpartition("/")
    leaders: dict[str, int] = {}
    for folder in running():
        with suppress(LabError):
            leaders[folder.name] = leader(folder, host)
    found = [leaders[lab]] if lab in leaders else list(leaders.values()) if not lab else []
    if not found:
        raise LabError(f"no {named} is up; start one with: python -m tests.lab up")
    if len(found) > 1:  # the others may be those of tests
        raise LabError(f"{host} is up in several labs; name one of {', '.join(f'{one}/{host}' for one in leaders)}")
    return subprocess.run(inside(found[0], *command)).returncode


if __name__ == "__main__":
    sys.exit(main())
