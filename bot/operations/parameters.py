"""Which main.cf parameters may a fix change, each in which narrow way? There is no operation that sets any name to any value.

Every script keeps main.cf first. `postconf -e` edits a copy and renames it, and follows no value of ours but fixed ones and
checked domains.
"""

from __future__ import annotations

from bot.model.fact import Facts
from bot.model.plan import Change
from bot.model.text import Text
from bot.operations.base import operation, shown

# postconf dies where mynetworks is not set and no interface is up; its own override lets it edit even then.
KEEP_MAIN_CF = """
main_cf=$(postconf -o mynetworks= -h config_directory)/main.cf || exit 1
keep "$main_cf"
"""


def _change(facts: Facts, name: str, after: str) -> tuple[Change, ...]:
    return (Change(what=f"main.cf: {name}", before=shown(facts, f"setting.{name}"), after=after),)


@operation(
    "inet-protocols-ipv4",
    script=KEEP_MAIN_CF + "postconf -e 'inet_protocols = ipv4'",
    says=Text(en="Let Postfix use IPv4 only (main.cf).", zh="让 Postfix 只使用 IPv4（main.cf）。"),
)
def inet_protocols_ipv4(facts: Facts) -> tuple[Change, ...]:
    """Postfix no longer listens on or connects over IPv6."""
    return _change(facts, "inet_protocols", "ipv4")


@operation(
    "destination-add",
    parameters={"domain": "domain"},
    script=KEEP_MAIN_CF
    + """
now=$(postconf -h mydestination) || exit 1
for word in $(printf '%s' "$now" | tr ',' ' '); do
    [ "$word" != "$1" ] || exit 0
done
if [ -n "$now" ]; then now="$now, $1"; else now=$1; fi
postconf -e "mydestination = $now"
""",
    says=Text(
        en="Add one domain to mydestination (main.cf), so that its mail is delivered on this host.",
        zh="在 mydestination（main.cf）中加入一个域，使该域的邮件在本机投递。",
    ),
)
def destination_add(facts: Facts, domain: str) -> tuple[Change, ...]:
    """The domain's mail is delivered on this host."""
    before = shown(facts, "setting.mydestination")
    return _change(facts, "mydestination", f"{before}, {domain}" if before not in ("", "?") else f"…, {domain}")


@operation(
    "mynetworks-loopback-add",
    script=KEEP_MAIN_CF
    + """
now=$(postconf -h mynetworks) || exit 1
for network in 127.0.0.0/8 '[::1]/128'; do
    case " $(printf '%s' "$now" | tr ',' ' ') " in
        *" $network "*) ;;
        *) now="$now $network" ;;
    esac
done
postconf -e "mynetworks = ${now# }"
""",
    says=Text(
        en="Add loopback (127.0.0.0/8, [::1]/128) to mynetworks (main.cf): programs on this host may send, nobody else "
        "gets more than before.",
        zh="把环回地址（127.0.0.0/8、[::1]/128）加入 mynetworks（main.cf）：本机程序可以发信，对其他人没有任何放宽。",
    ),
)
def mynetworks_loopback_add(facts: Facts) -> tuple[Change, ...]:
    """Programs on this host may send through 127.0.0.1."""
    before = shown(facts, "setting.mynetworks")
    after = "127.0.0.0/8 [::1]/128"
    return _change(facts, "mynetworks", f"{before} {after}" if before not in ("", "?") else f"… {after}")


@operation(
    "relay-guard-restore",
    script=KEEP_MAIN_CF
    + "postconf -e 'smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination'",
    says=Text(
        en="Let strangers send only to this host's own domains: smtpd_relay_restrictions becomes Postfix's default (main.cf).",
        zh="外人只能向本机的域发信：把 smtpd_relay_restrictions 恢复为 Postfix 默认值（main.cf）。",
    ),
)
def relay_guard_restore(facts: Facts) -> tuple[Change, ...]:
    """Nobody who is neither in mynetworks nor logged in can relay."""
    return _change(facts, "smtpd_relay_restrictions", "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination")
