"""Where does it all listen? One server: Web API, sockets, files, response URLs, control and the page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from . import control, methods
from .deliver_http import HttpDelivery
from .methods_people import visible_to_bot
from .responses import answer_interaction
from .shapes import Json, Refusal
from .wire import read_arguments
from .workspace import Workspace

PAGE = Path(__file__).with_name("ui")
LARGEST_BODY = 4 * 1024 * 1024
SIGN_IN = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to see this file.</body></html>"

Handler = Callable[[Workspace, web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A workspace that listens: where, and with which secrets an app gets in."""

    workspace: Workspace
    url: str

    @property
    def api_url(self) -> str:
        """What an app uses instead of https://slack.com/api/."""
        return f"{self.url}/api/"

    @property
    def bot_token(self) -> str:
        """The xoxb token."""
        return self.workspace.identity.bot_token

    @property
    def app_token(self) -> str:
        """The xapp token, only good for apps.connections.open."""
        return self.workspace.identity.app_token

    @property
    def signing_secret(self) -> str:
        """The secret HTTP deliveries are signed with."""
        return self.workspace.identity.signing_secret

    async def deliver_over_http(self, request_url: str) -> None:
        """Deliver to a request URL from now on, after Slack's challenge; raises ValueError when the app fails it."""
        ws = self.workspace
        delivery = HttpDelivery(request_url, self.signing_secret, ws.clock, ws.timing)
        await delivery.verify(ws.identity.verification_token)
        ws.dispatcher.transport = delivery


@asynccontextmanager
async def serve(workspace: Workspace, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Running]:
    """Serve a workspace; port 0 takes any free one."""
    app = web.Application(client_max_size=LARGEST_BODY)
    app.add_routes(_routes(workspace))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        workspace.base_url = f"http://{host}:{runner.addresses[0][1]}"
        yield Running(workspace=workspace, url=workspace.base_url)
    finally:
        await workspace.dispatcher.close()
        await workspace.sockets.close()
        await runner.cleanup()


def _routes(ws: Workspace) -> list[web.AbstractRouteDef]:
    def bound(handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await handler(ws, request)

        return handle

    return [
        web.route("*", "/api/{method}", bound(methods.call)),
        web.get("/link/", ws.sockets.connect),
        web.post("/actions/{owner}/{secret}", bound(_response_url)),
        web.get("/files-pri/{file}/{name:.*}", bound(_file)),
        *control.routes(ws),
        web.get("/", bound(_page)),
        web.get("/archives/{channel}/{message}", bound(_page)),
        web.get(r"/ui/{name:[\w-]+\.(js|css|svg|png|html)}", bound(_page)),
    ]


async def _response_url(ws: Workspace, request: web.Request) -> web.Response:
    record: Json = {"at": ws.clock(), "method": "response_url", "arguments": {}, "status": 200}
    ws.journal.calls.append(record)
    answer: Json = {"ok": True}
    try:
        record["arguments"] = await read_arguments(request)
        answer_interaction(ws, ws.tickets.use_response(request.path), record["arguments"])
    except Refusal as refusal:
        record["status"] = 404 if refusal.error.endswith("_url") else 400
        answer = {"ok": False, "error": refusal.error} | refusal.extra
    record["answer"] = answer
    return web.json_response(answer, status=record["status"])


async def _file(ws: Workspace, request: web.Request) -> web.Response:
    """The bytes of a file for the bot's token; for anyone else the sign-in page with status 200, as in Slack."""
    file_id = request.match_info["file"].partition("-")[2]
    authorised = request.headers.get("Authorization") == f"Bearer {ws.identity.bot_token}"
    if not authorised or "files:read" not in ws.manifest.scopes:
        return web.Response(text=SIGN_IN, content_type="text/html")
    if file_id not in ws.store.files or not visible_to_bot(ws, file_id):
        return web.Response(status=404, text="file_not_found")
    return web.Response(body=ws.store.file_bodies[file_id], content_type="text/plain", charset="utf-8")


async def _page(ws: Workspace, request: web.Request) -> web.StreamResponse:
    name = request.match_info.get("name", "index.html")
    if not (PAGE / name).is_file():
        return web.Response(status=404, text="There is no such file.")
    response = web.FileResponse(PAGE / name, headers={"Cache-Control": "no-store"})
    if name.endswith(".js"):
        response.content_type = "text/javascript"
    return response
