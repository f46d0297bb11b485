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
    with own_server() as own:
        yield own.address


class Server:
    """A server with its folder and port its own."""

    def __init__(self, where: Path, folder: Path) -> None:
        self._where, self._folder = where, folder
        self._enter: list[str] = []
        if os.geteuid() == 0:
            account = pwd.getpwnam(ACCOUNT)
            self._enter = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
            os.chown(folder, account.pw_uid, account.pw_gid)
        made = [where / "initdb", "-D", folder / "data", "-U", "postmedic", "--auth=trust", "-E", "UTF8", "--locale=C"]
        subprocess.run([*self._enter, *made, "--no-sync"], check=True, capture_output=True, cwd="/")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.address = f"postgresql://postmedic@127.0.0.1:{self._port}/postgres"
        self._process = self._begun()

    def fail_over(self) -> None:
        """Stop it, and let its folder go on as a standby that takes over: on a timeline of its own."""
        self.stop(signal.SIGINT)
        subprocess.run([*self._enter, "touch", self._folder / "data/standby.signal"], check=True, cwd="/")
        self._process = self._begun()
        asked = [self._where / "psql", "--quiet", "--command", "SELECT pg_promote()", self.address]
        subprocess.run(asked, check=True, capture_output=True)

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop it; by default at once, which throws away what it holds."""
        self._process.send_signal(how)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _begun(self) -> subprocess.Popen[bytes]:
        # Only the server's own death could lose what is not yet on the disk, and no test kills the server.
        options = {"listen_addresses": "127.0.0.1", "port": self._port, "unix_socket_directories": "", "fsync": "off"}
        options |= {"max_connections": 300, "shared_buffers": "32MB", "full_page_writes": "off"}
        asked = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = [*self._enter, self._where / "postgres", "-D", self._folder / "data", *asked]
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(command, stderr=log, cwd="/")
        try:
            _wait_for(self._where, self._port, process, self._folder / "log")
        except BaseException:
            process.kill()
            process.wait()
            raise
        return process


@contextmanager
def own_server() -> Iterator[Server]:
    """A server for one test that does more to it than to ask; skips or fails the test where there is none."""
    where = programs()
    if where is None:
        reason = "no PostgreSQL server here: apt-get install postgresql"
        if os.environ.get("POSTMEDIC_REQUIRE_POSTGRESQL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="postmedic-postgresql."))
    try:
        made = Server(where, folder)
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
