"""How does Postfix's own sendmail command become usable again where only its mode or its link is wrong? Installs nothing."""

from __future__ import annotations

from bot.model.fact import Facts
from bot.model.plan import Change
from bot.model.text import Text
from bot.operations.base import operation, shown


@operation(
    "sendmail-mode-restore",
    script="""
[ -f /usr/sbin/sendmail ] || exit 1
keep /usr/sbin/sendmail
chmod 755 /usr/sbin/sendmail
""",
    says=Text(
        en="Make /usr/sbin/sendmail a program that everybody may run (mode 755), as the package installs it.",
        zh="把 /usr/sbin/sendmail 恢复为所有人可执行（权限 755），与软件包安装时一致。",
    ),
)
def mode_restore(facts: Facts) -> tuple[Change, ...]:
    """/usr/sbin/sendmail can be run."""
    return (Change(what="/usr/sbin/sendmail", before=shown(facts, "sendmail.state"), after="755"),)


@operation(
    "sendmail-link-restore",
    script="""
keep /usr/lib/sendmail
[ ! -e /usr/lib/sendmail ] || exit 1
ln -sfn ../sbin/sendmail /usr/lib/sendmail
""",
    says=Text(
        en="Put back the link /usr/lib/sendmail -> ../sbin/sendmail, as the package installs it.",
        zh="恢复链接 /usr/lib/sendmail -> ../sbin/sendmail，与软件包安装时一致。",
    ),
)
def link_restore(facts: Facts) -> tuple[Change, ...]:
    """/usr/lib/sendmail leads to /usr/sbin/sendmail."""
    return (Change(what="/usr/lib/sendmail", before=shown(facts, "sendmail.link"), after="../sbin/sendmail"),)
