"""Which errors postmedic can meet, each with a stable code and the message a person sees.

The docstring of each class is its message, `zh` the same in Chinese: what happened, why, and what to do next. It never holds
a secret or raw host output. Everything foreign is mapped onto this tree at the border where it appears.
"""

from __future__ import annotations


class PostmedicError(Exception):
    """Something went wrong inside postmedic: {detail}. Run `postmedic doctor` and report this text."""

    code = "PM000"
    zh = "postmedic 内部出错：{detail}。请运行 `postmedic doctor`，并反馈这段文字。"

    def __init__(self, **values: object) -> None:
        self.values = {name: str(value) for name, value in values.items()}
        super().__init__(self.said("en"))

    def said(self, lang: str) -> str:
        """The message in one of the languages; what `values` hold stays as it was found."""
        template = self.zh if lang == "zh" else " ".join((type(self).__doc__ or "").split())
        try:
            return template.format(**self.values)
        except (KeyError, IndexError):
            return template


# --- settings, inventory, knowledge: refused before anything starts ---------------------------------------------------


class ConfigError(PostmedicError):
    """The settings in {where} cannot be used: {detail}. Correct them and start again; nothing has been started."""

    code = "PM101"
    zh = "{where} 中的设置无法使用：{detail}。请更正后重新启动；目前什么都没有启动。"


class InventoryError(PostmedicError):
    """The inventory {where} cannot be used: {detail}. Correct it; until then no host is contacted."""

    code = "PM102"
    zh = "主机清单 {where} 无法使用：{detail}。请更正；在此之前不会连接任何主机。"


class KnowledgeError(PostmedicError):
    """{where}: {detail}. Hint: {hint}."""

    code = "PM103"
    zh = "{where}：{detail}。提示：{hint}。"


class PasteUnreadable(PostmedicError):
    """{where} cannot be read: {detail}. Name a text file, or `-` for standard input."""

    code = "PM104"
    zh = "无法读取 {where}：{detail}。请指定一个文本文件，或用 `-` 表示标准输入。"


class NotWritten(PostmedicError):
    """The output could not be written: {detail}. What was written of it is not whole; make room, then call it again."""

    code = "PM105"
    zh = "无法写出输出：{detail}。已写出的部分不完整；请腾出空间，然后重新执行。"


# --- hosts ------------------------------------------------------------------------------------------------------------


class UnknownHost(PostmedicError):
    """{name} is not in the inventory, so postmedic does not contact it. Known hosts: {known}."""

    code = "PM201"
    zh = "{name} 不在主机清单中，因此 postmedic 不会连接它。已知主机：{known}。"


class HostError(PostmedicError):
    """{host} could not be asked: {detail}."""

    code = "PM210"
    zh = "无法询问 {host}：{detail}。"


class HostUnreachable(HostError):
    """{host} could not be reached: {detail}. Check that it is up and that its SSH port answers."""

    code = "PM211"
    zh = "无法连接 {host}：{detail}。请确认它已开机，并且其 SSH 端口有应答。"


class HostKeyRejected(HostError):
    """{host} showed another host key than the inventory holds; postmedic did not log in. If the host was reinstalled,
    an administrator must put its new key into the inventory; if not, treat this as an attack."""

    code = "PM212"
    zh = "{host} 出示的主机密钥与清单中的不符；postmedic 没有登录。若主机重装过，须由管理员把新密钥写入清单；否则按攻击处理。"


class LoginRefused(HostError):
    """{host} refused the login of {account}: {detail}. Check the account and its authorized key (`postmedic doctor {host}`)."""

    code = "PM213"
    zh = "{host} 拒绝了 {account} 的登录：{detail}。请检查该账号及其授权密钥（`postmedic doctor {host}`）。"


class ConnectionDropped(HostError):
    """The connection to {host} was lost: {detail}."""

    code = "PM214"
    zh = "与 {host} 的连接中断：{detail}。"


class NoWriter(HostError):
    """{host} has no account for fixes, so postmedic shows this fix as advice."""

    code = "PM215"
    zh = "{host} 没有用于修复的账号，因此 postmedic 只把该修复作为建议给出。"


class OtherHost(HostError):
    """The inventory no longer holds for {host} the host key that this plan was made over, so {host} may be another machine by
    now; it was not asked. Run the diagnosis again."""

    code = "PM216"
    zh = "清单中 {host} 的主机密钥已不是该方案当时所依据的密钥，{host} 可能已是另一台机器，因此没有询问它。请重新诊断。"


# --- plans and approvals ----------------------------------------------------------------------------------------------


class Refused(PostmedicError):
    """Refused: {detail}."""

    code = "PM300"
    zh = "已拒绝：{detail}。"


class PlanClosed(Refused):
    """The plan {plan} waits for no decision any more, it is {state}. Its card in Slack says what became of it."""

    code = "PM305"
    zh = "方案 {plan} 已不再等待决定，其状态为 {state}。Slack 中的方案卡片说明了结果。"


class PlanExpired(Refused):
    """The plan {plan} has expired. Run the diagnosis again: it makes a new one."""

    code = "PM306"
    zh = "方案 {plan} 已过期。请重新诊断，以得到新的方案。"


class NoHighRisk(Refused):
    """The plan {plan} is no high risk, so it needs no confirmation. Decide about it in Slack."""

    code = "PM307"
    zh = "方案 {plan} 不是高风险，不需要确认。请在 Slack 中决定。"


class NoKeys(Refused):
    """The inventory lists no public key for {person}, so no signature of theirs can be verified. Add one under `keys` of
    their `[[person]]` table."""

    code = "PM308"
    zh = "清单中没有 {person} 的公钥，因此无法验证其签名。请在其 `[[person]]` 表的 `keys` 中添加。"


class OwnRequest(Refused):
    """{person} asked for this fix, so another person must decide about it."""

    code = "PM309"
    zh = "这项修复由 {person} 提出，须由另一个人决定。"


class NotTheirSignature(Refused):
    """This is no signature of {person} below this plan and this decision; nothing was kept. Sign exactly what
    `postmedic approve {plan} --text` prints."""

    code = "PM310"
    zh = "这不是 {person} 对该方案和该决定的签名；没有保存任何内容。请原样签署 `postmedic approve {plan} --text` 的输出。"


class NoSignature(Refused):
    """No signature could be made, read or verified: {detail}. Nothing was kept; look at the key, the file and whether OpenSSH's
    `ssh-keygen` is installed."""

    code = "PM311"
    zh = "无法生成、读取或验证签名：{detail}。没有保存任何内容；请检查密钥、文件，以及是否装有 OpenSSH 的 `ssh-keygen`。"


class WhoAreYou(Refused):
    """It is not clear who you are. Say it with `--as NAME`; the `[[person]]` tables of the inventory list {known}."""

    code = "PM312"
    zh = "无法确定您是谁。请用 `--as NAME` 说明；清单的 `[[person]]` 表中有：{known}。"


class NotFound(PostmedicError):
    """{what} is not known here. Check the name; if it is old, it may have been removed: run the diagnosis again."""

    code = "PM301"
    zh = "这里没有 {what}。请核对名称；如果它已很旧，可能已被删除：请重新诊断。"


class ClockChanged(PostmedicError):
    """The clock of this machine cannot be trusted: {detail}. Nothing is approved, expired or begun until it is right again;
    set the clock, then start postmedic again."""

    code = "PM303"
    zh = "本机的时钟不可信：{detail}。在时钟恢复正确之前，不会批准、过期或开始任何内容；请校准时钟，然后重新启动 postmedic。"


class Frozen(PostmedicError):
    """All changes are frozen by {who}: {reason}. Nothing more is sent to any host until `postmedic unfreeze` is run on the
    bot's machine."""

    code = "PM304"
    zh = "{who} 已冻结所有变更：{reason}。在运行 bot 的机器上执行 `postmedic unfreeze` 之前，不会再向任何主机发送内容。"


class StoodStill(PostmedicError):
    """This process stood still for so long that the plan {plan} may be in other hands, so its step was not sent. Look at the
    plan's card for what became of it."""

    code = "PM313"
    zh = "本进程停顿过久，方案 {plan} 可能已由其他进程接手，因此没有发送该步骤。请查看方案卡片了解结果。"


class StoreUnavailable(PostmedicError):
    """The database could not be used: {detail}. Nothing was approved or run; fixes stay closed until it works again."""

    code = "PM302"
    zh = "数据库无法使用：{detail}。没有批准或执行任何内容；在它恢复之前修复保持关闭。"
