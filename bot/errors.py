"""Which errors postmedic can meet, each with a stable code and the message a person sees.

The docstring of each class is its message: what happened, why, and what to do next. It never holds a secret or raw
host output. Everything foreign is mapped onto this tree at the border where it appears.
"""

from __future__ import annotations


class PostmedicError(Exception):
    """Something went wrong inside postmedic: {detail}. Run `postmedic doctor` and report this text."""

    code = "PM000"

    def __init__(self, **values: object) -> None:
        self.values = {name: str(value) for name, value in values.items()}
        template = " ".join((type(self).__doc__ or "").split())
        try:
            message = template.format(**self.values)
        except (KeyError, IndexError):
            message = template
        super().__init__(message)


# --- settings, inventory, knowledge: refused before anything starts ---------------------------------------------------


class ConfigError(PostmedicError):
    """The settings in {where} cannot be used: {detail}. Correct them and start again; nothing has been started."""

    code = "PM101"


class InventoryError(PostmedicError):
    """The inventory {where} cannot be used: {detail}. Correct it; until then no host is contacted."""

    code = "PM102"


class KnowledgeError(PostmedicError):
    """{where}: {detail}. Hint: {hint}."""

    code = "PM103"


class PasteUnreadable(PostmedicError):
    """{where} cannot be read: {detail}. Name a text file, or `-` for standard input."""

    code = "PM104"


# --- hosts ------------------------------------------------------------------------------------------------------------


class UnknownHost(PostmedicError):
    """{name} is not in the inventory, so postmedic does not contact it. Known hosts: {known}."""

    code = "PM201"


class HostError(PostmedicError):
    """{host} could not be asked: {detail}."""

    code = "PM210"


class HostUnreachable(HostError):
    """{host} could not be reached: {detail}. Check that it is up and that its SSH port answers."""

    code = "PM211"


class HostKeyRejected(HostError):
    """{host} showed another host key than the inventory holds; postmedic did not log in. If the host was reinstalled,
    an administrator must put its new key into the inventory; if not, treat this as an attack."""

    code = "PM212"


class LoginRefused(HostError):
    """{host} refused the login of {account}: {detail}. Check the account and its authorized key (`postmedic doctor {host}`)."""

    code = "PM213"


class ConnectionDropped(HostError):
    """The connection to {host} was lost: {detail}."""

    code = "PM214"


class NoWriter(HostError):
    """{host} has no account for fixes, so postmedic shows this fix as advice."""

    code = "PM215"


# --- plans and approvals ----------------------------------------------------------------------------------------------


class Refused(PostmedicError):
    """Refused: {detail}."""

    code = "PM300"


class NotFound(PostmedicError):
    """{what} is not known here. Check the name; if it is old, it may have been removed: run the diagnosis again."""

    code = "PM301"


class ClockChanged(PostmedicError):
    """The clock of this machine cannot be trusted: {detail}. Nothing is approved, expired or begun until it is right again;
    set the clock, then start postmedic again."""

    code = "PM303"


class Frozen(PostmedicError):
    """All changes are frozen by {who}: {reason}. Nothing more is sent to any host until `postmedic unfreeze` is run on the
    bot's machine."""

    code = "PM304"


class StoreUnavailable(PostmedicError):
    """The database could not be used: {detail}. Nothing was approved or run; fixes stay closed until it works again."""

    code = "PM302"
