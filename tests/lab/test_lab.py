"""Is the lab what the other tests take it for: real hosts, really reset, really gone."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from tests.lab import Host, Lab
from tests.lab.enclosure import control_groups
from tests.lab.filesystem import Entry, diff
from tests.lab.lab import RUNS, remove_leftovers

_SUBMISSION = """
set -e
postconf -e 'relayhost = [smtp.provider.example]:587' smtp_sasl_auth_enable=yes smtp_tls_security_level=encrypt \
    smtp_sasl_password_maps=hash:/etc/postfix/sasl_passwd smtp_sasl_security_options=noanonymous
umask 077
echo '[smtp.provider.example]:587 relayuser:relaypw' > /etc/postfix/sasl_passwd
postmap /etc/postfix/sasl_passwd
postfix reload
"""
_DROP_25 = """
nft add table ip lab
nft add chain ip lab out '{ type filter hook output priority 0; }'
nft add rule ip lab out ip daddr != 127.0.0.0/8 tcp dport 25 drop
"""


def _until(host: Host, text: str, since: str, seconds: float = 20.0) -> str:
    deadline = time.monotonic() + seconds
    lines: list[str] = []
    while time.monotonic() < deadline:
        lines = host.logs(since)
        for line in lines:
            if text in line:
                return line
        time.sleep(0.1)
    pytest.fail(f"{host.name} never logged {text!r}:\n" + "\n".join(lines))


def test_hosts_run_the_promised_postfix(lab: Lab) -> None:
    rows = {row["name"]: row for row in lab.inventory()}

    assert str(rows["mx12"]["postfix"]).startswith("3.7.")
    assert str(rows["mx13"]["postfix"]).startswith("3.10.")
    for host in lab:
        assert host.run("systemctl is-system-running").out.strip() == "running"
        assert host.run("ss -Hltn 'sport = :25'").out.strip()


def test_a_failing_and_a_hanging_command_are_told_apart(lab: Lab) -> None:
    failed = lab["mx12"].run("echo out; echo err >&2; exit 3")

    assert (failed.rc, failed.out, failed.err) == (3, "out\n", "err\n")
    with pytest.raises(TimeoutError):
        lab["mx12"].run("sleep 30", timeout=0.5)


@pytest.mark.parametrize("name", ["mx12", "mx13", "relay"])
@pytest.mark.parametrize("account", ["probe", "fix"])
async def test_ssh_over_loopback_with_a_strict_host_key(lab: Lab, name: str, account: str) -> None:
    host = lab[name]
    known = asyncssh.import_known_hosts(f"[127.0.0.1]:{host.ssh_port} {host.host_key}\n")
    key = lab.keys.probe if account == "probe" else lab.keys.fix
    user = f"postmedic-{account}"

    async with asyncssh.connect(
        "127.0.0.1", host.ssh_port, username=user, client_keys=[str(key)], known_hosts=known, config=None
    ) as connection:
        answer = await connection.run("hostname; id -un", check=True)

    assert answer.stdout == f"{name}\n{user}\n"


async def test_ssh_refuses_another_hosts_key(lab: Lab) -> None:
    host, other = lab["mx12"], lab["mx13"]
    known = asyncssh.import_known_hosts(f"[127.0.0.1]:{host.ssh_port} {other.host_key}\n")

    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        await asyncssh.connect(
            "127.0.0.1", host.ssh_port, username="postmedic-probe", client_keys=[str(lab.keys.probe)], known_hosts=known,
            config=None,
        )  # fmt: skip


@pytest.mark.parametrize("name", ["mx12", "mx13"])
def test_mail_for_root_reaches_the_alias(lab: Lab, name: str, request: pytest.FixtureRequest) -> None:
    host: Host = request.getfixturevalue(name)
    mark = host.mark()

    host.run("echo body | mail -s nightly root", check=True)

    assert f"to=<ops@{name}.lab.example>, orig_to=<root>" in _until(host, "status=sent", mark)
    assert "Subject: nightly" in host.run("cat /var/mail/ops").out


@pytest.mark.parametrize("name", ["mx12", "mx13"])
def test_mail_leaves_to_several_pretend_domains(lab: Lab, relay: Host, name: str, request: pytest.FixtureRequest) -> None:
    host: Host = request.getfixturevalue(name)
    mark = host.mark()

    for domain in ("remote.example", "partner.example", "customer.example"):
        host.run(f"echo body | sendmail -f alice anyone@{domain}", check=True)
        assert "relay=mx" in _until(host, f"to=<anyone@{domain}>", mark)

    delivered = relay.run("grep -c '^Delivered-To\\|^X-Original-To' /var/mail/bob").out
    assert int(delivered) >= 3


@pytest.mark.parametrize("name", ["mx12", "mx13"])
def test_port_25_dropped_then_healed_by_submission(lab: Lab, relay: Host, name: str, request: pytest.FixtureRequest) -> None:
    host: Host = request.getfixturevalue(name)
    host.run(_DROP_25 + "postconf -e smtp_connect_timeout=2s\npostfix reload", check=True)
    mark = host.mark()
    host.run("echo body | sendmail -f alice someone@remote.example", check=True)
    assert "status=deferred" in _until(host, "Connection timed out)", mark)

    host.run(_SUBMISSION, check=True)
    seen = relay.mark()
    host.run("postqueue -f", check=True)

    assert "relay=smtp.provider.example[203.0.113.10]:587" in _until(host, "status=sent", mark)
    assert "sasl_method=" in _until(relay, "sasl_username=relayuser", seen)


def test_submission_refuses_wrong_credentials(mx12: Host) -> None:
    mx12.run(_SUBMISSION.replace("relaypw", "wrong"), check=True)
    mark = mx12.mark()

    mx12.run("echo body | sendmail -f alice someone@remote.example", check=True)

    assert "535 5.7.8" in _until(mx12, "status=deferred", mark)


def test_names_of_the_lab_resolve_and_no_other(lab: Lab) -> None:
    dig = "dig +short +time=2 +tries=1"

    exchangers = lab["mx12"].run(f"{dig} mx partner.example").out.splitlines()
    assert sorted(exchangers) == ["10 mx1.partner.example.", "20 mx2.partner.example."]
    assert lab["mx13"].run(f"{dig} -x 10.77.0.12").out == "mx12.lab.example.\n"
    assert "status: NXDOMAIN" in lab["mx12"].run("dig +time=2 +tries=1 mx debian.org").out


def test_no_interface_leads_out_of_the_lab(lab: Lab) -> None:
    bridge = "nsenter --target {} --net ip -j link show".format(_parent(_parent(lab["mx12"].leader)))
    links = json.loads(subprocess.run(bridge.split(), capture_output=True, check=True).stdout)

    assert {link["ifname"] for link in links} == {"lo", "br0", "vb-mx12", "vb-mx13", "vb-relay"}
    assert lab["mx12"].run("timeout 2 bash -c 'exec 3<>/dev/tcp/192.0.2.2/22'").rc != 0


def test_reset_brings_the_clean_state_back(lab: Lab) -> None:
    host = lab["mx13"]
    host.reset()
    clean = host.snapshot()
    host.run(
        f"{_DROP_25} ip link set lo down; postconf -e inet_interfaces=localhost; useradd intruder; rm /etc/aliases.db",
        check=True,
    )
    broken = diff(clean, host.snapshot())
    assert {"/etc/postfix/main.cf", "/etc/passwd", "/etc/aliases.db"} <= broken.keys()
    assert broken["/etc/aliases.db"][1] is None

    started = time.monotonic()
    host.reset()
    took = time.monotonic() - started

    # A boot stamps its time on many files; which boot it was is written only in these.
    boot = (
        "/tmp/systemd-private-",
        "/var/tmp/systemd-private-",
        "/var/lib/postfix/master.lock",
        "/var/lib/dovecot/",
        "/var/cache/ldconfig/",
    )
    changed = [path for path, (a, b) in diff(clean, host.snapshot()).items() if _substance(a) != _substance(b)]
    assert [path for path in changed if not path.startswith(boot)] == []
    assert host.run("nft list ruleset").out == ""
    assert "UP" in host.run("ip -br link show lo").out
    assert host.run("id intruder").rc != 0
    assert took < 10


def test_prepared_files_survive_a_reset(mx12: Host) -> None:
    mx12.prepare({"/usr/local/lib/postmedic/probe": (b"#!/bin/sh\necho here\n", 0o755)})

    mx12.reset()

    assert mx12.run("stat -c '%a %U:%G' /usr/local/lib/postmedic/probe; /usr/local/lib/postmedic/probe").out == (
        "755 root:root\nhere\n"
    )


def test_a_quiet_host_does_not_change(mx12: Host) -> None:
    before = mx12.snapshot()
    mx12.run("postconf -n; postqueue -p; systemctl status postfix@-; journalctl -n 5", check=True)

    assert diff(before, mx12.snapshot()) == {}
    assert len(before) > 5000
    assert before["/etc/shadow"].mode & 0o777 == 0o640


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_ended_lab_leaves_nothing(how: signal.Signals) -> None:
    command = [sys.executable, "-m", "tests.lab", "up", "mx12", "mx13"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        said = list(itertools.takewhile(lambda line: line != "ready\n", process.stdout))
        assert any(line.startswith("export POSTMEDIC_INVENTORY=") for line in said), said
        family = _descendants(process.pid)
        spaces = {space for pid in family for space in _namespaces(pid)} - set(_namespaces(os.getpid()))
        folder = next(RUNS.glob(f"{process.pid}-*/"))
        assert len(spaces) > 6
        asked = [_ask(host) for host in (f"{folder.name}/mx12", "mx12")]  # the other lab that is up has one, too
        assert [(one.returncode, one.stdout) for one in asked] == [(0, "mx12\n"), (1, "")]
        os.kill(process.pid, how)
        process.wait(timeout=20)

    deadline = time.monotonic() + 5
    while any(_alive(pid) for pid in family) and time.monotonic() < deadline:
        time.sleep(0.05)
    if how is signal.SIGKILL:
        remove_leftovers()

    assert [pid for pid in family if _alive(pid)] == []
    assert spaces.isdisjoint({space for pid in _processes() for space in _namespaces(pid)})
    assert not folder.exists()
    assert [top for top in control_groups(f"postmedic-lab-{folder.name}") if top.exists()] == []
    assert "/run/lab" not in Path("/proc/self/mounts").read_text()
    assert "vb-mx12" not in subprocess.run(["ip", "link"], capture_output=True, text=True).stdout


def _ask(host: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.lab", "run", host, "hostname"]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.usefixtures("lab")
def test_an_interrupted_build_is_never_used(tmp_path: Path) -> None:
    environment = {**os.environ, "POSTMEDIC_LAB_CACHE": str(tmp_path)}
    command = [sys.executable, "-m", "tests.lab", "build"]
    with subprocess.Popen(command, env=environment, start_new_session=True) as process:
        while len(list(tmp_path.glob("*.partial/debootstrap"))) < 2:
            assert process.poll() is None
            time.sleep(0.05)
        family = _descendants(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130

    assert [pid for pid in family if _alive(pid)] == []
    assert {path.suffix for path in tmp_path.iterdir() if path.is_dir()} == {".partial"}
    assert str(tmp_path) not in Path("/proc/self/mounts").read_text()


def _substance(entry: Entry | None) -> Entry | None:
    return None if entry is None else replace(entry, mtime=0)


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for other in _processes():
        children.setdefault(_parent(other), []).append(other)
    found, queue = [], [pid]
    while queue:
        found.extend(more := children.get(queue.pop(), []))
        queue.extend(more)
    return found


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _namespaces(pid: int) -> list[str]:
    try:
        return [os.readlink(f"/proc/{pid}/ns/{kind}") for kind in ("net", "mnt", "pid")]
    except OSError:
        return []
