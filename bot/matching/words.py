"""Which words does a text hold? One reading for signatures, phrases and pastes, so that they can be compared.

Words are lower-case ASCII letters; Chinese counts as overlapping pairs of characters. Digits and punctuation never count.
"""

from __future__ import annotations

_SEPARATORS = bytes(code if 97 <= code <= 122 else 32 for code in range(256))
_ENDINGS = ("ing", "ed", "es", "s")


def latin_words(text: str) -> list[str]:
    """The ASCII words of a text in order, lower-case, without digits."""
    return text.lower().encode("ascii", "replace").translate(_SEPARATORS).decode("ascii").split()


def stem(word: str) -> str:
    """A word without a usual English ending, so that `starts` and `starting` are `start`, `forced` and `force` are `forc`."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)]
            break
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


def is_han(character: str) -> bool:
    """Say whether a character is Chinese, Japanese or Korean script written without blanks."""
    return "\u3040" <= character <= "\u9fff" or "\uac00" <= character <= "\ud7af"


def tokens(text: str) -> list[str]:
    """Stemmed words and Chinese pairs in the order of the text."""
    if text.isascii():
        return [stem(word) for word in latin_words(text)]
    found: list[str] = []
    latin: list[str] = []
    before = ""
    for character in text:
        if is_han(character):
            if latin:
                found.extend(stem(word) for word in latin_words("".join(latin)))
                latin.clear()
            if before:
                found.append(before + character)
            before = character
        else:
            before = "" if not character.isspace() else before
            latin.append(character)
    if latin:
        found.extend(stem(word) for word in latin_words("".join(latin)))
    return found
