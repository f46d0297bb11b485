"""What should go wrong next? Faults a test or a curious person arms by hand; without any, the workspace behaves."""

from __future__ import annotations

from dataclasses import dataclass

from .shapes import Denied, Json

KINDS = (
    "429",
    "5xx",
    "slow",
    "drop-ack",
    "duplicate",
    "disconnect",
    "abort",
    "token_revoked",
    "plan_upgrade_required",
)
LASTING = ("token_revoked", "plan_upgrade_required")
"""Faults that stay until cleared, unless a count is given."""
AT_ONCE = ("disconnect", "abort")
"""Faults that act on the open sockets at once instead of waiting for the next call or delivery."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """An armed fault: how often it still strikes, for which Web API method, and its seconds (delay or Retry-After)."""

    kind: str
    count: int = 1
    seconds: float = 1.0
    method: str = ""


class Faults:
    """The armed faults."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []

    def arm(self, request: Json) -> Fault | None:
        """Arm the fault of a control request and return it; the kind `none` clears all and returns None."""
        kind = str(request.get("kind", ""))
        if kind == "none":
            self._armed.clear()
            return None
        if kind not in KINDS:
            raise Denied("unknown_fault", f"There is no fault {kind!r}. Choose one of {', '.join(KINDS)} or none.")
        fault = Fault(
            kind=kind,
            count=int(request.get("count", 1_000_000 if kind in LASTING else 1)),
            seconds=float(request.get("seconds", 1.0)),
            method=str(request.get("method", "")),
        )
        if kind not in AT_ONCE:
            self._armed.append(fault)
        return fault

    def strike(self, kind: str, method: str = "") -> Fault | None:
        """Use up one strike of a matching fault."""
        for fault in self._armed:
            if fault.kind == kind and fault.method in ("", method):
                fault.count -= 1
                if fault.count <= 0:
                    self._armed.remove(fault)
                return fault
        return None
