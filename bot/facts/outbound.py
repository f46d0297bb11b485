"""Is outgoing SMTP to port 25 filtered? Tries the servers that Postfix's own waiting mail is for, never a name from a paste.

Port 25 silent everywhere proves a filter only when something else answers: so the same servers, and the relay where one is set,
are tried on other ports too.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.facts.base import fact
from bot.facts.pairs import SHELL, Pairs, flag, pairs
from bot.model.fact import Reason, Unknown
from bot.model.probe import Probe, Reading

OUTBOUND = Probe(
    name="outbound",
    # At most four servers: those Postfix says it could not reach, then the MX hosts of the domains that mail waits for.
    script=rf"""
{SHELL}
need postqueue bash awk ip getent
waiting=$(postqueue -j 2>/dev/null | head -c 262144 | grep -F '"queue_name": "deferred"')
tried=$(echo "$waiting" | grep -oE '"delay_reason": "[a-z :]*connect to [A-Za-z0-9_.-]+\[[0-9.]+\]:25: ' |
    sed 's/.*\[//; s/\].*//')
domains=$(echo "$waiting" | grep -oE '"address": "[^"]*@[A-Za-z0-9_.-]+"' | sed 's/.*@//; s/"$//' | sort | uniq -c | sort -rn |
    awk '$2 ~ /^[A-Za-z0-9_]/ && n++ < 3 {{ print $2 }}')
echo "domains=$(echo $domains | wc -w)"
names=0 found=''
for domain in $domains; do
    if command -v dig >/dev/null; then
        servers=$(dig +short +time=2 +tries=1 mx "$domain" 2>/dev/null | awk '$2 ~ /^[A-Za-z0-9]/ && n++ < 2 {{ print $2 }}')
    elif command -v host >/dev/null; then
        servers=$(host -W 2 -t mx "$domain" 2>/dev/null | awk '/ handled by [0-9]+ [A-Za-z0-9]/ && n++ < 2 {{ print $NF }}')
    else
        servers=''
    fi
    for server in ${{servers:-$domain}}; do
        address=$(getent ahostsv4 "$server" | awk 'NR == 1 {{ print $1 }}')
        if [ -n "$address" ]; then names=$((names + 1)); found="$found $address"; fi
    done
done
echo "resolved=$(yes test "$names" -gt 0)"
echo "route=$(yes ip -4 route get 192.0.2.1)"
try() {{
    said=$(timeout 5 bash -c ': 3<>"/dev/tcp/$1/$2"' sh "$1" "$2" 2>&1)
    case $?:$said in
        0:*) echo "try=$1 $2 open" ;;
        124:*) echo "try=$1 $2 timeout" ;;
        *refused*) echo "try=$1 $2 refused" ;;
        *'timed out'*) echo "try=$1 $2 timeout" ;;
        *) echo "try=$1 $2 no-route" ;;
    esac
}}
for address in $(printf '%s\n' $tried $found | awk '/^[0-9.]+$/ && !/^(127|0)\./ && !seen[$0]++ && n++ < 4'); do
    for port in 25 587 443; do try "$address" "$port" </dev/null & done
done
relay=$(postconf -xh relayhost 2>/dev/null)
case $relay in
    '['*']:'*) host=${{relay#[}}; try "${{host%%]*}}" "${{relay##*:}}" </dev/null & ;;
esac
wait
echo end=ok
""".strip(),
    seconds=25,
    bytes=8192,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """What outgoing connections do."""

    servers: int  # how many different mail servers were tried
    port25: str  # silent, rejected (a filter says no route), open (at least one), refused or mixed
    elsewhere: str  # answers: another port of these servers, or the relay, reacted; silent: none did
    resolved: bool | Unknown  # names of their mail servers could be looked up
    route: bool | Unknown  # there is a route to the Internet

    @property
    def verdict(self) -> str:
        """blocked, one-server (looks blocked, too few servers to prove it), unreachable (nothing answers), open or mixed."""
        if self.port25 not in ("silent", "rejected"):
            return "open" if self.port25 == "open" else "mixed"
        if self.elsewhere != "answers":
            return "unreachable"
        return "blocked" if self.servers > 1 else "one-server"


@fact("outbound", OUTBOUND)
def outbound(reading: Reading) -> Outbound | Unknown:
    """Whether connections to port 25 get out (Outbound: servers, port25, elsewhere, resolved, route, verdict)."""
    values = pairs(reading)
    if isinstance(values, Unknown):
        return values
    tries = [tuple(line.split(" ")) for line in values.get("try", ()) if line.count(" ") == 2]
    at25 = [state for _, port, state in tries if port == "25"]
    if not at25:
        return Unknown(reason=Reason.NOT_APPLICABLE, detail="no waiting mail names a server to try")
    others = [state for _, port, state in tries if port != "25"]
    return Outbound(
        servers=len({address for address, port, _ in tries if port == "25"}),
        port25=_summary(at25),
        elsewhere="answers" if any(state in ("open", "refused") for state in others) else "silent",
        resolved=_resolved(values),
        route=flag(values, "route"),
    )


def _resolved(values: Pairs) -> bool | Unknown:
    if values.get("domains") == ("0",):
        return Unknown(reason=Reason.NOT_APPLICABLE, detail="no waiting mail names a domain to look up")
    return flag(values, "resolved")


def _summary(states: list[str]) -> str:
    if "open" in states:
        return "open"
    names = {"timeout": "silent", "no-route": "rejected", "refused": "refused"}
    kinds = {names.get(state, "mixed") for state in states}
    return kinds.pop() if len(kinds) == 1 else "mixed"
