"""HTTP delivery: what Slack posts to an app's request URL, signed with the v0 scheme, and how it reads the answer."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import aiohttp

from .delivery import Kind, Undelivered
from .shapes import Clock, Json, Timing


def sign(secret: str, timestamp: str, body: str) -> str:
    """The X-Slack-Signature of a body sent at `timestamp` (seconds since 1970)."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return f"v0={digest}"


class HttpDelivery:
    """Posts every payload to one request URL."""

    name = "http"

    def __init__(self, url: str, secret: str, clock: Clock, timing: Timing) -> None:
        self.retries = timing.http_retries
        self._url = url
        self._secret = secret
        self._clock = clock
        self._timing = timing

    async def verify(self, token: str) -> None:
        """Send the url_verification challenge; raises ValueError unless the app echoes it."""
        payload = {"type": "url_verification", "token": token, "challenge": "local-challenge"}
        answer = await self.send("events_api", payload, 0, "")
        if answer is None or "local-challenge" not in answer.values():
            raise ValueError(f"{self._url} did not echo the challenge; Slack would not accept it as a request URL")

    async def send(self, kind: Kind, payload: Json, attempt: int, reason: str) -> Json | None:
        """Post once and return the body of the answer; raises Undelivered."""
        body, content_type = _encode(kind, payload)
        timestamp = str(int(self._clock()))
        headers = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self._secret, timestamp, body),
        }
        if attempt:
            headers |= {
                "X-Slack-Retry-Num": str(attempt),
                "X-Slack-Retry-Reason": f"http_{reason}" if reason == "timeout" else reason,
            }
        timeout = aiohttp.ClientTimeout(total=self._timing.ack)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self._url, data=body.encode(), headers=headers, allow_redirects=False) as response,
            ):
                text = await response.text()
                if response.status != 200:
                    raise Undelivered("http_error", no_retry=response.headers.get("x-slack-no-retry") == "1")
                return _decode(text, response.content_type)
        except TimeoutError as late:
            raise Undelivered("timeout") from late
        except aiohttp.ClientError as broken:
            raise Undelivered("connection_failed") from broken


def _encode(kind: Kind, payload: Json) -> tuple[str, str]:
    match kind:
        case "events_api":
            return json.dumps(payload), "application/json"
        case "interactive":
            return urlencode({"payload": json.dumps(payload)}), "application/x-www-form-urlencoded"
        case "slash_commands":
            return urlencode(payload), "application/x-www-form-urlencoded"


def _decode(text: str, content_type: str) -> Json | None:
    if not text.strip():
        return None
    if content_type == "application/json":
        answer: Any = json.loads(text)
        return answer if isinstance(answer, dict) else None
    return {"text": text}
