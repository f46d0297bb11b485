"""How does loopback come back? Only loopback: no operation here can touch another interface."""

from __future__ import annotations

from bot.model.fact import Facts
from bot.model.plan import Change
from bot.model.text import Text
from bot.operations.base import operation, shown


@operation(
    "loopback-up",
    script="ip link set lo up",
    says=Text(en="Bring the loopback interface up.", zh="启用环回接口。"),
)
def up(facts: Facts) -> tuple[Change, ...]:
    """Loopback is up; the kernel gives it 127.0.0.1 and ::1 again when it comes from down."""
    return (Change(what="lo", before="up" if facts.look("interfaces.loopback-up") is True else "down", after="up"),)


@operation(
    "loopback-address-add",
    script="""
ip -4 addr show dev lo | grep -qF 'inet 127.0.0.1/' || ip addr add 127.0.0.1/8 dev lo || exit 1
if [ "$(cat /proc/sys/net/ipv6/conf/lo/disable_ipv6 2>/dev/null)" = 0 ]; then
    ip -6 addr show dev lo | grep -qF 'inet6 ::1/' || ip -6 addr add ::1/128 dev lo
fi
""",
    says=Text(
        en="Give the loopback interface its own addresses again: 127.0.0.1, and ::1 where IPv6 is on.",
        zh="让环回接口重新拥有自己的地址：127.0.0.1，启用 IPv6 时还有 ::1。",
    ),
)
def address_add(facts: Facts) -> tuple[Change, ...]:
    """Loopback has 127.0.0.1, and ::1 unless IPv6 is switched off."""
    held = [text for text, path in (("127.0.0.1", "v4"), ("::1", "v6")) if facts.look(f"interfaces.loopback-{path}") is True]
    off = facts.look("ipv6.loopback") is False
    return (Change(what="lo", before=", ".join(held) or "-", after="127.0.0.1" if off else "127.0.0.1, ::1"),)


@operation(
    "hosts-localhost-restore",
    script="""
umask 022
keep /etc/hosts
file=$(readlink -f /etc/hosts) || exit 1
new=$file.postmedic
if [ -e "$file" ]; then cp -a -- "$file" "$new" || exit 1; else : >"$new" && : >>"$file" || exit 1; fi
awk '
    {
        cut = index($0, "#"); body = cut ? substr($0, 1, cut - 1) : $0; note = cut ? substr($0, cut) : ""
        count = split(body, word); names = ""; found = 0
        for (i = 2; i <= count; i++) if (word[i] == "localhost") found = 1; else names = names " " word[i]
        if (!found || word[1] ~ /^127\\./ || word[1] == "::1") print
        else if (names != "") print word[1] names (note == "" ? "" : " " note)
        else if (note != "") print note
    }' "$file" >"$new" || exit 1
grep -qE '^[[:blank:]]*127\\.0\\.0\\.1[[:blank:]]([^#]*[[:blank:]])?localhost([[:blank:]#]|$)' "$new" ||
    printf '127.0.0.1\\tlocalhost\\n' >>"$new" || exit 1
sync "$new"
# Renamed, so that nobody reads half of it; in a container the file is a mount and can only be written over.
mv -fT -- "$new" "$file" 2>/dev/null || { cat "$new" >"$file" && rm -f "$new"; }
""",
    says=Text(
        en="Make localhost 127.0.0.1 in /etc/hosts: add that line, and take the name away from addresses outside loopback.",
        zh="在 /etc/hosts 中让 localhost 指向 127.0.0.1：补上这一行，并从环回之外的地址行中去掉该名称。",
    ),
)
def hosts_localhost_restore(facts: Facts) -> tuple[Change, ...]:
    """localhost is loopback again; every other name in the file stays as it is."""
    elsewhere = shown(facts, "localhost.elsewhere")
    return (Change(what="/etc/hosts: localhost", before=elsewhere or "-", after="127.0.0.1"),)
