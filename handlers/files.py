"""What stands in the text files of a message? Reads a bounded piece of each; the token goes to Slack's own hosts only."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackClientError

from handlers.desk import Desk
from handlers.diagnosing import Question
from handlers.incoming import LONGEST, masked

LOG = logging.getLogger(__name__)
_TIMEOUT = aiohttp.ClientTimeout(total=20)


class _Failed(Exception):
    """Slack did not hand the file out."""


async def with_files(desk: Desk, question: Question, files: Sequence[Mapping[str, str]]) -> Question:
    """Add the text of the files to a question; what cannot be read is named in its `problems` as (text name, file name)."""
    for file in files:
        try:
            data = await _fetched(desk, file["id"])
        except _Failed:
            LOG.warning("the file %s was not handed out", file["id"])
            question = replace(question, problems=(*question.problems, ("file-failed", file["name"])))
            continue
        if b"\0" in data:
            question = replace(question, problems=(*question.problems, ("not-text", file["name"])))
            continue
        cut = len(data) > LONGEST
        read = masked(data[:LONGEST].decode("utf-8", "ignore" if cut else "replace"), desk.served)
        question = replace(
            question,
            text="\n".join(part for part in (question.text, read["text"]) if part),
            masked=question.masked + read["masked"],
            cut=question.cut or cut or read["cut"],
        )
    return question


async def _fetched(desk: Desk, file: str) -> bytes:
    """At most one byte more of the file than is read."""
    try:
        info = (await desk.client.files_info(file=file))["file"]
        url = str(info.get("url_private_download") or info.get("url_private") or "")
        if not _slacks_own(url, desk.client.base_url):
            raise _Failed
        headers = {"Authorization": f"Bearer {desk.client.token}"}
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            # A redirect would carry the token to wherever it points.
            session.get(url, headers=headers, allow_redirects=False, proxy=desk.client.proxy) as response,
        ):
            # Without the right to read it, Slack answers with its sign-in page and status 200.
            if response.status != 200 or response.content_type == "text/html":
                raise _Failed
            data = b""
            async for piece in response.content.iter_chunked(LONGEST):
                data += piece
                if len(data) > LONGEST:
                    break
            return data[: LONGEST + 1]
    except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
        raise _Failed from error


def _slacks_own(url: str, api: str) -> bool:
    place, own = urlsplit(url), urlsplit(api)
    if (place.scheme, place.netloc) == (own.scheme, own.netloc):
        return True
    return place.scheme == "https" and (place.hostname or "").endswith(".slack.com")
