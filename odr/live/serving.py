"""How the service is served: uvicorn's settings, and its WebSocket class with what it lacks for rooms."""

import gc
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode, apply_mask  # type: ignore[attr-defined]  # the quicker of its two
from websockets.protocol import State
from websockets.streams import StreamReader

from odr.core.settings import Settings
from odr.live import protocol

_FRAGMENTS_MAX = 64
_UNSENT_BYTES = 64 * 1024
_FAREWELL_SECONDS = 5.0
_FIN_TEXT = 0x81
_BETWEEN_FRAMES = StreamReader.at_eof.__code__


class RoomsProtocol(WebSocketsSansIOProtocol):
    """uvicorn's own class, and: a way to drop a peer that does not read, a bound for endless fragments, and two short
    cuts for a crowd, in the scope's extension `odr.transport`. Where they are missing, plain ASGI does the same.

    `write` sends a text in this very step, without a task per frame. Whoever sets `take` gets each whole text
    message at once; what it declines, and all that comes behind, goes through the queue of ASGI. A chunk that is one
    whole text message, as nearly all are, is read without the parser.

    It leans on names inside uvicorn and websockets, whose versions the lock file holds; `tests/live` fails when they
    move.
    """

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            # The application's task starts in the next turn of the loop, so it finds this.
            self._short_cuts: dict[object, Any] = {"abort": self._abort, "write": self._write}
            self._keep_little()
            self.scope["extensions"]["odr.transport"] = self._short_cuts

    def _keep_little(self) -> None:
        """Let kernel and transport hold little of what a peer has not been sent yet: megabytes that pile up for one
        that does not read would cost memory, and hide for half a minute that it does not."""
        self.transport.set_write_buffer_limits(high=_UNSENT_BYTES // 2)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            peer = self.transport.get_extra_info("socket")
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)

    def data_received(self, data: bytes) -> None:
        payload = whole_text(data) if self._awaits_frame() else None
        if payload is None:
            super().data_received(data)
        else:
            self._text(payload)

    def _awaits_frame(self) -> bool:
        """Whether the parser stands between two messages, so that what comes now begins one."""
        if self.conn.state is not State.OPEN or self.conn.current_size is not None:
            return False
        parser: Any = self.conn.parser
        inner = parser.gi_yieldfrom
        inner = inner.gi_yieldfrom if inner is not None else None
        return inner is not None and inner.gi_code is _BETWEEN_FRAMES

    def handle_text(self, event: Frame) -> None:
        if event.fin:
            self._text(bytes(event.data))
        else:
            super().handle_text(event)

    def _text(self, payload: bytes) -> None:
        take = self._short_cuts.get("take")
        if take is None or self.close_sent or not self.queue.empty() or not _taken(take, payload):
            super().handle_text(Frame(Opcode.TEXT, payload))

    def send_receive_event_to_app(self) -> None:
        """uvicorn closes such a text with the same code, but writes a traceback: any client could fill the log."""
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                self.conn.send_close(1007)
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def _write(self, data: bytes) -> bool:
        """Send a text now. False when the peer reads too slowly for that, or is going."""
        if not self.writable.is_set() or self.close_sent or self.disconnected or self.transport.is_closing():
            return False
        size = len(data)
        if size < 126:
            head = bytes((0x81, size))
        elif size < 65536:
            head = b"\x81\x7e" + size.to_bytes(2, "big")
        else:
            head = b"\x81\x7f" + size.to_bytes(8, "big")
        self.transport.write(head + data)
        return True

    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:
            # A peer that asks and does not read would be owed answers without end. It may be answered its last ping
            # alone (RFC 6455, section 5.5.3), and reads none of them.
            self.conn.data_to_send()

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= _FRAGMENTS_MAX:
            self.conn.fail(1009, "too many fragments")
            self.handle_parser_exception()
            return
        super().handle_cont(event)

    # A transport that is only closed waits for its peer to take what is buffered. One that stalls never does: the
    # ghost would stay, with its memory, for as long as the peer lives.

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.loop.call_later(1.0, self._abort)

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.close":
            self.loop.call_later(_FAREWELL_SECONDS, self._abort)

    def shutdown(self) -> None:
        super().shutdown()
        self.loop.call_later(_FAREWELL_SECONDS, self._abort)

    def _abort(self) -> None:
        self.transport.abort()  # not asked for its class: those of uvloop are not of asyncio's


def whole_text(data: bytes) -> bytes | None:
    """The payload of a client's frame when `data` is exactly one, a whole text message of less than 64 KiB, as nearly
    every chunk of a chat is; None for everything else, which the parser reads (RFC 6455, section 5.2)."""
    size = len(data)
    if size < 6 or data[0] != _FIN_TEXT or not data[1] & 0x80:
        return None
    length, start = data[1] & 0x7F, 2
    if length == 127:
        return None
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    if size != start + 4 + length:
        return None
    return apply_mask(data[start + 4 :], data[start : start + 4])


def _taken(take: Callable[[str], bool], payload: bytes) -> bool:
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return False  # closed below with the code for it
    return take(text)


def collect_seldom() -> None:
    """For a process that does nothing but serve. The interpreter looks for lost cycles after every few hundred new
    objects, among all the old ones too; with thousands of sockets that took a sixth of a busy core. What is loaded by
    now stays for good, and the rest is looked at less often: a line leaves no cycles behind."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 20)


def config(app: Callable[..., Any], settings: Settings) -> uvicorn.Config:
    """How `odr serve`, the tests and the bench run the application."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws=RoomsProtocol,
        ws_max_size=protocol.FRAME_BYTES,
        ws_ping_interval=protocol.HEARTBEAT_SECONDS,
        ws_ping_timeout=protocol.HEARTBEAT_SECONDS,
        ws_per_message_deflate=False,
        backlog=4096,
        timeout_graceful_shutdown=25,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
        access_log=settings.access_log,
        log_level="info" if settings.access_log else "warning",
    )
