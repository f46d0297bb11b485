"""Does the log reach the matcher without secrets and without what our own probes caused?"""

from __future__ import annotations

import json

import pytest

from bot.facts.log import log, log_times
from bot.model.fact import Reason, Unknown
from bot.model.probe import Reading


def entry(message: object, uid: str = "0") -> str:
    written = {"_UID": uid, "SYSLOG_IDENTIFIER": "postfix/smtpd", "SYSLOG_PID": "14917", "MESSAGE": message}
    return json.dumps(written) + "\n"


def read(text: str, err: str = "") -> object:
    return log(Reading(key="log", exit=0, stdout=text.encode(), stderr=err.encode()))


def test_messages_come_as_postfix_wrote_them() -> None:
    message = "warning: SASL authentication failure: cannot connect to saslauthd server: No such file or directory"
    assert read("account 999\n" + entry(message) + "end journal\n") == (f"postfix/smtpd[14917]: {message}",)


def test_what_the_probing_account_caused_is_left_out() -> None:
    found = read("account 999\n" + entry("fatal: use of this command", "999") + entry("kept", "105") + "end journal\n")
    assert found == ("postfix/smtpd[14917]: kept",)


def test_bytes_that_are_no_text_are_read_too() -> None:
    assert read("account 0\n" + entry([104, 105, 255, 999, "x"]) + "end journal\n") == ("postfix/smtpd[14917]: hi�",)


@pytest.mark.parametrize(
    "secret",
    [
        "< host[192.0.2.1]: AUTH PLAIN AGFsaWNlAGNhbmFyeQ==",
        "unknown: < host[192.0.2.1]: Y2FuYXJ5Y2FuYXJ5",
        "xsasl_dovecot: CONT: user=joe pass=canarycanary",
        "dict_open: hosts = postgresql://postfix:canarycanary@db/mail",
        "smtp_sasl_password_maps = static:relayuser:canarycanary",
        "bind_pw = canarycanary",
        "token xoxb-canarycanary-1",
    ],
)
def test_secrets_are_masked(secret: str) -> None:
    found = read("account 0\n" + entry(secret) + "end journal\n")
    assert isinstance(found, tuple)
    assert "canary" not in found[0]
    assert "Y2FuYXJ5" not in found[0]
    assert "AGFsaWNl" not in found[0]


@pytest.mark.parametrize(
    "ordinary",
    [
        "warning: localhost[127.0.0.1]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
        "connect to mx.remote.lab[203.0.113.10]:25: Connection timed out",
        "NOQUEUE: reject: RCPT from localhost[127.0.0.1]: 451 4.3.0 <info@px1.px.lab>: Temporary lookup failure",
    ],
)
def test_ordinary_lines_pass_untouched(ordinary: str) -> None:
    assert read("account 0\n" + entry(ordinary) + "end journal\n") == (f"postfix/smtpd[14917]: {ordinary}",)


def test_a_log_that_may_not_be_read_is_not_a_quiet_log() -> None:
    found = read("account 999\nend journal\n", "No journal files were opened due to insufficient permissions.\n")
    assert isinstance(found, Unknown)
    assert found.reason is Reason.NO_PERMISSION


def test_a_file_of_syslog_lines_loses_only_its_stamps() -> None:
    line = (
        "2026-11-22T14:30:33.581348+00:00 px1 postfix/smtp[60382]: B2F: status=sent\nNov 22 14:30:33 px1 postfix/qmgr[1]: x\n"
    )
    assert read("account 0\n" + line + "end file\n") == ("postfix/smtp[60382]: B2F: status=sent", "postfix/qmgr[1]: x")


@pytest.mark.parametrize("hostile", ["", "account x\n", "account 0\n{\n", "account 0\n" + "[" * 70_000 + "\nend journal\n"])
def test_hostile_output_never_raises(hostile: str) -> None:
    assert isinstance(read(hostile), tuple | Unknown)


def test_each_message_has_the_time_its_log_gives() -> None:
    stamped = json.dumps({"_UID": "0", "SYSLOG_IDENTIFIER": "x", "MESSAGE": "y", "__REALTIME_TIMESTAMP": "1795369342204388"})
    for text, times in (
        (f"account 0\n{stamped}\n{entry('without')}end journal\n", ("2026-11-22 17:42 UTC", "")),
        (
            "account 0\nNov 22 10:00:01 h x: y\n2026-11-22T10:00:01+01:00 h x: y\nend file\n",
            ("Nov 22 10:00:01", "2026-11-22T10:00:01+01:00"),
        ),
    ):
        reading = Reading(key="log", exit=0, stdout=text.encode())
        assert log_times(reading) == times
        told = log(reading)
        assert isinstance(told, tuple)
        assert len(told) == len(times)
    assert isinstance(log_times(Reading(key="log", exit=0, stdout=b"")), Unknown)


@pytest.mark.parametrize("odd", ["-5", "9" * 40, "x", "\u0661", ""])
def test_a_time_that_is_none_is_not_told(odd: str) -> None:
    stamped = json.dumps({"_UID": "0", "SYSLOG_IDENTIFIER": "x", "MESSAGE": "y", "__REALTIME_TIMESTAMP": odd})
    assert log_times(Reading(key="log", exit=0, stdout=f"account 0\n{stamped}\nend journal\n".encode())) == ("",)
