"""Did the holder of a key sign these words? OpenSSH answers; only public keys are known here, and no answer means no."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from bot.errors import NoSignature

LONGEST = 16_384  # bytes of a signature; those of security keys and long RSA keys have 2,000
_SECONDS = 10.0


def objection(text: bytes, signature: bytes, signers: bytes, *, who: str, namespace: str) -> str:
    """Say why no key that is listed for `who` signed exactly this text for `namespace`; empty when one did, by now's date.

    `signers` are lines as in ssh-keygen(1), ALLOWED SIGNERS. Raises `NoSignature` without ssh-keygen.
    """
    if len(signature) > LONGEST:
        return f"it has more than {LONGEST} bytes"
    try:
        return _objection(text, signature, signers, who, namespace)
    except OSError as error:
        raise NoSignature(detail=f"there is no room for it beside the bot: {error.strerror or error}") from error


def _objection(text: bytes, signature: bytes, signers: bytes, who: str, namespace: str) -> str:
    with tempfile.TemporaryDirectory(prefix="postmedic-signature-") as name:
        listed, seal = Path(name) / "signers", Path(name) / "signature"
        listed.write_bytes(signers)
        seal.write_bytes(signature)
        words = ("-Y", "verify", "-f", str(listed), "-I", who, "-n", namespace, "-s", str(seal))
        try:
            done = subprocess.run(
                ["ssh-keygen", *words],
                input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_SECONDS, check=False,
            )  # fmt: skip
        except OSError as error:
            raise NoSignature(detail="ssh-keygen is not installed beside the bot") from error
        except subprocess.TimeoutExpired:
            return f"ssh-keygen did not answer within {_SECONDS:.0f} seconds"
        said = done.stdout.decode("utf-8", "replace").replace(f"{name}/", "").splitlines() or ["ssh-keygen says no"]
    return "" if done.returncode == 0 else said[0]
