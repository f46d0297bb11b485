"""How do the queue folders and postdrop get back the owner, group and mode that Postfix installs? Touches nothing else."""

from __future__ import annotations

from bot.model.fact import Facts
from bot.model.plan import Change
from bot.model.text import Text
from bot.operations.base import operation, shown

_NAMES = """
owner=$(postconf -o mynetworks= -xh mail_owner) && group=$(postconf -o mynetworks= -xh setgid_group) || exit 1
queue=$(postconf -o mynetworks= -xh queue_directory) && commands=$(postconf -o mynetworks= -xh command_directory) || exit 1
"""


@operation(
    "queue-rights-restore",
    script=_NAMES
    + """
case $queue in /*/*) ;; *) echo "the queue folder $queue is not one" >&2; exit 65 ;; esac
for name in active bounce corrupt defer deferred flush hold incoming private saved trace maildrop public; do
    [ ! -L "$queue/$name" ] || { echo "$queue/$name is a link" >&2; exit 65; }
    mkdir -p "$queue/$name" || exit 1
    case $name in
        maildrop) chown "$owner:$group" "$queue/$name" && chmod 1730 "$queue/$name" ;;
        public) chown "$owner:$group" "$queue/$name" && chmod 2710 "$queue/$name" ;;
        *) chown "$owner" "$queue/$name" && chmod 700 "$queue/$name" ;;
    esac || exit 1
done
# Messages that were given to root with their folder cannot be read any more; links are left alone, of both kinds. Each is
# given back from within its folder: Postfix's user owns those, and could put a link in the place of one on the way there.
for name in active bounce corrupt defer deferred hold incoming; do
    find "$queue/$name" -xdev \\( -type f -links 1 -o -type d \\) ! -user "$owner" -execdir chown -h "$owner" {} + || exit 1
done
""",
    seconds=60,
    says=Text(
        en="Give the queue folders and the messages in them back to Postfix (owner, group and mode as installed).",
        zh="把队列目录及其中的邮件归还给 Postfix（属主、属组和权限恢复为安装时的状态）。",
    ),
    reads=("queue-rights.folders",),
)
def queue_rights_restore(facts: Facts) -> tuple[Change, ...]:
    """Postfix can use its queue."""
    return (Change(what="queue_directory", before=shown(facts, "queue-rights.folders"), after="700, 1730, 2710"),)


@operation(
    "postdrop-rights-restore",
    script=_NAMES
    + """
for name in postdrop postqueue; do
    [ -f "$commands/$name" ] && [ ! -L "$commands/$name" ] || { echo "$commands/$name is no file" >&2; exit 66; }
    keep "$commands/$name"
    chgrp "$group" "$commands/$name" && chmod 2555 "$commands/$name" || exit 1
done
""",
    says=Text(
        en="Let postdrop and postqueue run with the group of the queue again (mode 2555), as the package installs them.",
        zh="让 postdrop 和 postqueue 重新以队列属组的身份运行（权限 2555），与软件包安装时一致。",
    ),
    reads=("queue-rights.program-mode",),
)
def postdrop_rights_restore(facts: Facts) -> tuple[Change, ...]:
    """Users who are not root can hand mail to Postfix."""
    return (Change(what="postdrop, postqueue", before=shown(facts, "queue-rights.program-mode"), after="2555"),)
