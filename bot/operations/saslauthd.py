"""How does saslauthd start, and how does a chrooted smtpd reach it? As Debian means it: its socket inside the queue folder."""

from __future__ import annotations

from bot.model.fact import Facts
from bot.model.plan import Change
from bot.model.text import Text
from bot.operations.base import operation, shown

_DEFAULT = "/etc/default/saslauthd"
_UNIT = "/etc/systemd/system/saslauthd.service.d/postmedic.conf"

# START exists on releases whose start script looks at it; elsewhere the line is harmless.
_KEEP = f"[ -f {_DEFAULT} ] || {{ echo '{_DEFAULT} does not exist' >&2; exit 66; }}\nkeep {_DEFAULT}\n"
_EDIT = f"""
set_option() {{ # NAME VALUE: in a copy with the same owner and mode
    cp -a {_DEFAULT} {_DEFAULT}.postmedic || exit 1
    {{ grep -v "^[[:space:]]*$1=" {_DEFAULT}; printf '%s\\n' "$1=$2"; }} >{_DEFAULT}.postmedic &&
        sync {_DEFAULT}.postmedic && mv -f {_DEFAULT}.postmedic {_DEFAULT} || exit 1
}}
"""
# A unit made of the old start script counts as active even while nothing runs: only stop and start again really start it.
_CONTROL = """
control() {
    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload
        systemctl "$1" saslauthd.service
    else
        service saslauthd "$1"
    fi
}
"""


@operation(
    "saslauthd-stop",
    script=_CONTROL + "control stop",
    seconds=60,
    says=Text(en="Stop saslauthd, before its former settings are put back.", zh="先停止 saslauthd，再恢复其原有设置。"),
)
def stop(facts: Facts) -> tuple[Change, ...]:
    """saslauthd no longer runs."""
    return (Change(what="saslauthd", before="running", after="stopped"),)


@operation(
    "saslauthd-enable",
    script=_KEEP + _EDIT + _CONTROL + "control stop\nset_option START yes\ncontrol start",
    seconds=60,
    says=Text(
        en="Allow saslauthd to start (START=yes in /etc/default/saslauthd) and start it.",
        zh="允许 saslauthd 启动（在 /etc/default/saslauthd 中设置 START=yes）并启动它。",
    ),
)
def enable(facts: Facts) -> tuple[Change, ...]:
    """saslauthd starts, now and at boot."""
    return (Change(what=f"{_DEFAULT}: START", before="not yes", after="yes"), _running())


@operation(
    "saslauthd-into-chroot",
    # The unit of Debian 13 waits for its PID file where the socket used to be, so that is told to it too.
    script=_KEEP
    + _EDIT
    + _CONTROL
    + f"""
queue=$(postconf -h queue_directory) || exit 1
place=$queue/var/run/saslauthd
# The start script finds a running daemon by the folder in OPTIONS, so it is stopped before that changes.
control stop
install -d -m 710 -o root -g sasl "$place" || exit 1
set_option OPTIONS "\\"-c -m $place\\""
if grep -qF '"$START" != "yes"' /etc/init.d/saslauthd 2>/dev/null; then set_option START yes; fi
if systemctl cat saslauthd.service 2>/dev/null | grep -q '^PIDFile='; then
    keep {_UNIT}
    mkdir -p {_UNIT.rpartition("/")[0]} || exit 1
    printf '[Service]\\nPIDFile=%s/saslauthd.pid\\n' "$place" >{_UNIT}.postmedic &&
        sync {_UNIT}.postmedic && mv -fT {_UNIT}.postmedic {_UNIT} || exit 1
fi
control start
""",
    seconds=60,
    says=Text(
        en="Move saslauthd's socket into the chroot of Postfix (/etc/default/saslauthd) and restart saslauthd.",
        zh="把 saslauthd 的套接字移到 Postfix 的 chroot 内（/etc/default/saslauthd），并重启 saslauthd。",
    ),
)
def into_chroot(facts: Facts) -> tuple[Change, ...]:
    """smtpd finds the socket inside its chroot."""
    place = "/var/spool/postfix/var/run/saslauthd"
    return (
        Change(what=f"{_DEFAULT}: OPTIONS", before="a folder outside the chroot", after=f"-c -m {place}"),
        Change(what=place, before=shown(facts, "saslauthd-auth.folder"), after="root:sasl 710"),
        _running(),
    )


@operation(
    "saslauthd-folder",
    script="""
queue=$(postconf -h queue_directory) || exit 1
place=$queue/var/run/saslauthd
[ -d "$place" ] || { echo "$place does not exist" >&2; exit 66; }
chown root:sasl "$place" && chmod 710 "$place"
""",
    says=Text(
        en="Give the folder of saslauthd's socket to root and group sasl again (mode 710).",
        zh="把 saslauthd 套接字目录恢复为 root:sasl，权限 710。",
    ),
)
def folder(facts: Facts) -> tuple[Change, ...]:
    """The group sasl may reach the socket."""
    return (Change(what="/var/spool/postfix/var/run/saslauthd", before="closed to Postfix", after="root:sasl 710"),)


@operation(
    "sasl-group-add",
    script="""
getent group sasl >/dev/null || { echo 'there is no group sasl' >&2; exit 66; }
for file in /etc/group /etc/gshadow; do keep "$file"; done
usermod -aG sasl "$(postconf -h mail_owner)"
""",
    says=Text(
        en="Add the Postfix user to the group sasl, which may reach saslauthd's socket.",
        zh="把 Postfix 用户加入 sasl 组，该组可访问 saslauthd 的套接字。",
    ),
)
def group_add(facts: Facts) -> tuple[Change, ...]:
    """Postfix belongs to the group sasl."""
    return (Change(what="group sasl", before="without postfix", after="with postfix"),)


def _running() -> Change:
    return Change(what="saslauthd", before="stopped or elsewhere", after="running")
