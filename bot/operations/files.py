"""How is an edited file put back? Only files that a step of the same execution has kept can come back."""

from __future__ import annotations

from bot.model.fact import Facts
from bot.model.plan import Change
from bot.model.text import Text
from bot.operations.base import operation


@operation(
    "files-restore",
    script="restore",
    says=Text(
        en="Put back every file this fix has edited, byte for byte, with its owner and mode.",
        zh="把本次修复改过的每个文件按原内容、属主和权限逐字节恢复。",
    ),
)
def restore(facts: Facts) -> tuple[Change, ...]:
    """The kept files are as they were."""
    return (Change(what="files", before="edited", after="as before the fix"),)
