"""What do Slack, terminals, forums and people do to a log before it reaches the bot? Each way is one pure function.

A paste that went through one of them still shows the same problem, so the right answer stays the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random

Mangle = Callable[[str, Random], str]

_STAMP = re.compile(r"(?m)^[A-Z][a-z]{2} [ 0-9]\d [\d:]{8} \S+ ")
_LOGGED = re.compile(r"(?:[A-Z][a-z]{2} [ 0-9]\d [\d:]{8} \S+ )?[\w/-]+(?:\[\d+\])?: ")
_PROGRAM = re.compile(r"(?m)^(?:[A-Z][a-z]{2} [ 0-9]\d [\d:]{8} \S+ )?(?:postfix/)?[\w/-]+\[\d+\]: (?:[0-9A-F]{6,12}: )?")
_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+\w")
_NAME = re.compile(r"\b(?:[a-z0-9-]+\.){1,3}(?:example|com|org|net)\b")
_IP = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")
_HOUR = "10:11:12"
_ENGLISH = (
    "Hi all, since this morning our mail is broken and I have no idea why.\n\n{}\n\nAny hints? Thanks in advance!",
    "could somebody have a look at this please\n{}\nit worked yesterday",
    "Debian 12, default config, followed a guide.\n\n{}\n\nWhat does it mean and how do I get rid of it?",
)
_CHINESE = (
    "各位好，今天早上开始邮件有问题，日志如下：\n\n{}\n\n请问怎么处理？谢谢",
    "求助，服务器上出现这个\n{}\n昨天还是好的",
)
_OTHER = (
    "Hallo zusammen, seit heute Morgen sehe ich das hier:\n\n{}\n\nHat jemand eine Idee? Danke!",
    "Bonjour, depuis ce matin :\n{}\nUne idée ?",
    "Hola, ¿alguien sabe qué significa esto?\n\n{}\n\nGracias",
    "Всем привет, подскажите пожалуйста:\n{}\n",
)


def _plain(text: str, chance: Random) -> str:
    return text


def _links(text: str, chance: Random) -> str:
    text = _ADDRESS.sub(
        lambda found: f"<mailto:{found[0]}|{found[0]}>", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    )
    return _NAME.sub(lambda found: f"<http://{found[0]}|{found[0]}>" if "mailto" not in text else found[0], text)


def _fence(text: str, chance: Random) -> str:
    return chance.choice(("```\n{}\n```", "```{}```", "`{}`", "~~~ log\n{}\n~~~")).format(text)


def _quoted(text: str, chance: Random) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


def _smart(text: str, chance: Random) -> str:
    return text.replace("'", "’").replace('"', "”").replace("--", "—").replace(": ", ":\xa0", 1)


def _colours(text: str, chance: Random) -> str:
    return "\n".join(f"\x1b[{chance.choice((31, 32, 33))}m{line}\x1b[0m" for line in text.split("\n"))


def _container(text: str, chance: Random) -> str:
    name = chance.choice(("mail-1 ", "postfix-mailcow_1  ", "mailserver  "))
    return "\n".join(f"{name} | {line}" for line in text.split("\n"))


def _json(text: str, chance: Random) -> str:
    return "\n".join(
        json.dumps({"log": line + "\n", "stream": "stderr", "time": "2026-03-01T10:11:12Z"}) for line in text.split("\n")
    )


def _journal(text: str, chance: Random) -> str:
    def entry(line: str) -> str:
        if not _LOGGED.match(line):
            return line
        name, _, message = _STAMP.sub("", line).partition(": ")
        fields = {"__REALTIME_TIMESTAMP": "1772359872000000", "_HOSTNAME": "mx1", "SYSLOG_IDENTIFIER": name.partition("[")[0]}
        return json.dumps({**fields, "MESSAGE": message})

    return "\n".join(entry(line) for line in text.split("\n"))


def _stamped(text: str, chance: Random) -> str:
    stamp = chance.choice(("2026-03-01T10:11:12.123456+01:00 mx1 ", "<22>Mar  1 10:11:12 mx1 ", "2026-03-01 10:11:12,123 mx1 "))
    return "\n".join(stamp + _STAMP.sub("", line) for line in text.split("\n"))


def _stamped_twice(text: str, chance: Random) -> str:
    return "\n".join(f"Mar 01 {_HOUR} mx1 docker[811]: {line}" if _LOGGED.match(line) else line for line in text.split("\n"))


def _without_prefix(text: str, chance: Random) -> str:
    return _PROGRAM.sub("", text)


def _wrapped(text: str, chance: Random) -> str:
    width = chance.choice((60, 72, 80))
    lines = []
    for line in text.split("\n"):
        while len(line) > width:
            cut = line.rfind(" ", 20, width)
            cut = cut if cut > 0 else width
            lines.append(line[:cut])
            line = "    " + line[cut:].lstrip()
        lines.append(line)
    return "\n".join(lines)


def _cut_in_words(text: str, chance: Random) -> str:
    width = chance.choice((63, 80, 97))
    return "\n".join(line[at : at + width] for line in text.split("\n") for at in range(0, max(len(line), 1), width))


def _joined(text: str, chance: Random) -> str:
    return " ".join(text.split("\n"))


def _literal(text: str, chance: Random) -> str:
    return text.replace("\n", "\\n")


def _start_lost(text: str, chance: Random) -> str:
    return text[min(chance.randint(5, 22), len(text) // 4) :]


def _end_lost(text: str, chance: Random) -> str:
    return text[: max(len(text) - chance.randint(4, 12), len(text) * 3 // 4)]


def _redacted(text: str, chance: Random) -> str:
    address = chance.choice(("xxx.xxx.xxx.xxx", "<MY IP>", "x.x.x.x", "***"))
    text = _IP.sub(lambda found: found[0] if found[0].startswith("127.") else address, text)
    return _NAME.sub(chance.choice(("xxx.com", "mail.***.com", "REDACTED")), text)


def _loud(text: str, chance: Random) -> str:
    return text.upper() if chance.random() < 0.3 else text.lower()


def _misspelt(text: str, chance: Random) -> str:
    words = text.split(" ")
    long = [number for number, word in enumerate(words) if word.isalpha() and len(word) > 5]
    for number in chance.sample(long, min(len(long), 1 + len(long) // 8)):
        word = words[number]
        at = chance.randrange(1, len(word) - 2)
        words[number] = chance.choice((word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[:at] + word[at + 1 :]))
    return " ".join(words)


def _told(texts: tuple[str, ...]) -> Mangle:
    return lambda text, chance: chance.choice(texts).replace("{}", text)


def _forum(text: str, chance: Random) -> str:
    return f"[quote]same here[/quote]\n[code]\n{text}\n[/code]\n-- \nSent from my phone"


WAYS: dict[str, Mangle] = {
    "as it is": _plain,
    "Slack links": _links,
    "code fence": _fence,
    "quoted": _quoted,
    "smart quotes": _smart,
    "colours": _colours,
    "container prefix": _container,
    "Docker JSON": _json,
    "journal JSON": _journal,
    "other stamps": _stamped,
    "two stamps": _stamped_twice,
    "message only": _without_prefix,
    "wrapped": _wrapped,
    "cut in words": _cut_in_words,
    "joined": _joined,
    "literal \\n": _literal,
    "start lost": _start_lost,
    "end lost": _end_lost,
    "redacted": _redacted,
    "other case": _loud,
    "misspelt": _misspelt,
    "English around": _told(_ENGLISH),
    "Chinese around": _told(_CHINESE),
    "other prose": _told(_OTHER),
    "forum post": _forum,
}
