"""The WebSocket endpoint `/ws`: who may open a line, and with which code the others are sent away.

A refused socket is accepted and closed at once: a browser shows the page no reason for a handshake that failed.
"""

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from odr.accounts.access import Actor, actor_of
from odr.core import i18n, metrics, web
from odr.core.db import AWAY
from odr.core.log import log
from odr.live import protocol
from odr.live.connection import Connection
from odr.live.hub import Hub

PATH = "/ws"


async def line(scope: Scope, receive: Receive, send: Send) -> None:
    """One line for all rooms of one person, as `docs/protocol.md` describes it.

    An ASGI application of its own: what stands around pages (routes, forms, errors in words) is of no use to a socket
    and would be kept for as long as it is open, 14 KiB each.
    """
    socket = WebSocket(scope, receive, send)
    hub: Hub = web.odr(socket).hub
    i18n.set_locale(socket.cookies.get("odr_lang", i18n.SOURCE))
    offered = protocol.NAME in socket.scope["subprotocols"]
    actor: Actor | int = protocol.REFUSED
    if offered:
        try:
            actor = await _admit(socket, hub)
        except AWAY as failure:
            log.warning("live.door_waits", error=type(failure).__name__)
            actor = protocol.RESTART
    if hub.stopping:
        actor = protocol.RESTART
    await socket.accept(subprotocol=protocol.NAME if offered else None)
    if isinstance(actor, int):
        metrics.refusals.labels(str(actor)).inc()
        await socket.close(actor)
        return
    connection = Connection(socket, actor, hub)
    hub.enter(connection)
    try:
        await connection.serve()
    finally:
        hub.leave(connection)
        await connection.close()


async def _admit(socket: WebSocket, hub: Hub) -> Actor | int:
    """Who opens this line, or the close code. A cookie counts only with an Origin that is ours (cross-site socket
    hijacking), a bearer token only without one: no browser can send it."""
    origins = socket.headers.getlist("origin")
    scheme, _, bearer = socket.headers.get("authorization", "").partition(" ")
    token: str | None = None
    if scheme == "Bearer" and bearer:
        if origins:
            return protocol.REFUSED
        token = bearer.strip()
    else:
        if len(origins) != 1 or origins[0] not in web.odr(socket).settings.origins:
            return protocol.REFUSED
        token = socket.cookies.get(web.LOGIN_COOKIE)
    if not token:
        return protocol.SIGN_IN
    device = socket.headers.get("user-agent", "")[:120]
    found = await hub.db.look(actor_of, token, web.client_ip(socket), device)
    if found is None:
        return protocol.SIGN_IN
    actor, _ = found
    return actor if hub.has_place_for(actor.pid, actor.ip) else protocol.TOO_MANY
