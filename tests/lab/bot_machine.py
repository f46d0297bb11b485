"""How does an administrator install the bot on a machine of its own? As deploy/bot/README.md says, on a lab host.

Packages come from a folder that is filled from the lock outside, because no lab host reaches an index.
"""

from __future__ import annotations

import ctypes
import hashlib
import io
import os
import socket
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from bot.sandbox.slack import Running
from tests.lab import HOSTS, Host, Lab, LabError, images
from tests.lab.enrolled import FIX, PROBE

ROOT = Path(__file__).parents[2]
PYTHON = "3.11"  # of Debian 12
_NEW_NETWORK = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)
_TABLE = """\
reader = {{ user = "{probe}", key = "keys/probe" }}
writer = {{ user = "{fix}", key = "keys/fix" }}
enrolled = true
{rest}
"""


def wheels() -> Path:
    """The folder with what requirements.lock names, for Debian 12; filled once for each lock."""
    lock = ROOT / "requirements.lock"
    folder = images.cache() / f"wheels-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    if not folder.is_dir():
        partial = folder.with_suffix(f".{os.getpid()}")
        chosen = ["--require-hashes", "--only-binary", ":all:", "--python-version", PYTHON]
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--quiet",
            *chosen,
            "--dest",
            str(partial),
            "-r",
            str(lock),
        ]
        subprocess.run(command, check=True)
        partial.rename(folder)
    return folder


def install(host: Host) -> None:
    """Carry out the steps of deploy/bot/README.md up to the settings, from the files of this checkout."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    files = {f"opt/postmedic/{name}": ROOT / name for name in listed if name and (ROOT / name).is_file()}
    _put(host, files | {f"srv/wheels/{wheel.name}": wheel for wheel in wheels().iterdir()})
    host.run(
        """
        set -e
        useradd --system --home-dir /var/lib/postmedic postmedic
        make -C /opt/postmedic .venv/.ready
        install -m 755 /opt/postmedic/deploy/bot/postmedic.sh /usr/local/bin/postmedic
        install -d -m 750 -g postmedic /etc/postmedic
        install -d -m 700 -o postmedic /etc/postmedic/keys
        cp /opt/postmedic/deploy/bot/postmedic.service /etc/systemd/system/
        """.replace("make -C", "PIP_NO_INDEX=1 PIP_FIND_LINKS=/srv/wheels make -C"),
        timeout=120,
        check=True,
    )


def configure(host: Host, lab: Lab, running: Running, names: tuple[str, ...], rest: str) -> None:
    """Write the settings: the lab's hosts at their addresses, with its keys, and the workspace's tokens."""
    table = _TABLE.format(probe=PROBE, fix=FIX, rest=rest)
    keys = {name: f'name = "{name}"\naddress = "{HOSTS[name]}"\nhost_keys = ["{lab[name].host_key}"]\n' for name in names}
    inventory = "\n".join(f"[[host]]\n{key}{table}" for key in keys.values())
    tokens = {"BOT_TOKEN": running.bot_token, "APP_TOKEN": running.app_token, "API_URL": running.api_url}
    texts = {
        "inventory.toml": (inventory, "640 -g postmedic"),
        "postmedic.toml": ('database = "/var/lib/postmedic/postmedic.db"\n', "640 -g postmedic"),
        "tokens": ("".join(f"POSTMEDIC_SLACK_{name}={value}\n" for name, value in tokens.items()), "600 -o postmedic"),
        "keys/probe": (lab.keys.probe.read_text(), "600 -o postmedic"),
        "keys/fix": (lab.keys.fix.read_text(), "600 -o postmedic"),
    }
    for name, (text, rights) in texts.items():
        host.run(f"install -m {rights} /dev/stdin /etc/postmedic/{name}", stdin=text.encode(), check=True)


@contextmanager
def reaching(host: Host, port: int) -> Iterator[None]:
    """Let programs on the host reach a port of this machine's loopback as one of their own, while the block runs."""
    with _listener(host.leader, port) as listener:
        program = [sys.executable, str(Path(__file__).with_name("loopback.py")), f"{listener.fileno()}=127.0.0.1:{port}"]
        relay = subprocess.Popen(program, pass_fds=[listener.fileno()], stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        relay.kill()
        relay.wait()


def _listener(leader: int, port: int) -> socket.socket:
    made: list[socket.socket] = []

    def make() -> None:  # a thread of its own moves into the host's network, and ends there
        with open(f"/proc/{leader}/ns/net") as network:
            if _LIBC.setns(network.fileno(), _NEW_NETWORK) == 0:
                made.append(socket.create_server(("127.0.0.1", port)))

    thread = Thread(target=make)
    thread.start()
    thread.join()
    if not made:
        raise LabError(f"port {port} could not be opened in the host's network")
    return made[0]


def _put(host: Host, files: dict[str, Path]) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, path in files.items():
            archive.add(path, name)
    host.run("tar -x --no-same-owner -C /", stdin=packed.getvalue(), check=True)
