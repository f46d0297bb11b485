"""Forgetting begins at the start, goes on after errors, believes no clock that was set, and can be switched off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.config import FOR_EVER
from bot.execution import forgetting
from bot.execution.forgetting import forget_what_is_old
from bot.store.store import Store
from tests.support.plans import Machine, means
from tests.support.stores import altered

WEEK = 7


async def handled(store: Store, key: str, days_ago: float) -> None:
    await store.inbox.accept(key, "message", {})
    await store.inbox.take("me")
    await store.inbox.done(key, "me")
    await altered(store, f"UPDATE inbox SET changed_at = changed_at - {days_ago * 86_400} WHERE key = '{key}'")


@asynccontextmanager
async def serving(store: Store, **more: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(forget_what_is_old(means(store, Machine(), **more), WEEK))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def told(store: Store) -> int:
    return len([event async for event in store.events.read() if event.kind == "rows.forgotten"])


async def until_told(store: Store, times: int) -> None:
    async with asyncio.timeout(60):
        while await told(store) < times:
            await asyncio.sleep(0.02)


async def test_it_is_done_at_the_start_and_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "EVERY_SECONDS", 0.05)
    await handled(store, "old", 8)
    await handled(store, "young", 6)
    async with serving(store):
        await until_told(store, 1)
        await handled(store, "older", 9)
        await until_told(store, 2)
    assert [await store.inbox.accept(key, "message", {}) for key in ("old", "young", "older")] == [True, False, True]


async def test_a_database_that_fails_is_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(forgetting, "RETRY_SECONDS", 0.05)
    await handled(store, "old", 8)
    await altered(store, "ALTER TABLE unmatched RENAME TO elsewhere")
    async with serving(store):
        async with asyncio.timeout(60):
            while "could not be forgotten and is tried again" not in caplog.text:
                await asyncio.sleep(0.02)
        assert await store.inbox.accept("new", "message", {})
        await altered(store, "ALTER TABLE elsewhere RENAME TO unmatched")
        await until_told(store, 1)


async def test_by_a_clock_that_was_set_nothing_is_old(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(forgetting, "RETRY_SECONDS", 0.05)
    await handled(store, "old", 8)
    ahead = 86_400.0
    async with serving(store, clock=lambda: time.time() + ahead):
        async with asyncio.timeout(60):
            while "cannot be trusted" not in caplog.text:
                await asyncio.sleep(0.02)
        assert await told(store) == 0
        ahead = 0.0
        await until_told(store, 1)


async def test_everything_may_be_kept_for_ever(store: Store) -> None:
    await handled(store, "old", 4000)
    async with asyncio.timeout(60):
        await forget_what_is_old(means(store, Machine()), FOR_EVER)
    assert await told(store) == 0
