"""Are these entries signed by one who may? A folder of one's own entries holds an OpenSSH signature over their digest.

Who may sign is in a file outside the folder: lines of ssh-keygen(1), ALLOWED SIGNERS, for the principal
`postmedic-knowledge`, so that a key listed for anything else vouches for nothing here. docs/settings.md says how to sign.
"""

from __future__ import annotations

from pathlib import Path

from bot import rights
from bot.errors import KnowledgeError, Refused
from bot.render.visible import visible
from bot.signing import LONGEST, objection

SEAL = "knowledge.sig"
NAME = "postmedic-knowledge"  # the principal and the namespace


def verify(root: Path, digest: str, signers: Path) -> None:
    """Raise `KnowledgeError` unless one of `signers` signed, for today, that the entries of `root` have this digest."""
    known = _signers(root, signers)
    again = f"`postmedic knowledge digest --in {root} | ssh-keygen -Y sign -n {NAME} -f KEY > {root / SEAL}`"
    try:
        with (root / SEAL).open("rb") as file:
            signature = file.read(LONGEST + 1)
    except OSError as error:
        detail = f"its signature {SEAL} cannot be read ({error.strerror}), and the setting knowledge_signers asks for one"
        raise KnowledgeError(where=root, detail=detail, hint=f"review the entries, then sign them: {again}") from error
    try:
        why = objection(f"{digest}\n".encode(), signature, known, who=NAME, namespace=NAME)
    except Refused as error:
        raise KnowledgeError(where=root, detail=error.values["detail"], hint="install the OpenSSH client") from error
    if why:
        detail = (
            f"{SEAL} is no valid signature of one of {signers} over these entries, whose digest is {digest}: {visible(why)}"
        )
        hint = f"review what changed and sign it again, {again}; if only its time is over, also renew the key in {signers}"
        raise KnowledgeError(where=root, detail=detail, hint=hint)


def _signers(root: Path, signers: Path) -> bytes:
    try:
        exposed, known = rights.open_to_others(signers), signers.read_bytes()
    except OSError as error:
        detail = f"it cannot be read: {error.strerror}"
        raise KnowledgeError(where=signers, detail=detail, hint="make it, or correct knowledge_signers") from error
    if signers.resolve().is_relative_to(root.resolve()):
        exposed = f"it lies in {root}, so whoever may write entries could say who signs them; move it out"
    if exposed:
        raise KnowledgeError(where=signers, detail=exposed, hint="it says whose entries are believed")
    return known
