"""Do the rendered dispatchers know exactly the lists, and do their checks say what the catalogue's types say?"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import bot.facts
import bot.operations  # noqa: F401  fills the catalogue
from bot.connectors.dispatcher import CHECKS, _text, render, render_fix, render_fix_entry, render_root
from bot.errors import Refused
from bot.facts.base import FACTS
from bot.facts.tokens import TYPES, typed
from bot.model.probe import Access, Probe
from bot.operations.base import OPERATIONS

MARK = "0123456789abcdef01234567"
PROBES = [fact.probe for fact in FACTS.values()]
CATALOGUE = {
    "read": render(PROBES),
    "root-read": render_root(PROBES),
    "fix": render_fix(OPERATIONS.values()),
    "fix-entry": render_fix_entry(),
}
ONE = Probe(name="one", script="true", parameters=tuple(TYPES), access=Access.ROOT)
SMALL = {"read": render([ONE]), "root-read": render_root([ONE]), "fix": render_fix([]), "fix-entry": render_fix_entry()}

TEXT = """
postfix dovecot sshd inet_interfaces Inet_interfaces 1abc a a_b _a a- -a a.b a..b .a a. mail.example.org MAIL.example.org
mail_1.example.org a_.example.org _dmarc.example.org a-.example.org -a.example.org 192.0.2.1 192.0.2.256 192.0.2 1.2.3.4.5
0.0.0.0 :: ::1 2001:db8::1 2001:db8:::1 fe80::1 ::ffff:192.0.2.1 1:2:3:4:5:6:7:8 25 465 587 2525 0 025 65535 65536 99999 100000
-1 +1 1e3 hash:/etc/postfix/virtual hash:etc/postfix/virtual hash:/etc/../shadow hash:/ mysql:/etc/x lmdb:/a cdb:/a dbm:/a
btree:/a/b.c hash:/-x etc/postfix/virtual /etc/postfix/virtual etc/../shadow .. a/.. ../a a/../b a/..b
etc//x a@b a:b a+b a=b a,b
mx a aaaa txt ns ptr tlsa any MX x
$(id) `id` a;b a|b a&b a>b a<b a*b a?b [a] {a} ~ ~root ! # a\\b 'a' "a" %41 a%b é 中
"""
ODD = ["", "a b", "a\tb", "a\n", "\n", "a" * 63, "a" * 64, "a" * 65, "a" * 127, "a" * 128, "a" * 129, "x." * 60 + "x"]
WORDS = [*TEXT.split(), *ODD]


@pytest.mark.parametrize("name", CATALOGUE)
@pytest.mark.parametrize("texts", [CATALOGUE, SMALL], ids=["catalogue", "small"])
def test_the_text_is_sh(texts: dict[str, str], name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(texts[name])
    shells = [["dash", "-n"], ["bash", "--posix", "-n"]]
    for shell in shells:
        if shutil.which(shell[0]):
            parsed = subprocess.run([*shell, file], capture_output=True, text=True)
            assert (parsed.returncode, parsed.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
@pytest.mark.parametrize("name", SMALL)
def test_shellcheck_has_nothing_to_say(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(SMALL[name])
    said = subprocess.run(["shellcheck", "-s", "sh", "-S", "warning", file], capture_output=True, text=True)
    assert said.stdout == ""


def test_every_type_of_the_catalogue_is_checked_on_the_host() -> None:
    assert set(CHECKS) == set(TYPES)


@pytest.mark.parametrize("kind", TYPES)
def test_the_host_accepts_what_the_type_accepts(kind: str) -> None:
    script = (
        _text("checks.sh")
        + f'for word in "$@"; do if is_token "$word" && {CHECKS[kind]} "$word"; then echo y; else echo n; fi; done'
    )
    said = subprocess.run(["sh", "-c", script, "sh", *WORDS], capture_output=True, text=True, env={"LC_ALL": "C"})
    for word, verdict in zip(WORDS, said.stdout.split(), strict=True):
        try:
            typed(kind, word)
        except Refused:
            ours = "n"
        else:
            ours = "y"
        looser = kind in ("address", "host") and word and set(word) <= set("0123456789abcdefABCDEF:.")
        assert verdict == ours or (looser and verdict == "y"), word


@pytest.mark.parametrize(
    "probe",
    [
        Probe(name="a; id", script="true"),
        Probe(name="A", script="true"),
        Probe(name="*", script="true"),
        Probe(name="a", script="true", parameters=("anything",)),
    ],
)
def test_a_list_the_dispatcher_cannot_check_is_refused(probe: Probe) -> None:
    with pytest.raises(ValueError, match=r"name|check"):
        render([probe])


def test_a_script_is_carried_verbatim(tmp_path: Path) -> None:
    script = """printf '%s|' "it's" 'a"b' '\\' "$HOME/x" '$(no)' '@HOME@' '#@probes'
# a comment
printf end"""
    said = speak(render([Probe(name="quotes", script=script)]), "quotes")
    assert f"it's|a\"b|\\|{os.environ['HOME']}/x|$(no)|@HOME@|#@probes|end\n{MARK} 0 0" in said.stdout


def speak(text: str, *words: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-s", "read", MARK, *words], input=text, capture_output=True, text=True, **options)  # type: ignore[call-overload,no-any-return]


@pytest.mark.skipif(os.geteuid() != 0, reason="changes the user")
def test_an_account_without_the_right_is_told_so() -> None:
    probes = [Probe(name=access.value, script="id -u", access=access) for access in Access]
    text = render(probes, root_read="/nonexistent/root-read")
    nobody = speak(text, "anyone", "+", "logs", "+", "root", user=65534, group=65534, extra_groups=[])
    assert [line for line in nobody.stdout.splitlines() if line] == [
        f"{MARK} begin",
        "65534",
        f"{MARK} 0 0",
        f"{MARK} 1 77",
        f"{MARK} 2 77",
        f"{MARK} end",
    ]
    reader = speak(text, "logs", "+", "root", user=65534, group=65534, extra_groups=[4])  # adm
    assert f"65534\n\n{MARK} 0 0" in reader.stdout
    assert f"{MARK} 1 77" in reader.stdout


def test_root_read_knows_only_what_needs_more_than_an_ordinary_account() -> None:
    text = render_root([Probe(name="open", script="echo open"), Probe(name="closed", script="echo closed", access=Access.ROOT)])

    def say(words: str) -> tuple[int, str]:
        said = subprocess.run(["sh", "-c", text], input=words, capture_output=True, text=True)
        return said.returncode, said.stdout

    assert say("closed\n") == (0, "closed\n")
    for words in ("open\n", "closed x\n", "closed; id\n", "", "\n", "closed\topen\n", "$(id)\n"):
        assert say(words) == (64, ""), words


def test_a_text_that_was_cut_off_runs_nothing() -> None:
    text = render([Probe(name="effect", script="echo ran")])
    for length in range(0, len(text) - len('main "$@"\n'), 97):
        assert "ran" not in speak(text[:length], "effect").stdout
