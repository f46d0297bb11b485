"""Do the programs that Postfix asks for help answer: milters, policy services, content filters, LMTP servers?

Only connects, and closes at once: nothing is said to a helper. A socket is judged as the user postfix would meet it.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.facts.base import fact, unreadable
from bot.facts.pairs import SHELL, pairs
from bot.model.fact import Unknown
from bot.model.probe import Access, Probe, Reading

HELPERS = Probe(
    name="helpers",
    # Sockets in the folder `private` are seen by root and postfix only.
    access=Access.ROOT,
    script=rf"""
{SHELL}
need postconf awk sed ss stat bash timeout setpriv
queue=$(postconf -h queue_directory 2>/dev/null); queue=${{queue:-/var/spool/postfix}}
owner=$(postconf -h mail_owner 2>/dev/null); owner=${{owner:-postfix}}
jail() {{ postconf -Fh "$1/chroot" 2>/dev/null | grep -qx y && echo jail; }}
named() {{
    for one in smtpd_milters non_smtpd_milters; do
        {{ postconf -xh "$one"; postconf -P 2>/dev/null | sed -n "s#^[^ ]*/$one = ##p"; }} 2>/dev/null | tr ',{{}}' '\n\n\n' |
            tr -s ' ' '\n' | sed -nE 's#^(inet|inet6|unix|local):(.+)$#milter \1:\2#p'
    done
    {{ postconf -x; postconf -P; }} 2>/dev/null | grep -E '(^|/)smtpd_[a-z]+_restrictions =' | tr ',{{}}' '   ' |
        grep -oE 'check_policy_service +(inet|unix):[^ ]+' | awk '{{ print "policy " $2 }}'
    {{ postconf -xh content_filter; postconf -P 2>/dev/null | sed -n 's#^[^ ]*/content_filter = ##p'; }} 2>/dev/null |
        sed -nE 's#^[A-Za-z0-9_.-]+:(\[?[A-Za-z0-9.:-]+\]?:[0-9]+)$#filter inet:\1#p; s#^[A-Za-z0-9_.-]+:(unix:.+)$#filter \1#p'
    for one in mailbox_transport virtual_transport local_transport relay_transport default_transport; do
        postconf -xh "$one" 2>/dev/null |
            sed -nE 's#^[A-Za-z0-9_.-]+:(unix:.+)$#lmtp \1#p; s#^lmtp:(inet:)?(\[?[A-Za-z0-9.-]+\]?:[0-9]+)$#lmtp inet:\2#p'
    done
}}
socket() {{
    path=$1
    case $path in /*) if [ -n "$2" ]; then path=$queue$path; fi ;; *) path=$queue/$path ;; esac
    if [ ! -e "$path" ]; then echo missing; return; fi
    if [ ! -S "$path" ]; then echo not-a-socket; return; fi
    setpriv --reuid="$owner" --regid="$owner" --init-groups test -w "$path" 2>/dev/null || {{ echo denied; return; }}
    inode=" ino:$(stat -L -c %i "$path") "
    ss -H -xle | awk -v path="$path" -v inode="$inode" '$5 == path && index($0 " ", inode) {{ n = 1 }} END {{ exit !n }}' ||
        ss -H -xle | awk -v inode="$inode" 'index($0 " ", inode) {{ n = 1 }} END {{ exit !n }}' || {{ echo refused; return; }}
    echo answers
}}
port() {{
    rest=$1 host=${{1%:*}}
    host=${{host#[}}; host=${{host%]}}
    said=$(timeout 4 bash -c ': 3<>"/dev/tcp/$1/$2"' sh "$host" "${{rest##*:}}" 2>&1 </dev/null)
    case $?:$said in
        0:*) echo answers ;;
        124:*) echo silent ;;
        *refused*) echo refused ;;
        *'not known'* | *resolution*) echo no-name ;;
        *) echo silent ;;
    esac
}}
named | sort -u | head -20 | while read -r kind service; do
    place=${{service#*:}}
    case $kind in lmtp) in=$(jail lmtp/unix) ;; filter) in=$(jail smtp/unix) ;; *) in=$(jail smtp/inet) ;; esac
    case $service in
        inet*) state=$(port "$place") ;;
        *) state=$(socket "$place" "$in") ;;
    esac
    echo "helper=$kind $state $service${{in:+ $in}}"
done
echo end=ok
""".strip(),
    seconds=20,
    bytes=8192,
)
_STATES = frozenset({"answers", "refused", "silent", "missing", "denied", "not-a-socket", "no-name"})
_KINDS = frozenset({"milter", "policy", "filter", "lmtp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """The helper of one kind that does not answer, else the first; `state` is none (no such helper is configured), answers,
    refused (nobody listens), silent, missing (no socket file), denied (postfix may not use it), not-a-socket or no-name."""

    state: str
    service: str  # as the configuration names it, inet:127.0.0.1:8891 or unix:path
    chrooted: bool  # the program that connects sees the queue folder as its root


@fact("helper", HELPERS, parameters=("word",))
def helper(reading: Reading, kind: str) -> Helper | Unknown:
    """Whether the milters, policy services, filters or LMTP servers that are configured answer (Helper: state, service)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    if kind not in _KINDS:
        return unreadable("the catalogue knows no such kind of helper")
    found = []
    for line in values.get("helper", ()):
        named, state, service, jail = (*line.split(" "), "", "", "", "")[:4]
        if named == kind and state in _STATES:
            found.append(Helper(state=state, service=service[:128], chrooted=jail == "jail"))
    found.sort(key=lambda one: one.state == "answers")
    return found[0] if found else Helper(state="none", service="", chrooted=False)
