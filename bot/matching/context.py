"""Is this text about Postfix at all? Words that only Postfix uses, and programs whose lines are never Postfix's own."""

from __future__ import annotations

from collections.abc import Set

import re2

_POSTFIX_WORDS = frozenset(
    {
        *("postfix", "postdrop", "postqueue", "postmap", "postalias", "postconf", "postsuper", "postmulti", "postscreen"),
        *("postlog", "qmgr", "maildrop", "mailq", "noqueue", "newaliases", "smtpd", "tlsmgr", "tlsproxy", "proxymap", "anvil"),
        *("dnsblog", "mynetworks", "mydestination", "relayhost", "mydomain", "myhostname", "myorigin", "sasldb", "saslauthd"),
    }
)
_FOREIGN = re2.compile(
    r"(?i)^(?:exim\d?|sm-mta|sm-msp-queue|opensmtpd|msmtp|nullmailer[\w-]*|ssmtp|qmail[\w-]*|nginx|postgres\w*|named|sshd|courier\w*"
    r"|imapd|pop3d|haproxy|httpd|apache2?|mysqld|redis\w*|systemd-resolved)(?:\[\d+\])?: "
)


def speaks_of_postfix(words: Set[str]) -> bool:
    """Say whether one of these words is used by Postfix and hardly anything else."""
    return not _POSTFIX_WORDS.isdisjoint(words)


def is_foreign(line: str) -> bool:
    """Say whether a line was written by a program that is not Postfix and does not quote it."""
    return _FOREIGN.search(line) is not None
