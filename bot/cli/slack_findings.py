"""Does Slack let the bot in, with every scope of the shipped manifest?"""

from __future__ import annotations

import json
from pathlib import Path

from bot.cli.findings import Finding, Verdict, say
from bot.config import Settings
from bot.errors import ConfigError
from bot.model.text import Lang
from bot.render.visible import visible
from handlers.connection import Slack, connect

MANIFEST = Path(__file__).resolve().parents[2] / "deploy" / "slack" / "manifest.json"
_MENDS = {
    "slack_bot_token": "doctor-slack-bot-token-how",
    "slack_app_token": "doctor-slack-app-token-how",
}


async def look_at_slack(given: Settings, lang: Lang) -> list[Finding]:
    """Try both tokens and compare the granted scopes; without any token there is nothing to try."""
    if not (given.slack_bot_token or given.slack_app_token):
        says, mend = say("doctor-slack-no-tokens", lang), say("doctor-slack-no-tokens-how", lang)
        return [Finding(about="Slack", verdict=Verdict.NOTED, says=says, mend=mend)]
    try:
        slack = await connect(given)
        granted = (await slack.client.auth_test()).headers.get("x-oauth-scopes", "")
    except ConfigError as error:
        where = error.values["where"]
        mend = say(_MENDS[where], lang) if where in _MENDS else f"curl -sS {given.slack_api_url}api.test"
        return [Finding(about="Slack", verdict=Verdict.FOUND, says=visible(error.said(lang)), mend=mend)]
    found = [Finding(about="Slack", verdict=Verdict.FINE, says=say("doctor-slack-fine", lang, team=slack.team))]
    return [*found, *_scopes(granted, lang), *await _channels(given, slack, lang)]


async def _channels(given: Settings, slack: Slack, lang: Lang) -> list[Finding]:
    """The named channels in which nothing can be heard or said."""
    found = []
    for setting in ("channels", "alarm_channels"):
        for channel in getattr(given, setting):
            values = {"channel": channel, "setting": setting}
            inside = await slack.inside(channel)
            if inside is None:
                says = say("doctor-slack-channel-unknown", lang, **values)
                found.append(Finding(about="Slack", verdict=Verdict.UNMEASURED, says=says))
            elif not inside:
                says = say("doctor-slack-not-in", lang, **values)
                mend = say("doctor-slack-not-in-how", lang, **values)
                found.append(Finding(about="Slack", verdict=Verdict.FOUND, says=says, mend=mend))
    return found


def _scopes(granted: str, lang: Lang) -> list[Finding]:
    if not MANIFEST.exists():
        return [Finding(about="Slack", verdict=Verdict.UNMEASURED, says=say("doctor-slack-no-manifest", lang))]
    needed = set(json.loads(MANIFEST.read_text(encoding="utf-8"))["oauth_config"]["scopes"]["bot"])
    has = {scope.strip() for scope in granted.split(",") if scope.strip()}
    found = []
    if missing := sorted(needed - has):
        says = say("doctor-slack-lacks", lang, scopes=", ".join(missing))
        mend = say("doctor-slack-lacks-how", lang)
        found.append(Finding(about="Slack", verdict=Verdict.FOUND, says=says, mend=mend))
    if more := sorted(has - needed):
        says = say("doctor-slack-more", lang, scopes=", ".join(more))
        found.append(Finding(about="Slack", verdict=Verdict.NOTED, says=says, mend=say("doctor-slack-more-how", lang)))
    return found or [Finding(about="Slack", verdict=Verdict.FINE, says=say("doctor-slack-scopes-fine", lang))]
