"""Each thing that Slack, terminals and people do to a log line is undone, one rule a test."""

from __future__ import annotations

import json

import pytest

from bot.matching import clean
from bot.matching.clean import MAX_BYTES, MAX_LINES

LINE = "postfix/smtpd[7]: warning: database /etc/postfix/virtual.db is older than source file /etc/postfix/virtual"


@pytest.mark.parametrize(
    ("pasted", "seen"),
    [
        ("a &lt;x@example.com&gt; &amp; b", "a <x@example.com> & b"),
        ("a &amp;lt;x&amp;gt;", "a <x>"),
        ("to <mailto:a@example.com|a@example.com> said", "to a@example.com said"),
        ("host <http://mx1.example.com|mx1.example.com>[192.0.2.1] said", "host mx1.example.com[192.0.2.1] said"),
        ("see <https://example.com/x>", "see https://example.com/x"),
        ("<@U012AB3CD> look in <#C012AB3CD|mail>", "look in #mail"),
        ("554 5.7.1 <a@example.com>: Relay access denied", "554 5.7.1 <a@example.com>: Relay access denied"),
        ("[a@example.com](mailto:a@example.com): failed", "a@example.com: failed"),
        ("[192.0.2.1](in reply to RCPT TO command)", "[192.0.2.1](in reply to RCPT TO command)"),
        ("[email]a@example.com[/email] failed", "a@example.com failed"),
        ("<p>create file<br />x: denied</p>", "create file x: denied"),
        ('<span class="l">fatal: &lt;strong&gt;x&lt;/strong&gt;</span>', "fatal: x"),
        ("from=<em@example.com> to=<code>", "from=<em@example.com> to=<code>"),
        ("missing ‘=’ after “x”", "missing '=' after \"x\""),
        ("throttling — again", "throttling -- again"),
        ("\x1b[31mfatal\x1b[0m: x", "fatal: x"),
        ("#033[1mfatal#033[0m: x", "fatal: x"),
        ("fa\u200btal\u202e: x\u2066", "fatal: x"),
        ("fa\x00tal\x07: x", "fatal: x"),
        ("ｆａｔａｌ： x", "fatal: x"),
        ("> > quoted", "quoted"),
        ("│ boxed", "boxed"),
        ("`fatal: x`", "fatal: x"),
        ("mailserver    | fatal: x", "fatal: x"),
        ("to mx[192.0.2.1]:25: **Operation timed out**", "to mx[192.0.2.1]:25: Operation timed out"),
        ("*fatal*: **not** *sent*", "fatal: not sent"),
        ("mysql:/etc/x.cf(0,lock|fold_fix): table lookup problem", "mysql:/etc/x.cf: table lookup problem"),
        ("helo=<**.**.**.11> to=<*******@l*****a.example>", "helo=<**.**.**.11> to=<*******@l*****a.example>"),
        ("4A1B2C3D4E* 802 *.example.com and *.example.net", "4A1B2C3D4E* 802 *.example.com and *.example.net"),
    ],
)
def test_one_line_is_seen_as_it_was_meant(pasted: str, seen: str) -> None:
    assert clean(pasted).text == seen


@pytest.mark.parametrize(
    "stamp",
    [
        "Nov 22 10:00:01 host01 ",
        "Nov  2 10:00:01 host01 ",
        "2026-11-22T10:00:01.123456+01:00 host01 ",
        "2026-11-22T10:00:01+0000 host01 ",
        "2026-11-22 10:00:01 host01 ",
        "11月 22 10:00:01 host01 ",
        "авг 22 10:00:01 host01 ",
        "mail-1 | июн 02 10:00:01 host01 ",
        "mail-1  | Nov 22 10:00:01 host01 ",
        "Nov 22 10:00:01 docker01 docker[99]: Nov 22 10:00:01 host01 ",
        "- Nov 22 10:00:01 host01 ",
    ],
)
def test_a_stamp_is_dropped_and_its_host_kept(stamp: str) -> None:
    (line,) = clean(stamp + LINE).lines
    assert (line.text, line.host, line.number) == (LINE, "host01", 1)


def test_words_before_a_stamp_stay_a_line_of_their_own() -> None:
    said, logged = clean(f"what is this: Nov 22 10:00:01 host01 {LINE}").lines
    assert (said.text, said.host) == ("what is this:", "")
    assert (logged.text, logged.host, logged.number) == (LINE, "host01", 1)


def test_several_records_in_one_line_are_taken_apart() -> None:
    joined = " ".join(f"Nov 22 10:00:0{second} host01 postfix/smtpd[{second}]: note {second}" for second in range(1, 4))
    assert [(line.number, line.text) for line in clean(joined).lines] == [
        (1, f"postfix/smtpd[{second}]: note {second}") for second in range(1, 4)
    ]


def test_a_time_inside_a_message_does_not_cut_it() -> None:
    text = "postfix/anvil[1]: statistics: max connection rate 1/60s for (smtp:192.0.2.1) at Nov 22 10:00:01"
    assert clean(text).text == text


def test_fences_and_blank_lines_count_but_do_not_stay() -> None:
    assert [(line.number, line.text) for line in clean("hello\n\n```text\nfatal: x\n```").lines] == [
        (1, "hello"),
        (4, "fatal: x"),
    ]


@pytest.mark.parametrize("broken", ["one\\ntwo", "one#012two", "one\\r\\ntwo", "one\rtwo", "one\u2028two"])
def test_written_out_line_ends_break_the_line_under_one_number(broken: str) -> None:
    assert [(line.number, line.text) for line in clean(broken).lines] == [(1, "one"), (1, "two")]


@pytest.mark.parametrize(
    ("fields", "text", "host"),
    [
        ({"log": f"Nov 22 10:00:01 host01 {LINE}\n", "stream": "stdout"}, LINE, "host01"),
        (
            {"MESSAGE": "warning: x", "SYSLOG_IDENTIFIER": "postfix/smtpd", "_HOSTNAME": "mx1"},
            "postfix/smtpd: warning: x",
            "mx1",
        ),
        ({"message": "fatal: x", "host": "mx2"}, "fatal: x", "mx2"),
    ],
)
def test_a_record_wrapped_in_json_is_unwrapped(fields: dict[str, str], text: str, host: str) -> None:
    (line,) = clean(json.dumps(fields)).lines
    assert (line.text, line.host) == (text, host)


@pytest.mark.parametrize("odd", ['{"a":' * 5_000 + "}", '{"log": 5}', "{]}", '{"log": {"log": 1}}'])
def test_other_json_stays_as_it_is(odd: str) -> None:
    assert clean(odd).lines[0].text == odd.strip()


def test_at_most_64_kib_are_read() -> None:
    assert not clean("a" * MAX_BYTES).cut
    paste = clean("é" * MAX_BYTES)
    assert paste.cut
    assert len(paste.text.encode()) <= MAX_BYTES


def test_at_most_2000_lines_are_read() -> None:
    assert not clean("x\n" * (MAX_LINES - 1)).cut
    paste = clean("x\n" * (MAX_LINES + 5))
    assert paste.cut
    assert len(paste.lines) == MAX_LINES
    assert len(clean("\\n".join(["x"] * (MAX_LINES + 5))).lines) == MAX_LINES


def test_text_that_is_not_unicode_is_still_read() -> None:
    assert clean("fatal\ud800: x").text == "fatal?: x"
