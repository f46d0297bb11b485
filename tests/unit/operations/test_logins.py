"""Are the changes to logins, relays and tables narrow: typed words, valid sh, copies before edits, no password anywhere?"""

from __future__ import annotations

import re
import subprocess

import pytest

import bot.operations
from bot.errors import Refused
from bot.facts.relay import Relay
from bot.facts.tokens import typed
from bot.model.fact import Facts
from bot.operations.base import OPERATIONS

assert bot.operations.__all__
MINE = (
    "table-postmap", "flush-queue", "relay-through", "relay-login", "password-map-private", "sasl-type-cyrus",
    "sasl-type-dovecot", "sasl-config-path", "sasl-mechanisms-plain", "sasl-plaintext-in-tls", "dovecot-listener",
    "saslauthd-enable", "saslauthd-stop", "saslauthd-into-chroot", "saslauthd-folder", "sasl-group-add",
)  # fmt: skip
EDITS = re.compile(r"postconf -e|chmod 600|^postmap (?!-q)|usermod|set_option [A-Z]|>\"\$snippet\"|mv -f", re.MULTILINE)


@pytest.mark.parametrize("name", MINE)
def test_scripts_are_sh(name: str) -> None:
    done = subprocess.run(["sh", "-n"], input=OPERATIONS[name].script.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", MINE)
def test_a_copy_is_kept_before_the_first_edit(name: str) -> None:
    # What a function of the script does happens where it is called.
    script = re.sub(r"(?ms)^\w+\(\) \{.*?^\}", "", OPERATIONS[name].script)
    edit = EDITS.search(script)
    if edit is not None:
        assert "keep " in script[: edit.start()]


@pytest.mark.parametrize("name", MINE)
def test_texts_are_in_both_languages(name: str) -> None:
    says = OPERATIONS[name].says
    assert re.search(r"[一-鿿]", says.zh)
    assert not re.search(r"[一-鿿]", says.en)


def test_no_operation_takes_a_password_or_a_user() -> None:
    for name in MINE:
        assert set(OPERATIONS[name].parameters) <= {"table", "host", "port"}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("table", "mysql:/etc/postfix/users.cf"),
        ("table", "hash:/etc/../etc/shadow"),
        ("table", "hash:/etc/postfix/x;id"),
        ("table", "proxy:hash:/etc/postfix/x"),
        ("mail-port", "22"),
        ("host", "a b"),
        ("host", "-oProxyCommand=x"),
    ],
)
def test_other_words_are_refused(kind: str, value: str) -> None:
    with pytest.raises(Refused):
        typed(kind, value)


def test_the_relay_is_shown_before_and_after() -> None:
    now = Relay(
        relayhost="", login=False, map="ready", named=False, table="hash:/etc/postfix/sasl_passwd", key="missing",
        host="smtp.provider.example", port="587", allows_plaintext=False, encrypted=False, plugin=True, exposed=False,
        proxied=False,
    )  # fmt: skip
    changes = OPERATIONS["relay-through"].preview(
        Facts({"relay": now}), host="smtp.provider.example", port="587", table="hash:/etc/postfix/sasl_passwd"
    )
    assert (changes[0].before, changes[0].after) == ("(none)", "[smtp.provider.example]:587")
    assert any("encrypt" in one.after for one in changes)
