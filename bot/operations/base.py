"""How is a change declared? Typed parameters, one fixed sh text, and what it will look like before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.model.fact import Facts
from bot.model.plan import Change
from bot.model.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A named change.

    `script` is fixed POSIX sh text run as root by the host's dispatcher, its parameters are `$1`, `$2` … and it may call
    `keep FILE`, which saves the file for `files-restore` before it is edited. `preview(facts, **parameters)` gives the
    changes a person will see; it is pure.
    """

    name: str
    parameters: Mapping[str, str]  # name -> token type, in the order of $1, $2 …
    script: str
    says: Text
    preview: Callable[..., tuple[Change, ...]]
    seconds: int = 30
    reads: tuple[str, ...] = field(default=())  # fact paths the preview looks at


OPERATIONS: dict[str, Operation] = {}


def operation(
    name: str,
    *,
    script: str,
    says: Text,
    parameters: Mapping[str, str] | None = None,
    seconds: int = 30,
    reads: Sequence[str] = (),
) -> Callable[[Callable[..., tuple[Change, ...]]], Callable[..., tuple[Change, ...]]]:
    """Register the decorated preview as the operation `name`."""

    def register(preview: Callable[..., tuple[Change, ...]]) -> Callable[..., tuple[Change, ...]]:
        if name in OPERATIONS:
            raise ValueError(f"two operations are called {name}")
        OPERATIONS[name] = Operation(
            name=name,
            parameters=dict(parameters or {}),
            script=script.strip() + "\n",
            says=says,
            preview=preview,
            seconds=seconds,
            reads=tuple(reads),
        )
        return preview

    return register


def shown(facts: Facts, path: str) -> str:
    """The current value of a fact for a preview; `?` where it was not measured."""
    value = facts.look(path)
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else "?"
