"""A PostgreSQL server for the tests: Debian's, with its folder and port its own, gone when the tests are.

Without the server's programs tests skip and say so; with POSTMEDIC_REQUIRE_POSTGRESQL=1 they fail.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

ACCOUNT = "nobody"  # the server refuses to run as root
_COUNTER = itertools.count(1)


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`; `psql` in the PATH does not mean that they are there."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: float(one.parts[-3]))
    beside = shutil.which("initdb")
    return found[-1].parent if found else Path(beside).parent if beside else None


@contextmanager
def server() -> Iterator[str]:
    """Run a server while the block runs and give its address; skips or fails the test where there is none."""
    where = programs()
    if where is None:
        reason = "no PostgreSQL server here: apt-get install postgresql"
        if os.environ.get("POSTMEDIC_REQUIRE_POSTGRESQL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="postmedic-postgresql."))
    try:
        with _running(where, folder) as address:
            yield address
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(where: Path, folder: Path) -> Iterator[str]:
    enter: list[str] = []
    if os.geteuid() == 0:
        account = pwd.getpwnam(ACCOUNT)
        enter = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        os.chown(folder, account.pw_uid, account.pw_gid)
    made = [where / "initdb", "-D", folder / "data", "-U", "postmedic", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run([*enter, *made], check=True, capture_output=True, cwd="/")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Only the server's own death could lose what is not yet on the disk, and no test kills the server.
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off"}
    options |= {"max_connections": 300, "shared_buffers": "32MB", "full_page_writes": "off"}
    asked = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*enter, where / "postgres", "-D", folder / "data", *asked], stderr=log, cwd="/")
    try:
        address = f"postgresql://postmedic@127.0.0.1:{port}/postgres"
        _wait_for(where, port, process, folder / "log")
        yield address
    finally:
        process.send_signal(signal.SIGQUIT)  # at once: what it holds is thrown away
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(where: Path, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        asked = subprocess.run([where / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], capture_output=True)
        if asked.returncode == 0:
            return
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    raise TimeoutError(log.read_text())


def new_database(address: str) -> str:
    """An empty place of its own in the server, as the address of a database: a schema, which is made at once."""
    import psycopg

    name = f"test_{os.getpid()}_{next(_COUNTER)}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}".encode())
    return f"{address}?options={quote(f'-csearch_path={name}', safe='')}"
