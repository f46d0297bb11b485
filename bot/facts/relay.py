"""How does Postfix log in to its relay: is there a password map, is it compiled, and does it hold an entry for the relay?

Passwords stay on the host: lookups answer found or not, and of a map only keys that look like `[host]:port` or `host` leave.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.facts.base import fact
from bot.facts.pairs import SHELL, Pairs, flag, number, pairs, text
from bot.facts.settings import words
from bot.model.fact import Reason, Unknown
from bot.model.probe import Access, Probe, Reading

RELAY = Probe(
    name="relay",
    # A password map is readable by root only. A map that is not compiled is not asked: postmap would log an error.
    access=Access.ROOT,
    script=rf"""
{SHELL}
need postconf postmap stat awk
for one in relayhost smtp_sasl_auth_enable smtp_sasl_security_options smtp_sasl_tls_security_options smtp_tls_security_level \
    smtp_tls_wrappermode smtp_use_tls; do
    echo "$one=$(postconf -xh "$one" 2>/dev/null)"
done
relay=$(postconf -xh relayhost 2>/dev/null)
host=${{relay#[}}; host=${{host%%]*}}; case $relay in [*) ;; *) host=${{host%%:*}} ;; esac
named=$(postconf -xh smtp_sasl_password_maps 2>/dev/null)
first=$(echo "$named" | sed -nE 's#^((proxy:)?(hash|btree|lmdb|cdb|dbm):/[A-Za-z0-9_.@/-]+)([ ,].*)?$#\1#p')
case $named in
    '') named=none
        kind=$(postconf -h default_database_type 2>/dev/null)
        for one in /etc/postfix/sasl_passwd /etc/postfix/sasl/sasl_passwd /etc/postfix/sasl_password; do
            if [ -e "$one" ] || [ -e "$one.db" ] || [ -e "$one.lmdb" ]; then first=${{kind:-hash}}:$one; break; fi
        done ;;
    *) if [ -n "$first" ]; then named=file; else named=other; fi ;;
esac
echo "named=$named"
plugin=no
for one in /usr/lib/*/sasl2/libplain.so /usr/lib/sasl2/libplain.so /usr/lib64/sasl2/libplain.so; do
    [ -e "$one" ] && plugin=yes
done
echo "plugin=$plugin"
if [ -n "$first" ]; then
    echo "table=$first"
    bare=${{first#proxy:}}; path=${{bare#*:}}
    case $bare in lmdb:*) file=$path.lmdb ;; cdb:*) file=$path.cdb ;; dbm:*) file=$path.pag ;; *) file=$path.db ;; esac
    stat -L -c 'source=%Y %a' "$path" 2>/dev/null
    if stat -L -c 'compiled=%Y %a' "$file" 2>/dev/null; then
        for one in "$relay" "$host"; do
            [ -n "$one" ] && echo "found=$(yes postmap -q "$one" "$bare")"
        done
        postmap -s "$bare" 2>/dev/null | awk '{{ print $1 }}' |
            grep -xE '(\[[A-Za-z0-9.:-]+\]|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)(:([0-9]{{1,5}}|submissions?|smtps?))?' |
            head -20 | sed 's/^/entry=/'
    fi
fi
echo end=ok
""".strip(),
    bytes=16384,
)
_ENTRY = re.compile(r"\[?([A-Za-z0-9.:-]+?)\]?(?::([0-9]{1,5}|submissions?|smtps?))?")
_EXACT = re.compile(r"\[([A-Za-z0-9][A-Za-z0-9.-]{0,120})\]:([1-9][0-9]{1,4})")
_PORTS = {"submission": "587", "submissions": "465", "smtps": "465", "smtp": "25", "": "25"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """How mail goes to the relay and how Postfix logs in there."""

    relayhost: str  # as set, empty when mail is delivered directly
    login: bool | Unknown  # smtp_sasl_auth_enable
    map: str  # none, other (not a file), missing, stale, no-source (compiled only) or ready
    named: bool  # smtp_sasl_password_maps names it; else it only lies where such maps usually lie
    table: str  # hash:/etc/postfix/sasl_passwd, empty when there is none
    key: str | Unknown  # found, other-spelling (same host, written differently) or missing
    host: str | Unknown  # the relay: of relayhost, or else of the map's only entry `[host]:port`
    port: str | Unknown
    allows_plaintext: bool  # PLAIN and LOGIN may be used on this connection
    encrypted: bool  # TLS is mandatory
    plugin: bool | Unknown  # the login library has PLAIN
    exposed: bool  # others on the host may read the passwords
    proxied: bool  # read through proxymap, which is not root


@fact("relay", RELAY)
def relay(reading: Reading) -> Relay | Unknown:
    """How Postfix logs in to its relay (Relay: relayhost, login, map, named, table, key, host, port, exposed …)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    if not text(values, "smtp_sasl_auth_enable"):
        return Unknown(reason=Reason.UNREADABLE, detail="postconf cannot read main.cf, so the relay settings are not known")
    relayhost, table = text(values, "relayhost"), text(values, "table")
    entries = values.get("entry", ())
    host, port = _target(relayhost, entries)
    level = text(values, "smtp_tls_security_level")
    tls = level not in ("", "none") or text(values, "smtp_use_tls") == "yes"
    options = words(text(values, "smtp_sasl_tls_security_options" if tls else "smtp_sasl_security_options"))
    return Relay(
        relayhost=relayhost[:200],
        login=flag(values, "smtp_sasl_auth_enable"),
        map=_map(values, table),
        named=text(values, "named") == "file",
        table=table.removeprefix("proxy:"),
        key=_key(values, relayhost, entries, table),
        host=host,
        port=port,
        allows_plaintext="noplaintext" not in options,
        encrypted=level not in ("", "none", "may") or text(values, "smtp_tls_wrappermode") == "yes",
        plugin=flag(values, "plugin"),
        exposed=any(_read_by_others(text(values, name)) for name in ("source", "compiled")),
        proxied=table.startswith("proxy:"),
    )


def _target(relayhost: str, entries: tuple[str, ...]) -> tuple[str | Unknown, str | Unknown]:
    if relayhost and (parsed := _ENTRY.fullmatch(relayhost)):
        return parsed[1], _PORTS.get(parsed[2] or "", parsed[2] or "25")
    exact = [found for entry in entries if (found := _EXACT.fullmatch(entry))]
    if relayhost or len(exact) != 1:
        none = Unknown(reason=Reason.NOT_APPLICABLE, detail="the password map does not name exactly one relay as [host]:port")
        return none, none
    return exact[0][1], exact[0][2]


def _map(values: Pairs, table: str) -> str:
    if text(values, "named") == "other":
        return "other"
    source, compiled = _mtime(values, "source"), _mtime(values, "compiled")
    if not table or (source is None and compiled is None):
        return "none"
    if compiled is None:
        return "missing"
    if source is None:
        return "no-source"
    return "stale" if source > compiled else "ready"


def _mtime(values: Pairs, name: str) -> int | None:
    return number({"at": (text(values, name).partition(" ")[0],)}, "at")


def _read_by_others(described: str) -> bool:
    mode = described.partition(" ")[2]
    return mode[-1:] in set("4567")


def _key(values: Pairs, relayhost: str, entries: tuple[str, ...], table: str) -> str | Unknown:
    if not relayhost:
        return Unknown(reason=Reason.NOT_APPLICABLE, detail="no relayhost is set, so there is nothing to look up")
    if text(values, "named") == "other":
        return Unknown(reason=Reason.NOT_APPLICABLE, detail="the password map is not a file, so it was not asked")
    if "yes" in values.get("found", ()):
        return "found"
    wanted = _ENTRY.fullmatch(relayhost)
    same = [one for entry in entries if (one := _ENTRY.fullmatch(entry)) and wanted and one[1].lower() == wanted[1].lower()]
    return "other-spelling" if same else "missing"
