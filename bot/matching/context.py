"""Is this text about Postfix at all? Words that only Postfix uses, and programs whose lines are never Postfix's own."""

from __future__ import annotations

import re2

from bot.matching.words import latin_words

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
    r"|\bSMTP error from remote mail server| R=\w+ T=\w+"  # Exim's
)


_PARAMETER = re2.compile(
    r"\b(?:inet|smtpd?|lmtp|virtual|mailbox|milter|relay|transport|alias|message|queue|header|body|disable|broken|default)_[a-z]+"
    r"|\b(?:main|master)\.cf\b|\bmail_queue_enter\b|\bdict_(?:mysql|pgsql|ldap|sqlite|nis)_|\bvalid_hostname\b|\bdsn=[245]\."
)


def speaks_of_postfix(text: str) -> bool:
    """Say whether a text holds a word or a parameter that Postfix uses and hardly anything else."""
    return not _POSTFIX_WORDS.isdisjoint(latin_words(text)) or _PARAMETER.search(text) is not None


def is_foreign(line: str) -> bool:
    """Say whether a line was written by a program that is not Postfix and does not quote it."""
    return _FOREIGN.search(line) is not None
