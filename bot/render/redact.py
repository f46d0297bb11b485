"""What in a text is a secret of Postfix's? Masks the forms in which secrets appear, before anything is stored or shown.

Best effort over a published list of forms, and the message says to change what was pasted. Ordinary log lines pass
untouched. All patterns are RE2: a hostile paste cannot make them slow.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import re2

MASK = "<masked>"

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_SURROGATE = re.compile("[\ud800-\udfff]")
_ENCODED = re.compile(r"[A-Za-z0-9+/_.~-]+={0,2}")
# A plain word, a number, or the name of a mechanism such as CRAM-MD5: no Base64.
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?:-[A-Z0-9-]+)?|[0-9]+|XOAUTH2")
# What the server itself says during AUTH LOGIN ("Username:", "Password:") is needed for recognition and is no secret.
_PROMPTS = frozenset({"VXNlcm5hbWU6", "UGFzc3dvcmQ6", "VXNlciBOYW1lAA==", "UGFzc3dvcmQA"})
# MySQL's "using password: YES", what other programs have hidden already, and names of variables.
_SAYS_NOTHING = re.compile(
    r"(?i)[\"'`(\[]*(?:|yes|no|none|null|true|false|not|n/a|on|off|empty|unset|hidden|masked|redacted|required|incorrect|wrong"
    r"|invalid|<[^>]*>?|\*+|x{3,}|\$\{?[a-z_]\w*\}?|%[a-z]|\{\{?[^}]*\}?\})[\"'`)\].,;]*"
)
_NO_USERS = """
smtp smtps relay lmtp error discard retry local virtual inet inet6 unix uucp pipe maildrop cyrus dovecot procmail mailman filter
bsmtp ifmail http https tcp udp ldap ldaps ldapi hash btree lmdb cdb dbm texthash pcre regexp mysql pgsql sqlite proxy static
inline reject permit warn hold redirect
"""
_TRANSPORTS = frozenset(_NO_USERS.split())


def _always(secret: str) -> bool:
    return True


def _telling(secret: str) -> bool:
    return _SAYS_NOTHING.fullmatch(secret) is None


def _encoded(secret: str) -> bool:
    """Whether it is Base64 rather than a word, a command or a mechanism's name."""
    word = secret.split()[0].strip("\"'")
    return word not in _PROMPTS and _ENCODED.fullmatch(word) is not None and _WORD.fullmatch(word) is None


def _typed(secret: str) -> bool:
    """Whether a line typed after a server's `334` is an answer and no prompt."""
    return secret.split()[0] not in _PROMPTS and secret not in ("QUIT", "RSET", "STARTTLS")


@dataclass(frozen=True, slots=True)
class _Form:
    """One form: the group `s` is a secret where `judge` agrees and the group `user`, if there is one, is no transport."""

    pattern: re2._Regexp[str]
    judge: Callable[[str], bool]


def _form(pattern: str, judge: Callable[[str], bool] = _always) -> _Form:
    return _Form(re2.compile(pattern, _OPTIONS), judge)


_START = r"(?m)^(?:[>|*$# \t`'\"+-]|[0-9]{1,5}[:\t ]|\S{0,200}passw?d?\S{0,60}?:)*"  # quoted, listed, numbered, found by grep
_HOST = r"[A-Za-z0-9_*-]*(?:\.[A-Za-z0-9_-]+)+"
_BRACKETS = rf"(?:\[(?:{_HOST}|[0-9A-Fa-f:.]*::[0-9A-Fa-f:.]*)\](?::[a-z0-9]+)?|\[[A-Za-z0-9:.-]+\]:[a-z0-9]+)"
_USER = r"(?P<user>[^\s:/\[\]{}]+):"
_END = r"(?:[` \t\r]*$|\"[,}\]])"  # of the line, or of a text in JSON
_TO_END = rf"(?P<s>[^\s\[/](?:[^\n]*?[^\s`])?){_END}"
_BASE64 = r"[A-Za-z0-9+/]{4,}={0,2}"
_MORE = r"(?:\r?\n[ \t]*[A-Za-z0-9+/]{20,}={0,2}[ \t\r]*$)*"  # a terminal broke the line
_QUOTED = r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'"
_REST = r"(?:[^\s\"，。；、）]|\"[^\s,}\]:])"  # a character of a word, which a quote ends in JSON only
_VALUE = rf"(?P<s>{_QUOTED}|{_REST}+)"
_WORD_OF_COMMAND = rf"(?P<s>{_QUOTED}|[^\s-]{_REST}*)"
_NAME = (
    r"(?:[a-z0-9_.-]*(?:password|passwort|passphrase|bind_?pw|ldapdb_pw|rootpw|mysql_pwd|dbpass|dnpass)"
    r"|(?:[a-z0-9]+_)+(?:passwd|pass|pw)|passwd)"
)
_MAPS = r"password_maps[ \t]*=(?:[^\n=]|\r?\n[ \t]+)*?"  # a password map's value, over its continuation lines
_MECHANISM = r"(?:PLAIN|LOGIN|XOAUTH2|OAUTHBEARER|CRAM-MD5|DIGEST-MD5|NTLM|GSSAPI|EXTERNAL|SCRAM-[A-Z0-9-]+)"

_FORMS = (
    _form(r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----(?P<s>.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|\z)"),
    _form(r"(?m)(?P<s>(?:^[> \t|]*[A-Za-z0-9+/=]{16,}[ \t\r]*\n)+)[> \t|]*-----END [A-Z0-9 ]*PRIVATE KEY"),
    _form(r"(?i)(?:Master-Key|Resumption PSK|Master secret)[ \t]*:[ \t]*(?P<s>[0-9A-F]{16,})"),  # openssl s_client
    # Lookup tables inside main.cf and master.cf.
    _form(rf"(?i){_MAPS}static:[ \t]*(?P<s>\{{[^}}\n]*\}}?|[^\s:]+:{_REST}+)"),
    _form(rf"(?i){_MAPS}inline:\s*\{{(?P<s>(?:[^\n]|\r?\n[ \t]+)*)"),
    _form(rf"(?i)\bstatic:\{{?(?P<user>[a-z0-9][^\s:/{{}}\[\]]*):(?P<s>[^\s\[,:}}]{_REST}*)"),
    # Lines of sasl_passwd: in the file, from postmap, in a verbose log, or written by echo.
    _form(rf"{_START}{_BRACKETS}[ \t]+{_USER}{_TO_END}"),
    _form(
        rf"(?:^|[\s\"'`>:={{(,]){_BRACKETS}(?:[ \t]+|[ \t]*=[ \t]*){_USER}"
        r"(?P<s>[a-z]{4}(?: [a-z]{4}){3}|[^\s\"'`\[/][^\s\"'`]*)"
    ),
    _form(rf"{_START}(?:[^\s@]*@)?{_HOST}(?::[a-z0-9]+)?[ \t]+{_USER}(?P<s>[^\s\[/]\S*?)[ \t\r\"'`]*(?:#[^\n]*)?$"),
    _form(rf"(?im)sasl_passw[^\n]*: [^\s=]+ = {_USER}{_TO_END}"),
    _form(rf"(?im)postmap[ \t][^\n]*-[a-z]*[qs][^\n]*(?:sasl|pass|cred|auth)[^\n]*\n{_USER}{_TO_END}"),
    # Names that say so, in map files, settings, queries and words.
    _form(
        rf"(?im)(?:^[>|*# \t`-]*|cfg_get_str: [^\n]*: ){_NAME}[ \t]*=[ \t]*(?:\r?\n[ \t]+)?"
        rf"(?P<s>{_QUOTED}|[^\s](?:[^\n]*?[^\s`])?){_END}",
        _telling,
    ),
    _form(rf"(?i)\b{_NAME}['\"]?[ \t]*(?:=>|=)[ \t]*{_VALUE}", _telling),
    _form(
        r"(?i)\b(?:[a-z0-9]+[_-])*(?:password|passwort|passphrase|userpassword|sql_passwd|ldapdb_pw|dbpass)"
        rf"['\"]?[ \t]*::?[ \t]*{_VALUE}",
        _telling,
    ),
    _form(rf"(?:密码|口令|密碼)(?:[ \t]*(?:是|为|為|[:：=])[ \t]*|[ \t]+)(?P<s>{_QUOTED}|[!-~]+)", _telling),
    _form(r"(?i)\bpassword is:? (?P<s>[\"'`]?[^\s]*[0-9!@#$%^&*_+=-][^\s]*)", _telling),
    _form(r"(?i)\b(?:pass|resp|secret)=(?P<s>[^\s,;&\"]+)", _telling),
    _form(
        r"(?i)\b[a-z0-9_.-]*(?:token|secret|api_?key|signing_?key)['\"]?[ \t]*[=:][ \t]*"
        r"(?P<s>\"[^\"\n]{8,}\"|'[^'\n]{8,}'|[A-Za-z0-9_.+/~=-]{8,})",
        _encoded,
    ),
    _form(r"\bpass [`'](?P<s>[^'\n]*)'"),  # smtp_sasl_passwd_lookup: host `h' user `u' pass `p'
    # On command lines.
    _form(rf"(?i)(?:\s--(?:[a-z]+-)*pass(?:word|wd)?|\s-ap)(?:=|[ \t]+){_WORD_OF_COMMAND}", _telling),
    _form(rf"(?i)\b(?:testsaslauthd|doveadm pw)\b[^\n]*?\s-p[ \t]*{_WORD_OF_COMMAND}"),
    _form(rf"(?i)\bdoveadm (?:-\S+ )*auth (?:test|login)(?: -\S+ \S+)* [^\s-]\S* {_WORD_OF_COMMAND}"),
    _form(rf"\b(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n|;]*?\s-p{_WORD_OF_COMMAND}"),
    _form(rf"\bldap(?:search|whoami|modify|add|compare)\b[^\n|;]*?\s-w[ \t]*{_WORD_OF_COMMAND}"),
    _form(r"\bcurl\b[^\n|;]*?\s(?:-u|--user)[ =]?[\"']?[^\s:\"']+:(?P<s>[^\s\"']+)"),
    _form(r"\\(?:0{1,4}|x00)[^\\\"'\s]+\\(?:0{1,4}|x00)(?P<s>[^\"'\s]+)"),  # printf '\0user\0password' | base64
    _form(r"(?i)\b[a-z][a-z0-9+.-]*://[^\s:@/]*:(?P<s>[^\s/\"]+)@"),
    # What goes over the wire: verbose logs, telnet, openssl s_client, swaks.
    _form(rf"(?im)\bAUTH[ \t]+{_MECHANISM}[ \t]+(?P<s>{_BASE64}{_MORE})", _encoded),
    _form(rf"(?m)[<>][ \t]+\S*\[[^\]\n]*\](?::[0-9]+)?:[ \t]+(?P<s>{_BASE64})(?:[ \t\r]*$|\"[,}}])", _encoded),
    _form(
        rf"(?m)^[^\n]{{0,80}}\b334(?:[ -][^\n]*)?\r?\n(?:[^\nA-Za-z0-9]|C:|[0-9:.]{{5,15}}\]?[ \t])*"
        rf"(?P<s>{_BASE64}{_MORE})[ \t\r]*$",
        _typed,
    ),
    _form(r"(?i)\bBearer[ \t]+(?P<s>[A-Za-z0-9._~+/-]{8,}=*)", _encoded),
    # Tokens that are known by their looks.
    _form(r"\b(?:xox[a-z]|xapp)(?:\.xox[a-z])?-(?P<s>[A-Za-z0-9-]{6,})"),
    _form(r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<s>[A-Za-z0-9/_-]+)"),
    _form(r"(?:\bSG\.|\bgh[pousr]_|\bkey-)(?P<s>[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]{16,})?)"),
)


def redact(text: str) -> tuple[str, int]:
    """Give the text with its secrets masked, and how many were."""
    text = _SURROGATE.sub("\ufffd", text)  # half a character, which RE2 cannot read
    masked = 0
    for form in _FORMS:

        def hide(found: re2._Match[str], form: _Form = form) -> str:
            nonlocal masked
            whole, secret = str(found.group(0)), str(found.group("s"))
            user = str(found.groupdict().get("user") or "").lower()
            if not secret.strip() or MASK in secret or not form.judge(secret) or user in _TRANSPORTS:
                return whole
            masked += 1
            begin, end = (place - found.start() for place in found.span(form.pattern.groupindex["s"]))
            return f"{whole[:begin]}{MASK}{whole[end:]}"

        text = form.pattern.sub(hide, text)
    return text, masked
