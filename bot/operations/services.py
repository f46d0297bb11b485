"""How are the mail services started, restarted and told to read their settings again? Never touches what is enabled at boot."""

from __future__ import annotations

from bot.model.fact import Facts
from bot.model.plan import Change
from bot.model.text import Text
from bot.operations.base import operation, shown

# The unit that does the work: on Debian 12 postfix.service is an empty shell around postfix@-.service, and on Debian 13
# starting the other one fails. A unit that failed too often is refused until it is reset.
_UNIT = """
unit=$1.service
if [ "$1" = postfix ] && [ "$(systemctl show -p Type --value postfix.service 2>/dev/null)" = oneshot ]; then
    unit=postfix@-.service
fi
if [ -d /run/systemd/system ]; then
    RESETsystemctl ACTION "$unit"
elif [ "$1" = postfix ]; then
    WITHOUT_SYSTEMD
else
    service "$1" ACTION
fi
"""


def _script(action: str, without_systemd: str) -> str:
    reset = "" if action == "reload" else 'systemctl reset-failed "$unit" 2>/dev/null\n    '
    return _UNIT.replace("RESET", reset).replace("ACTION", action).replace("WITHOUT_SYSTEMD", without_systemd)


@operation(
    "service-start",
    parameters={"service": "service"},
    script=_script("start", "postfix start"),
    seconds=60,
    says=Text(en="Start the service.", zh="启动该服务。"),
)
def start(facts: Facts, service: str) -> tuple[Change, ...]:
    """The service runs afterwards."""
    return (Change(what=service, before=shown(facts, f"service.{service}.state"), after="running"),)


@operation(
    "service-restart",
    parameters={"service": "service"},
    script=_script("restart", "{ postfix stop; postfix start; }"),
    seconds=90,
    says=Text(
        en="Restart the service; mail in progress is finished or tried again later.",
        zh="重启该服务；正在处理的邮件会处理完或稍后重试。",
    ),
)
def restart(facts: Facts, service: str) -> tuple[Change, ...]:
    """The service runs afterwards, with its settings read again."""
    return (Change(what=service, before=shown(facts, f"service.{service}.state"), after="running (restarted)"),)


@operation(
    "service-reload",
    parameters={"service": "service"},
    script=_script("reload", "postfix reload"),
    seconds=60,
    says=Text(en="Let the service read its settings again without stopping.", zh="让该服务不停机重新读取配置。"),
)
def reload(facts: Facts, service: str) -> tuple[Change, ...]:
    """The service has read its settings again."""
    return (Change(what=service, before=shown(facts, f"service.{service}.state"), after="running (reloaded)"),)
