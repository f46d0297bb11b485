"""How are the tables addressed in queries? `bot/store/migrations.py` makes them; a test holds the two together."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, MetaData, Table, Text
from sqlalchemy.types import TypeDecorator

from bot.errors import StoreUnavailable

METADATA = MetaData()


class Json(TypeDecorator[Any]):
    """Any JSON value as ASCII text: NUL, lone surrogates and whatever else people paste fit in both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        try:
            return None if value is None else json.loads(value)
        except (ValueError, RecursionError) as error:  # its text would hold what was pasted
            raise StoreUnavailable(detail="it holds a damaged row; restore a backup") from error


def _table(name: str, *columns: Column[Any]) -> Table:
    return Table(name, METADATA, *columns)


def _key(name: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _column(name: str, kind: Any = Text, *, optional: bool = False) -> Column[Any]:
    return Column(name, kind, nullable=optional)


def _held() -> tuple[Column[Any], ...]:
    """Who works on the row, and until when by the database's clock; 0 means nobody."""
    return (_column("owner"), _column("lease_until", Double))


counters = _table("counters", _key("name"), _column("value", BigInteger))
keys = _table("keys", _key("name"), _column("value"))
events = _table("events", _key("sequence", BigInteger), _column("line"))
chain = _table("chain", _key("id", Integer), _column("sequence", BigInteger), _column("digest"))
inbox = _table(
    "inbox",
    _key("key"),
    _column("kind"),
    _column("payload", Json),
    _column("state"),
    _column("position", BigInteger),
    _column("attempts", Integer),
    _column("reason", Json),
    *_held(),
    _column("not_before", Double),
    _column("changed_at", Double),
)
outbox = _table(
    "outbox",
    _key("kind"),
    _key("subject"),
    _column("channel"),
    _column("thread"),
    _column("payload", Json),
    _column("version", Integer),
    _column("sent", Integer),  # the newest version that Slack has
    _column("ts"),
    _column("position", BigInteger),
    _column("attempts", Integer),
    _column("problem", Json),
    *_held(),
    _column("not_before", Double),
    _column("changed_at", Double),
)
conversations = _table(
    "conversations",
    _key("id"),
    _column("channel"),
    _column("thread"),
    _column("answer_ts"),
    _column("host"),
    _column("requester"),
    _column("lang"),
    _column("paste", Json),
    _column("recognition", Json),
    _column("created_at", Double),
)
plans = _table(
    "plans",
    _key("id"),
    _column("digest"),
    _column("host"),
    _column("document", Json),
    _column("state"),
    _column("why"),
    _column("detail", Json),
    _column("conversation"),
    *_held(),
    _column("expires_at", Double),
    _column("changed_at", Double),
)
reviews = _table(
    "reviews",
    _key("plan"),
    _key("team"),
    _key("actor"),
    _key("decision"),
    _column("digest"),
    _column("at", Double),
    _column("document", Json),
)
steps = _table(
    "steps",
    _key("plan"),
    _key("number", Integer),
    _column("undo", Boolean),
    _column("document", Json),
    _column("started_at", Double),
    _column("ended_at", Double, optional=True),
    _column("result", Json, optional=True),
)
marks = _table("marks", _key("name"), _column("at", Double), _column("value"))
confirmations = _table(
    "confirmations",
    _key("plan"),
    _key("person"),
    _key("decision"),
    _column("digest"),
    _column("at", Double),
    _column("signature"),
)
gate = _table("gate", _key("id", Integer), _column("frozen_at", Double), _column("actor"), _column("reason", Json))
measurements = _table("measurements", _key("plan"), _key("stage"), _column("at", Double), _column("document", Json))
unmatched = _table(
    "unmatched",
    _key("key"),
    _column("text", Json),
    _column("question"),
    _column("count", Integer),
    _column("first_at", Double),
    _column("last_at", Double),
)
