"""How is SMTP AUTH set up in Postfix itself: which backend, on which ports, and is the smtpd.conf that exists the one it reads?

Of smtpd.conf only names of methods and mechanisms leave the host; it may hold database passwords.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.facts.base import fact
from bot.facts.pairs import SHELL, Pairs, flag, pairs, text
from bot.facts.settings import words
from bot.model.fact import Reason, Unknown
from bot.model.probe import Probe, Reading

SASL = Probe(
    name="sasl",
    script=rf"""
{SHELL}
need postconf awk
for one in smtpd_sasl_auth_enable smtpd_sasl_type smtpd_sasl_path smtpd_sasl_security_options smtpd_tls_auth_only; do
    echo "$one=$(postconf -xh "$one" 2>/dev/null)"
done
for one in $(postconf -a 2>/dev/null); do echo "built-in=$one"; done
postconf -M 2>/dev/null | awk '$2 == "inet" && $8 == "smtpd" {{ print "service=" $1 }}'
postconf -P 2>/dev/null | sed -nE 's#^([^/]+)/inet/smtpd_sasl_auth_enable = (yes|no)$#override=\1 \2#p'
echo end=ok
""".strip(),
    bytes=16384,
)
SMTPD_CONF = Probe(
    name="smtpd-conf",
    script=rf"""
{SHELL}
need postconf sed id
queue=$(postconf -h queue_directory 2>/dev/null); queue=${{queue:-/var/spool/postfix}}
name=smtpd
# Only the type cyrus takes the file's name from smtpd_sasl_path; for any other, what would be read under cyrus is of use.
if [ "$(postconf -xh smtpd_sasl_type 2>/dev/null)" = cyrus ]; then name=$(postconf -xh smtpd_sasl_path 2>/dev/null); fi
name=${{name##*/}}; name=${{name:-smtpd}}.conf
folders=$(postconf -xh cyrus_sasl_config_path 2>/dev/null)
echo "version=$(postconf -h mail_version 2>/dev/null)"
echo "folders=$folders"
echo "standard=$(yes test -f "/etc/postfix/sasl/$name")"
for folder in $(echo "$folders" | tr ':' ' ') /etc/postfix/sasl /etc/sasl2 /usr/lib/sasl2; do
    [ -f "$folder/$name" ] || continue
    echo "file=$folder/$name"
    [ -r "$folder/$name" ] || exit 77
    sed -nE 's#^[[:space:]]*(pwcheck_method|mech_list|auxprop_plugin):[[:space:]]*([A-Za-z0-9 ,_-]*).*#\1|\2#p' \
        "$folder/$name" | sed "s#^#conf=$folder/$name|#"
done
for one in /usr/lib/*/sasl2/lib*.so /usr/lib/sasl2/lib*.so /usr/lib64/sasl2/lib*.so; do
    [ -e "$one" ] || continue
    one=${{one##*/lib}}; echo "plugin=${{one%.so}}"
done
echo "sasldb=$(yes test -e /etc/sasldb2) $(yes test -e "$queue/etc/sasldb2")"
echo end=ok
""".strip(),
    bytes=16384,
)
_PLUGINS = {
    "plain": "PLAIN", "login": "LOGIN", "crammd5": "CRAM-MD5", "digestmd5": "DIGEST-MD5", "ntlm": "NTLM",
    "anonymous": "ANONYMOUS", "gssapiv2": "GSSAPI", "otp": "OTP", "scram": "SCRAM-SHA-1", "gs2": "GS2-KRB5",
}  # fmt: skip
_VERSION = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sasl:
    """SMTP AUTH as Postfix is told to do it."""

    enabled: bool | Unknown  # for services that do not say otherwise
    type: str
    path: str  # smtpd_sasl_path
    supported: bool | Unknown  # this Postfix was built with the type
    dovecot_built_in: bool | Unknown
    cyrus_built_in: bool | Unknown
    forbids_plaintext: bool
    needs_tls: bool | Unknown  # AUTH is offered only inside TLS
    on_25: bool | Unknown  # AUTH is enabled on port 25
    on_submission: bool | Unknown  # a submission service (587 or 465) exists and has AUTH enabled
    submission: bool  # a submission service exists


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpdConf:
    """The settings file of the Cyrus SASL library for smtpd."""

    found: bool  # where this Postfix looks for it
    unread: bool | Unknown  # it stands in /etc/postfix/sasl, and this Postfix does not look there
    method: str  # pwcheck_method, empty when not set
    sasldb: str  # unused, present, outside-chroot or missing
    mechanisms: str  # ok, none-installed (mech_list names nothing that is installed) or unlimited (no mech_list)
    plaintext_only: bool
    plain_plugin: bool  # the library has a plugin for PLAIN


@fact("sasl", SASL)
def sasl(reading: Reading) -> Sasl | Unknown:
    """How SMTP AUTH is set (Sasl: enabled, type, supported, forbids-plaintext, needs-tls, on-25, on-submission, submission)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    kind, built_in = text(values, "smtpd_sasl_type"), values.get("built-in", ())
    if not kind:
        return Unknown(reason=Reason.UNREADABLE, detail="postconf cannot read main.cf, so the login settings are not known")
    unlisted = Unknown(reason=Reason.UNREADABLE, detail="Postfix did not list the login types it was built with")
    services = values.get("service", ())
    submissions = [name for name in services if name.rpartition(":")[2] in ("submission", "587", "submissions", "smtps", "465")]
    port25 = [name for name in services if name.rpartition(":")[2] in ("smtp", "25")]
    return Sasl(
        enabled=flag(values, "smtpd_sasl_auth_enable"),
        type=kind[:40],
        path=text(values, "smtpd_sasl_path")[:200],
        supported=kind in built_in if built_in else unlisted,
        dovecot_built_in="dovecot" in built_in if built_in else unlisted,
        cyrus_built_in="cyrus" in built_in if built_in else unlisted,
        forbids_plaintext="noplaintext" in words(text(values, "smtpd_sasl_security_options")),
        needs_tls=flag(values, "smtpd_tls_auth_only"),
        on_25=_enabled(values, port25),
        on_submission=_enabled(values, submissions),
        submission=bool(submissions),
    )


def _enabled(values: Pairs, services: list[str]) -> bool | Unknown:
    default = flag(values, "smtpd_sasl_auth_enable")
    overrides = dict(line.rsplit(" ", 1) for line in values.get("override", ()) if " " in line)
    answers = [overrides.get(name) for name in services]
    if any(answer == "yes" for answer in answers):
        return True
    return default if any(answer is None for answer in answers) else False


@fact("smtpd-conf", SMTPD_CONF)
def smtpd_conf(reading: Reading) -> SmtpdConf | Unknown:
    """What the Cyrus SASL library reads for smtpd (SmtpdConf: found, unread, method, sasldb, mechanisms, plaintext-only)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    files, by_default = values.get("file", ()), _looks_in_postfix(text(values, "version"))
    folders = [one.rstrip("/") for one in text(values, "folders").split(":") if one]
    looked = folders or ["/etc/sasl2", "/usr/lib/sasl2", *(["/etc/postfix/sasl"] if by_default is not False else [])]
    read = next((one for one in files if one.rpartition("/")[0] in looked), "")
    standard = flag(values, "standard") is True
    unread: bool | Unknown = standard and "/etc/postfix/sasl" not in looked
    if standard and not folders and by_default is None:
        unread = Unknown(reason=Reason.NOT_MEASURED, detail="it is not known where this release looks for smtpd.conf")
    settings = _settings(values, read)
    provided = {_PLUGINS.get(name, name.upper()) for name in values.get("plugin", ())}
    listed = set(words(settings.get("mech_list", "").upper()))
    usable = {one for one in listed if one in provided or (one.startswith("SCRAM") and "SCRAM-SHA-1" in provided)}
    method = settings.get("pwcheck_method", "").strip()
    return SmtpdConf(
        found=bool(read),
        unread=unread,
        method=method[:40],
        sasldb=_sasldb(values, method, settings.get("auxprop_plugin", "sasldb")),
        mechanisms="unlimited" if not listed else "ok" if usable else "none-installed",
        plaintext_only=bool(listed) and usable <= {"PLAIN", "LOGIN"},
        plain_plugin="PLAIN" in provided,
    )


def _settings(values: Pairs, file: str) -> dict[str, str]:
    lines = [line.split("|") for line in values.get("conf", ())]
    return {line[1]: line[2] for line in lines if len(line) == 3 and line[0] == file}


def _looks_in_postfix(version: str) -> bool | None:
    """Whether this version looks in /etc/postfix/sasl unasked: 3.7 (Debian 12) does, 3.10 (Debian 13) does not."""
    found = _VERSION.match(version)
    if found is None:
        return None
    pair = (int(found[1]), int(found[2]))
    return True if pair <= (3, 7) else False if pair >= (3, 10) else None


def _sasldb(values: Pairs, method: str, plugin: str) -> str:
    if method not in ("auxprop", "") or "sasldb" not in plugin:
        return "unused"
    outside, _, inside = text(values, "sasldb").partition(" ")
    return "present" if inside == "yes" else "outside-chroot" if outside == "yes" else "missing"
