"""Are settings read on both releases, also from broken hosts, and does no secret ever leave the host?"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bot.facts.settings import MASK, NAMES, SETTINGS, words
from bot.knowledge.entry import problem
from bot.model.fact import Reason, Unknown
from tests.unit.facts.recorded import RELEASES, STATES, measured

KNOWLEDGE = Path(__file__).parents[3] / "knowledge"


@pytest.mark.parametrize("release", RELEASES)
def test_a_setting_as_written_and_expanded(release: str) -> None:
    state = f"{release} healthy"
    assert measured(state, "setting", "mydestination") == "$myhostname, mx12.lab.example, localhost.lab.example, localhost"
    assert measured(state, "expanded", "mydestination").startswith("mx12.lab.example, mx12")  # type: ignore[attr-defined]
    assert measured(state, "setting", "relayhost") == ""


@pytest.mark.parametrize("release", RELEASES)
def test_without_interfaces_only_mynetworks_is_unknown(release: str) -> None:
    state = f"{release} loopback-down"
    assert measured(state, "setting", "inet_interfaces") == "localhost, 192.0.2.7"
    mynetworks = measured(state, "expanded", "mynetworks")
    assert isinstance(mynetworks, Unknown)
    assert mynetworks.reason is Reason.NOT_APPLICABLE


@pytest.mark.parametrize("release", RELEASES)
def test_a_broken_main_cf_makes_every_setting_unknown(release: str) -> None:
    assert isinstance(measured(f"{release} broken-main-cf", "setting", "relayhost"), Unknown)


def test_no_recorded_reading_holds_the_planted_secret() -> None:
    assert "CANARY" not in str(STATES)
    assert measured("debian12 loopback-down", "setting", "smtp_sasl_password_maps") == "<masked>"


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("smtp_sasl_password_maps = static:user:pw", "smtp_sasl_password_maps = <masked>"),
        ("smtp_sasl_password_maps = hash:/etc/a, inline:{x=u:pw}", "smtp_sasl_password_maps = <masked>"),
        ("smtp_sasl_password_maps = hash:/etc/a, proxy:mysql:/etc/b.cf", None),
        ("smtp_sasl_password_maps =", None),
        ("transport_maps = inline:{ a=smtp:[x] }", "transport_maps = inline:<masked>"),
        (
            "smtpd_client_restrictions = check_client_access static:/pw",
            "smtpd_client_restrictions = check_client_access static:<masked>",
        ),
        ("header_checks = pcre:{{/x/ REJECT pw}}", "header_checks = pcre:<masked>"),
        ("header_checks = pcre:/etc/postfix/checks", None),
        ("virtual_alias_maps = ldap://u:pw@host/x", "virtual_alias_maps = ldap://<masked>@host/x"),
        ("smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated", None),
        ("mynetworks_style = ${{$compatibility_level} <level {2} ? {subnet} : {host}}", None),
    ],
)
def test_the_mask_on_the_host(line: str, masked: str | None) -> None:
    done = subprocess.run([shutil.which("sed") or "sed", "-E", MASK], input=line, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == (masked or line)


def test_entries_ask_only_for_settings_the_probe_reads() -> None:
    for path in KNOWLEDGE.glob("*/*/problem.yaml"):
        for use in problem(path.read_bytes(), str(path)).facts:
            if use.name in ("setting", "expanded"):
                assert use.arguments[0] in NAMES, f"{path}: {use}"


def test_the_probe_is_fixed_text_without_parameters() -> None:
    assert SETTINGS.parameters == ()
    assert all(name in SETTINGS.script for name in ("mynetworks", "smtpd_sasl_path"))


def test_words_splits_as_postfix_does() -> None:
    assert words("a, b,c\td") == ("a", "b", "c", "d")
