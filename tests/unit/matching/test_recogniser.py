"""A paste leads to the right problem, to its cause before its symptoms, or to silence."""

from __future__ import annotations

import pytest

from bot.errors import KnowledgeError
from bot.matching import Matcher, Verdict
from bot.model.match import Kind
from tests.unit.matching.known import MATCHER, PROBLEMS, first, problem

STAMP = "Nov 22 10:00:01 host01 "
NO_INTERFACE = STAMP + "postfix[9]: fatal: parameter inet_interfaces: no local interface found for 127.0.0.1"
THROTTLED = STAMP + "postfix/master[1]: warning: /usr/lib/postfix/sbin/smtpd: bad command startup -- throttling"
DENIED = (
    STAMP + "postfix/smtpd[2]: NOQUEUE: reject: RCPT from unknown[192.0.2.9]: 554 5.7.1 <a@example.com>: Relay access denied; "
    "from=<b@example.org> to=<a@example.com> proto=ESMTP helo=<c>"
)


def test_an_exact_line_is_sure_with_captures_and_its_line() -> None:
    (match,) = MATCHER.recognise(f"why?\n{NO_INTERFACE}").sure
    assert (match.problem, match.kind) == ("startup-no-local-interface", Kind.EXACT)
    assert match.captures == {"address": "127.0.0.1"}
    assert [(line.number, line.host) for line in match.lines] == [(2, "host01")]


def test_the_cause_comes_alone_when_the_rest_are_its_symptoms() -> None:
    recognition = MATCHER.recognise("\n".join([THROTTLED, THROTTLED, NO_INTERFACE, THROTTLED]))
    assert [match.problem for match in recognition.sure] == ["startup-no-local-interface"]
    assert {match.problem for match in recognition.near} == {"startup-no-local-interface", "resource-child-crash"}


def test_a_symptom_alone_is_said() -> None:
    assert first(THROTTLED) == "resource-child-crash"


def test_an_area_can_be_yielded_to() -> None:
    lost = STAMP + "postfix/smtpd[2]: lost connection after RCPT from unknown[192.0.2.9]"
    assert first(f"{lost}\n{DENIED}") == "recv-relay-access-denied"
    assert first(lost) == "recv-lost-connection"


def test_two_problems_that_yield_to_each_other_are_both_said() -> None:
    ring = Matcher(
        [
            problem("a-one", "the first telling words", yields_to=["b-two"]),
            problem("b-two", "the second telling words", yields_to=["a-one"]),
        ]
    )
    assert len(ring.recognise("the first telling words\nthe second telling words").sure) == 2


def test_separate_problems_are_counted_in_the_order_of_the_log() -> None:
    stale = STAMP + "postfix/smtpd[3]: warning: database /etc/postfix/v.db is older than source file /etc/postfix/v"
    sure = MATCHER.recognise("\n".join([stale, DENIED, DENIED, stale, stale])).sure
    assert [(match.problem, match.count) for match in sure] == [("table-stale-db", 3), ("recv-relay-access-denied", 2)]


def test_what_quotes_more_of_the_line_explains_it() -> None:
    recognition = MATCHER.recognise(STAMP + "postfix/local[4]: error: open database /etc/aliases.db: No such file or directory")
    assert [match.problem for match in recognition.sure] == ["table-aliases-missing"]


@pytest.mark.parametrize(
    "wrapped",
    [
        NO_INTERFACE[:58] + "\n" + NO_INTERFACE[58:],
        NO_INTERFACE.replace(" no local ", "\n    no local "),
        "```\n" + NO_INTERFACE.replace(" interface ", "\ninterface ") + "\n```",
        f"> {NO_INTERFACE[:80]}\n> {NO_INTERFACE[80:]}",
    ],
)
def test_a_hard_wrapped_line_is_read_as_one(wrapped: str) -> None:
    assert first(wrapped) == "startup-no-local-interface"


def test_repeated_reply_codes_do_not_cut_a_sentence() -> None:
    bounce = """<a@example.com>: host mx.example.com[192.0.2.1] said: 550-5.1.1 The
        email account that you tried to 550-5.1.1
        reach does not exist. Please try 550-5.1.1 double-checking (in reply to RCPT TO command)"""
    (match,) = MATCHER.recognise(bounce).sure
    assert match.problem == "send-remote-user-unknown"
    assert match.captures["server"] == "mx.example.com[192.0.2.1]"


@pytest.mark.parametrize(
    "mangled",
    [
        STAMP + "postfix[9]: fatal: paramter inet_interfaces: no lcoal interface found for 127.0.0.1",
        STAMP + "postfix[9]: fatal: inet_interfaces: no local interface found",
        "postfix says: parameter inet_interfaces no local interface found for",
    ],
)
def test_a_mangled_line_is_recognised_by_its_wording(mangled: str) -> None:
    (match,) = MATCHER.recognise(mangled).sure
    assert (match.problem, match.kind) == ("startup-no-local-interface", Kind.SIMILAR)


def test_another_word_in_a_words_place_is_another_message() -> None:
    assert first(STAMP + "postfix/postscreen[5]: close database /var/lib/postfix/x.db: No such file or directory") is None
    failed = Matcher([problem("startup-not-running", "Failed to start Postfix Mail Transport Agent")])
    assert failed.recognise(STAMP + "systemd[1]: Started Postfix Mail Transport Agent.").sure == ()


def test_what_a_program_of_our_own_says_is_not_like_a_reply_of_another_server() -> None:
    reply = problem("send-remote-user-unknown", "said: {code:code} {_:text} recipient mailbox not found")
    matcher = Matcher([*PROBLEMS, reply])
    said = "<a@b.example>: recipient mailbox not found"
    assert [match.problem for match in matcher.recognise(f"Postfix returned it: {said}").sure] == [reply.id]
    assert matcher.recognise(f"postfix/virtual[2]: warning: {said} in our table").sure == ()


def test_a_signature_with_its_slips_put_right_outweighs_one_that_is_worded_alike() -> None:
    matcher = Matcher(
        [
            problem("helper-lmtp-socket", "connect to {host:text}[{socket:path}]: Connection refused"),
            problem("send-connection-refused", "connect to {host:text}[{address:ip}]:{port:int}: Connection refused"),
        ]
    )
    (match,) = matcher.recognise("postfix/smtp[2]: connct to mx.example.com[192.0.2.1]:25: Connection refused").sure
    assert match.problem == "send-connection-refused"


def test_what_the_system_says_is_no_likeness_by_itself() -> None:
    matcher = Matcher([problem("helper-lmtp-socket", "connect to {host:text}[{socket:path}]: No such file or directory")])
    assert matcher.recognise("postfix/smtpd[2]: error: open /srv/blocked.regexp: No such file or directory").near == ()
    (match,) = matcher.recognise("postfix/lmtp[2]: (conect to mx[/run/x]: No such file or directry").sure
    assert match.kind is Kind.SIMILAR


def test_a_signature_of_hardly_more_than_what_the_system_says_needs_the_names_it_quotes() -> None:
    matcher = Matcher(
        [
            *PROBLEMS,
            problem("table-absent", "postfix/{_:word}: error: open {file:path}: No such file or directory"),
            problem("startup-absent", "open {_:path}/main.cf: No such file or directory"),
        ]
    )
    other = "postfix/tlsmgr[2]: warning: cannot open source /run/x after an error of ours: No such file or directory"
    assert matcher.recognise(other).near == ()
    (match,) = matcher.recognise("postfix/x[2]: fatal: opne /etc/postfix/main.cf: No such file or directory").sure
    assert match.problem == "startup-absent"


@pytest.mark.parametrize(
    "words",
    [
        "hello, postfix does not start any more, it complains there is no loopback interface",
        "postfix 启动失败,提示没有本地接口",
        "今天早上 postfix 起不来了，说找不到回环接口",
    ],
)
def test_words_without_a_log_are_understood(words: str) -> None:
    (match,) = MATCHER.recognise(words).sure
    assert (match.problem, match.kind) == ("startup-no-local-interface", Kind.PHRASE)


def test_a_log_line_outweighs_words() -> None:
    explanation = MATCHER.explain(f"postfix does not start, no loopback interface?\n\n{DENIED}")
    assert [match.problem for match in explanation.recognition.sure] == ["recv-relay-access-denied"]
    words = next(one for one in explanation.candidates if one.kind is Kind.PHRASE)
    assert (words.verdict, words.because) == (Verdict.LOG_IS_BETTER, "recv-relay-access-denied")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nginx: [emerg] bind() to 0.0.0.0:25 failed (98: Address already in use)",
        "exim[5]: RCPT from unknown[192.0.2.9]: 554 5.7.1 <a@example.com>: Relay access denied",
        "dovecot: master: Error: service(imap): connect(/run/x) failed: No such file or directory",
        'FATAL:  password authentication failed for user "postgres"',
        "connect to 192.0.2.1 port 5432 failed: Connection timed out",
        STAMP
        + "postfix/smtp[6]: 4B9C21A0F: to=<a@example.com>, relay=mx.example.com[192.0.2.1]:25, dsn=2.0.0, status=sent (250 OK)",
        STAMP + "postfix/smtpd[6]: connect from unknown[192.0.2.9]",
        STAMP + "postfix/smtpd[6]: disconnect from unknown[192.0.2.9] ehlo=1 quit=1 commands=2",
        "does anybody have a guide for postfix with dovecot?",
        "下午三点开会讨论 postfix 升级",
        "postfix 没有启动失败,回环也正常",
    ],
)
def test_what_is_no_problem_of_postfix_stays_unanswered(text: str) -> None:
    assert first(text) is None


def test_a_reply_quoted_in_a_delivered_record_is_not_a_problem() -> None:
    assert first(STAMP + "postfix/smtp[6]: 4B9C21A0F: status=sent (250 Insufficient system storage was fixed)") is None


def test_every_candidate_says_what_showed_it_and_who_came_next() -> None:
    explained = MATCHER.explain("\n".join([THROTTLED, "hello", NO_INTERFACE, THROTTLED]))
    first, second = explained.candidates
    assert (first.problem, first.rival) == ("startup-no-local-interface", "")
    assert {line: one.score for line, one in first.shown.items()} == {2: first.score}
    assert (second.verdict, second.because) == (Verdict.SYMPTOM, first.problem)
    assert second.rival == first.problem
    assert set(second.shown) == {0, 3}
    assert {one.pattern for one in second.shown.values()} == {"{program:path}: bad command startup -- throttling"}


def test_whether_a_word_is_of_postfix_is_told() -> None:
    assert not MATCHER.explain("hello").of_postfix
    unsure = MATCHER.explain(STAMP + "postfix[9]: fatal: parameter inet_interfaces: no local")
    assert unsure.of_postfix
    assert unsure.recognition.sure == ()
    assert unsure.candidates[0].verdict is Verdict.FLOOR
    assert [match.problem for match in unsure.recognition.near] == ["startup-no-local-interface"]


def test_hosts_come_from_log_fields_and_from_words() -> None:
    text = f"on mx12 and on the host relay-3 this happens on top of all\nroot@mail7:~# mailq\n{DENIED}\n{DENIED}"
    assert MATCHER.recognise(text).hosts == ("host01", "mx12", "relay-3", "mail7")
    assert MATCHER.recognise("在 mx12 上 postfix 报错").hosts == ("mx12",)


def test_the_same_text_always_gives_the_same_answer() -> None:
    text = "\n".join([THROTTLED, DENIED, NO_INTERFACE])
    assert MATCHER.recognise(text) == MATCHER.recognise(text)


def test_an_entry_that_cannot_be_compiled_is_named() -> None:
    with pytest.raises(KnowledgeError, match="area-name"):
        Matcher([problem("area-name", "fatal: {x:text}")])
    with pytest.raises(KnowledgeError, match="area-other"):
        Matcher([problem("area-other", en=["postfix"])])
