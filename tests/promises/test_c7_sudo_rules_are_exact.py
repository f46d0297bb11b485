"""C7: the sudo rules have full paths and fixed arguments, no wildcard and no expression; one more argument is refused."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.connectors.dispatcher import render_sudoers
from bot.model.enrolment import HOME
from tests.lab import Host, Lab, Result
from tests.lab.enrolled import FIX, PROBE
from tests.lab.proving import HOSTS

RULES = {"both": render_sudoers(probe=PROBE, fix=FIX), "reading only": render_sudoers(probe=PROBE)}
RULE = re.compile(r'([a-z-]+) ALL=\(root:root\) NOPASSWD: (/[a-z/-]+) ""')  # "" is: no arguments at all
DEFAULTS = re.compile(rf"Defaults:{PROBE}(,{FIX})? env_reset, !setenv, !lecture, !mail_badpass")
MORE = ("x", "-e", "--", "''", "'*'", "/etc/shadow", "step e1 0", "perform e1 0")
OTHERS = ("id", "sh", "/bin/sh -c id", "-u postfix id", "-e /etc/passwd", f"{HOME}/read", f"{HOME}/fix-entry")


def linted(text: str) -> list[str]:
    """The lines that are neither the defaults nor a rule of the one allowed form."""
    return [line for line in text.splitlines() if not RULE.fullmatch(line) and not DEFAULTS.fullmatch(line)]


@pytest.mark.parametrize("text", RULES.values(), ids=RULES)
def test_every_line_is_of_the_one_form(text: str) -> None:
    assert linted(text) == []
    assert not set("*?[^\\$") & set(text)


def test_the_linter_sees_what_must_not_stand_there() -> None:
    for worse in (
        f"{HOME}/fix",
        f'{HOME}/* ""',
        "/usr/bin/tail -n 200 /var/log/*",
        f'{HOME}/fix "", /bin/sh',
        "^/usr/.*$",
        "fix",
    ):
        assert linted(f"{FIX} ALL=(root:root) NOPASSWD: {worse}") != [], worse
    assert linted(f"Defaults:{FIX} env_reset, setenv, !lecture, !mail_badpass") != []
    assert linted(f"Defaults:{FIX} !lecture, !mail_badpass") != []


@pytest.mark.skipif(not shutil.which("visudo"), reason="sudo is not installed")
@pytest.mark.parametrize("text", RULES.values(), ids=RULES)
def test_visudo_reads_them(text: str, tmp_path: Path) -> None:
    file = tmp_path / "postmedic"
    file.write_text(text)
    file.chmod(0o440)
    checked = subprocess.run(["visudo", "-c", "-f", file], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("name", HOSTS)
def test_on_the_host_each_account_may_start_one_program_without_arguments(enrolled: Lab, name: str) -> None:
    host = enrolled[name]
    assert host.run("visudo -c").rc == 0
    rules = RULE.findall(host.run("cat /etc/sudoers.d/postmedic", check=True).out)
    assert rules == [(PROBE, f"{HOME}/root-read"), (FIX, f"{HOME}/fix")]
    programs = dict(rules)
    for user, program in programs.items():
        assert _sudo(host, user, program).rc == 64  # it was started, and had nothing to do
        elsewhere = [one for one in programs.values() if one != program]
        for refused in (*(f"{program} {more}" for more in MORE), f"LD_PRELOAD=/tmp/x.so {program}", *elsewhere, *OTHERS):
            said = _sudo(host, user, refused).err
            assert "password is required" in said or "not allowed" in said, refused
    assert host.run("ls -A /var/lib/postmedic", check=True).out == ""  # nothing was claimed


def _sudo(host: Host, user: str, command: str) -> Result:
    return host.run(f"setpriv --reuid {user} --regid {user} --clear-groups sudo -n {command}")
