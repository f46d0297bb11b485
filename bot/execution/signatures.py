"""Did this person sign these words? OpenSSH answers; only public keys are known here, and no answer means no."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bot.approval.confirmation import NAMESPACE, signed_text
from bot.errors import Refused
from bot.model.person import Person, Register
from bot.model.plan import Plan
from bot.model.review import Confirmation

LONGEST = 16_384  # characters of a signature; those of security keys and long RSA keys have 2,000
_SECONDS = 10.0


async def signed(person: Person, text: str, signature: str) -> bool:
    """Whether one of the person's keys signed exactly this text for postmedic. Raises `Refused` without ssh-keygen."""
    if not person.keys or len(signature) > LONGEST:
        return False
    with tempfile.TemporaryDirectory(prefix="postmedic-signature-") as name:
        signers, seal = Path(name) / "signers", Path(name) / "signature"
        signers.write_text("".join(f'{person.name} namespaces="{NAMESPACE}" {key}\n' for key in person.keys), encoding="ascii")
        seal.write_text(signature, encoding="utf-8", errors="replace")
        words = ("-Y", "verify", "-f", str(signers), "-I", person.name, "-n", NAMESPACE, "-s", str(seal))
        return await _says_yes(words, text.encode())


async def verified(plan: Plan, confirmations: Iterable[Confirmation], register: Register) -> tuple[Confirmation, ...]:
    """The confirmations whose signatures hold by the keys that are listed now."""
    good = []
    for one in confirmations:
        person = register.named(one.person)
        if person is not None and await signed(person, signed_text(plan, one.person, one.decision), one.signature):
            good.append(one)
    return tuple(good)


async def _says_yes(words: tuple[str, ...], text: bytes) -> bool:
    quiet = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            "ssh-keygen", *words, stdin=asyncio.subprocess.PIPE, stdout=quiet, stderr=quiet
        )
    except OSError as error:
        raise Refused(detail="ssh-keygen is not installed beside the bot, so no signature can be verified") from error
    try:
        async with asyncio.timeout(_SECONDS):
            await process.communicate(text)
    except TimeoutError:
        process.kill()
        await process.wait()
        return False
    return process.returncode == 0
