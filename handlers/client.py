"""Was it Slack that answered? A proxy's page, an empty body or half an answer is none: as after silence, one may come later."""

from __future__ import annotations

from typing import Any

from aiohttp import ClientPayloadError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient


class Client(AsyncWebClient):
    """Slack's own client, which takes for Slack's refusal, or stumbles over, whatever else stands between us and Slack."""

    async def _request(self, *, http_verb: str, api_url: str, req_args: dict[str, Any]) -> dict[str, Any]:
        """What Slack said; raises `ClientPayloadError` where it was not Slack that said it."""
        try:
            answer = await super()._request(http_verb=http_verb, api_url=api_url, req_args=req_args)
        except SlackApiError as error:  # a body that calls itself JSON and is none
            raise ClientPayloadError("half an answer") from error
        if isinstance(answer["data"], dict) and "ok" in answer["data"]:
            return answer
        if answer["status_code"] == 429:
            return answer | {"data": {"ok": False, "error": "ratelimited"}}
        raise ClientPayloadError(f"status {answer['status_code']} without an answer of Slack's")
