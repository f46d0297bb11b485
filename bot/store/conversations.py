"""What is a Slack thread about? The text it holds was redacted by the caller; buttons carry only the opaque id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, insert, select, update

from bot.errors import NotFound
from bot.model.text import Lang
from bot.store import schema
from bot.store.database import Conflict, Database
from bot.store.dialect import now

_ROW = schema.conversations.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One question in one thread, and what is known about it; a thread may hold several, the newest speaks for it.

    `recognition` is a summary in JSON values; `answer_ts` is the message that answers; empty texts mean not known yet.
    """

    id: str
    channel: str
    thread: str  # ts of the thread's first message
    requester: str
    lang: Lang
    paste: str = ""
    host: str = ""
    answer_ts: str = ""
    recognition: Mapping[str, Any] = field(default_factory=dict)


class Conversations:
    """Threads and what they are about."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, conversation: Conversation) -> Conversation:
        """Store a new conversation; where its id exists already, give the stored one.

        An id derived from the inbox key makes a handler that runs twice after a crash speak of one conversation.
        """
        try:
            async with self._database.writing() as connection:
                await connection.execute(
                    insert(schema.conversations).values(
                        id=conversation.id,
                        channel=conversation.channel,
                        thread=conversation.thread,
                        answer_ts=conversation.answer_ts,
                        host=conversation.host,
                        requester=conversation.requester,
                        lang=conversation.lang,
                        paste=conversation.paste,
                        recognition=dict(conversation.recognition),
                        created_at=now(),
                    )
                )
        except Conflict:
            return await self.by_id(conversation.id)
        return conversation

    async def by_id(self, id: str) -> Conversation:
        """Give the conversation, or raise `NotFound`."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(*_ROW).where(_ROW.id == id))).first()
        if row is None:
            raise NotFound(what=id)
        return _conversation(row)

    async def in_thread(self, channel: str, thread: str) -> Conversation | None:
        """Give the newest conversation of a thread."""
        newest = (
            select(*_ROW)
            .where(_ROW.channel == channel, _ROW.thread == thread)
            .order_by(_ROW.created_at.desc(), _ROW.id.desc())
            .limit(1)
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(newest)).first()
        return None if row is None else _conversation(row)

    async def about(self, id: str, host: str) -> None:
        """Note which host the conversation is about."""
        await self._change(id, host=host)

    async def recognised(self, id: str, recognition: Mapping[str, Any]) -> None:
        """Note what was recognised."""
        await self._change(id, recognition=dict(recognition))

    async def answered(self, id: str, ts: str) -> None:
        """Note which message answers."""
        await self._change(id, answer_ts=ts)

    async def _change(self, id: str, **values: Any) -> None:
        async with self._database.writing() as connection:
            changed = await connection.execute(update(schema.conversations).where(_ROW.id == id).values(**values))
        if changed.rowcount != 1:
            raise NotFound(what=id)


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(
        id=row.id,
        channel=row.channel,
        thread=row.thread,
        requester=row.requester,
        lang=row.lang,
        paste=row.paste,
        host=row.host,
        answer_ts=row.answer_ts,
        recognition=row.recognition,
    )
