"""One socket: what it sent, what it still has to be sent, and when it has to go.

Frames for the client wait in a bounded queue; one write takes everything that waits, as one array, at the end of the
step in which they came. A task waits only for a client that reads slowly. One that does not read is closed: it comes
back and resumes from its cursor.
"""

import asyncio
import contextlib
import contextvars
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from starlette.websockets import WebSocketDisconnect, WebSocketState

from odr.accounts.access import Actor
from odr.core import clock, metrics
from odr.core.db import AWAY
from odr.core.errors import OdrError
from odr.core.i18n import _
from odr.core.log import log
from odr.live import protocol
from odr.rooms import service as rooms
from odr.rooms.lines import stamp

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

    from odr.live.hub import Hub
    from odr.live.streams import Sub

_QUEUE_BYTES = 192 * 1024
_QUEUE_FRAMES = 1024
_WRITE_BYTES = 16 * 1024
_WRITE_SECONDS = 20.0
_CLOSE_SECONDS = 2.0
_LOOK_SECONDS = 0.01
_UNANSWERED = 256
_ASKS = 64
_AGAIN_SECONDS = 1.0
# A reload empties an outbox in one go; nobody types twenty lines a second for long.
RATE, BURST, OVER = 20.0, 120.0, 200


_Ask = protocol.Join | protocol.History | protocol.Read | protocol.Leave


class Bucket:
    """A token bucket on the monotonic clock."""

    __slots__ = ("_at", "_tokens")

    def __init__(self) -> None:
        self._tokens, self._at = BURST, time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self._tokens = min(BURST, self._tokens + (now - self._at) * RATE)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Connection:
    """One signed-in socket and the rooms it follows."""

    def __init__(self, socket: "WebSocket", actor: Actor, hub: "Hub") -> None:
        self.actor = actor
        self.subs: dict[str, Sub] = {}
        self.told: dict[str, list[str]] = {}  # by case: who was said to be here
        self.active = True
        self.touched = time.monotonic()
        self._socket = socket
        self._hub = hub
        self._context = contextvars.copy_context()
        self._queue: deque[bytes] = deque()
        self._bytes = 0
        self._flushing = False
        self._writer: asyncio.Task[None] | None = None
        self._closer: asyncio.Task[None] | None = None
        self._room_to_write: asyncio.Future[None] | None = None
        self._deaf = False
        self._bucket = Bucket()
        self._over = 0
        self._unanswered = 0
        self._answered: asyncio.Future[None] | None = None
        self._asks: deque[_Ask] = deque()
        self._asked: _Ask | None = None
        self._asker: asyncio.Task[None] | None = None
        self._busy = False
        self._declined: protocol.Say | None = None
        self._loop = asyncio.get_running_loop()
        self._short_cuts: dict[str, Any] = socket.scope.get("extensions", {}).get("odr.transport", {})
        self._write: Callable[[bytes], bool] | None = self._short_cuts.get("write")

    # --- out ---

    @property
    def is_ending(self) -> bool:
        return self._closer is not None

    def in_language(self, make: Callable[[], bytes]) -> bytes:
        """Build a frame in this client's language, whichever task builds it."""
        return self._context.copy().run(make)

    def enqueue(self, data: bytes) -> None:
        """One frame for this client. A queue that grows past its bound ends the socket, never the room."""
        if self._closer is not None:
            return
        self._queue.append(data)
        self._bytes += len(data)
        if (self._bytes > _QUEUE_BYTES and len(self._queue) > 1) or len(self._queue) > _QUEUE_FRAMES:
            log.info("live.slow_consumer", login=self.actor.login_pid)
            self.end(protocol.TOO_SLOW)
        elif self._writer is None and not self._flushing:
            self._flushing = True
            self._hub.flush_soon(self)

    def flush(self) -> None:
        """Write what came in this step; what a slow client does not take waits for it in a task."""
        self._flushing = False
        if self._writer is not None or not self._queue:
            return
        if self._write is None or self._bytes > _WRITE_BYTES or not self._write(_as_one(self._queue)):
            self._writer = asyncio.create_task(self._drain())
        else:
            self._queue.clear()
            self._bytes = 0

    async def below_half(self) -> None:
        """Wait until the queue is short: long answers come no faster than the client reads."""
        while self._bytes > _QUEUE_BYTES // 2 and self._closer is None:
            if self._room_to_write is None:
                self._room_to_write = asyncio.get_running_loop().create_future()
            await self._room_to_write

    async def _drain(self) -> None:
        try:
            while self._queue:
                size, some = 0, []
                while self._queue and size < _WRITE_BYTES:
                    some.append(self._queue.popleft())
                    size += len(some[-1])
                self._bytes -= size
                text = _as_one(some).decode()
                async with asyncio.timeout(_WRITE_SECONDS):
                    await self._socket.send_text(text)
                if self._room_to_write is not None and self._bytes <= _QUEUE_BYTES // 2:
                    self._let_write()
        except TimeoutError:
            self.end(protocol.TOO_SLOW)
        except (WebSocketDisconnect, RuntimeError):
            self._queue.clear()  # the client is gone; its receiving side says so too
        finally:
            self._writer = None

    def _let_write(self) -> None:
        if self._room_to_write is not None and not self._room_to_write.done():
            self._room_to_write.set_result(None)
        self._room_to_write = None

    def end(self, code: int) -> None:
        """Close with a code the client can read. Nothing that waits is sent any more."""
        if self._closer is None:
            if code == protocol.TOO_SLOW:
                metrics.consumers_dropped.inc()
            self._queue.clear()
            self._bytes = 0
            self._let_write()
            self._closer = asyncio.create_task(self._close(code, self._writer))

    async def dismiss(self, code: int) -> None:
        """Close in order: no frame is taken any more, what was taken is answered, the answers leave, then the code.
        A client that does not read, or a database that does not answer, delays this by little."""
        self._deaf = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                while self._closer is None and (self._unanswered or self._queue or self._writer is not None):  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_SECONDS)
        self.end(code)
        if self._closer is not None:
            await self._closer

    async def _close(self, code: int, writer: "asyncio.Task[None] | None") -> None:
        if writer is not None:
            writer.cancel()
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                if self._socket.application_state is WebSocketState.CONNECTED:
                    await self._socket.close(code)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            # A stalled peer would hold its buffers until TCP gives up, which it does not while the peer lives.
            abort = self._short_cuts.get("abort")
            if abort is not None:
                abort()

    # --- in ---

    async def serve(self) -> None:
        """Answer frames until the socket ends."""
        me = {"id": self.actor.pid, "name": self.actor.name}
        self.enqueue(
            protocol.frame(
                "welcome",
                v=protocol.VERSION,
                me=me,
                at=stamp(clock.now_us()),
                heartbeat=protocol.HEARTBEAT_SECONDS,
            )
        )
        try:
            async with asyncio.timeout(protocol.FIRST_FRAME_SECONDS):
                message = await self._socket.receive()
        except TimeoutError:
            self.end(protocol.SILENT)
            message = await self._socket.receive()
        self._short_cuts["take"] = self._take_at_once
        while message["type"] == "websocket.receive":
            if self._closer is None and not self._deaf:
                self._busy = True
                await self._take(message.get("text"))
                self._busy = False
            message = await self._socket.receive()

    async def close(self) -> None:
        """The socket is gone: end what was done for it."""
        self._short_cuts.pop("take", None)
        for task in (self._asker, self._writer):
            if task is not None:
                task.cancel()
        self._let_write()
        if self._closer is not None:
            await self._closer

    def _take_at_once(self, text: str) -> bool:
        """The short cut for a message that waits for nothing, as nearly all do. False leaves it, and with it what comes
        behind, to `serve`, which reads no further while it waits."""
        if self._busy or self._deaf or self._closer is not None or self._unanswered >= _UNANSWERED:
            return False
        return self._context.run(self._handle_at_once, text)

    def _handle_at_once(self, text: str) -> bool:
        given = self._open(text)
        if isinstance(given, protocol.Say) and given.file is not None:
            self._declined = given
            return False
        if given is not None:
            self._handle(given)
        return True

    async def _take(self, message: Any) -> None:
        given, self._declined = self._declined or self._open(message), None
        if isinstance(given, protocol.Say) and given.file is not None:
            await self._say_file(given)
        elif given is not None:
            self._handle(given)
        # Nothing more is read while too much is unanswered.
        while self._unanswered >= _UNANSWERED and self._closer is None:
            self._answered = self._loop.create_future()
            await self._answered

    def _open(self, message: Any) -> protocol.Frame | None:
        """The frame in a message; None for one that came too fast or is none, which is answered here."""
        if not self._bucket.take():
            self._over += 1
            if self._over > OVER:
                self.end(protocol.TOO_MANY)
            else:
                say = _("发得太快了。请等几秒再发，您写的内容还在。")
                self.enqueue(protocol.error("too_fast", say, re=protocol.id_of(message), retry=1))
            return None
        self._over = 0
        try:
            return protocol.parse(message)
        except protocol.BadFrame as bad:
            self.enqueue(bad.answer)
            return None

    def _handle(self, given: protocol.Frame) -> None:
        match given:
            case protocol.Say():
                self.active = True
                self._submit(rooms.text_draft(self.actor, given.room, given), given.id)
            case protocol.Recall():
                self.active = True
                self._submit(rooms.recall_draft(self.actor, given.room, given), given.id)
            case protocol.Typing():
                if not self._is_joining(given.room):  # else it is nothing any more by then
                    self._hub.typing(self, given.room)
            case protocol.Ping():
                self.enqueue(protocol.frame("pong", n=given.n))
            case protocol.Join() | protocol.History():
                self._ask(given)
            case protocol.Read() | protocol.Leave():
                self.active = True
                if self._is_joining(given.room):
                    self._ask(given)
                else:
                    self._do(given)

    def _do(self, given: protocol.Read | protocol.Leave) -> None:
        if isinstance(given, protocol.Read):
            self._hub.read(self, given.room, given.seq)
        else:
            self._hub.streams.leave_room(self, given.room)

    async def _say_file(self, given: protocol.Say) -> None:
        self.active = True
        try:
            draft = await rooms.say_draft(self._hub.db, self.actor, given.room, given)
        except OdrError as refused:
            self.enqueue(protocol.error(refused.code, refused.say, re=given.id, room=given.room))
            return
        except AWAY as failure:
            log.warning("live.file_waits", error=type(failure).__name__)
            self.enqueue(_refusal(rooms.Refusal.BUSY, given.room, given.id))
            return
        self._submit(draft, given.id)

    def _submit(self, draft: rooms.Draft, client_id: str) -> None:
        """Into the journal; the answer comes after the commit."""
        self._unanswered += 1

        def done(outcome: rooms.Outcome) -> None:
            self._unanswered -= 1
            if self._answered is not None and not self._answered.done():
                self._answered.set_result(None)
            if isinstance(outcome, rooms.Refusal):
                self.enqueue(self.in_language(lambda: _refusal(outcome, draft.room, client_id)))
            else:
                at = stamp(outcome.at_us)
                self.enqueue(protocol.frame("said", room=draft.room, id=client_id, seq=outcome.seq, at=at))

        self._hub.journal.submit(draft, done)

    def _is_joining(self, room: str) -> bool:
        """Whether a join of this room is not answered yet: what comes behind it is meant for afterwards."""
        if any(isinstance(one, protocol.Join) and one.room == room for one in self._asks):
            return True
        return isinstance(self._asked, protocol.Join) and self._asked.room == room and room not in self.subs

    def _ask(self, given: "_Ask") -> None:
        """Reading waits in line behind this client's own earlier questions; sending does not wait for it."""
        if len(self._asks) >= _ASKS:
            self.enqueue(protocol.error("too_fast", _("请求太多了。请稍等。"), room=given.room, retry=2))
            return
        self._asks.append(given)
        if self._asker is None:
            self._asker = asyncio.create_task(self._answer_asks())

    async def _answer_asks(self) -> None:
        try:
            while self._asks and self._closer is None:
                await self.below_half()
                self._asked = given = self._asks.popleft()
                try:
                    if isinstance(given, protocol.Join | protocol.History):
                        await self._hub.streams.answer(self, given)
                    else:
                        self._do(given)
                except OdrError as refused:
                    self.enqueue(protocol.error(refused.code, refused.say, room=given.room))
                except AWAY as failure:
                    # The database is away for a moment: the question stays, its answer comes when it is back.
                    log.warning("live.ask_waits", error=type(failure).__name__)
                    self._asks.appendleft(given)
                    await asyncio.sleep(_AGAIN_SECONDS)
                except Exception:
                    # A line that cannot be read, say: the questions behind it are answered all the same.
                    log.exception("live.ask_failed")
                    busy = rooms.refused(rooms.Refusal.BUSY)
                    self.enqueue(protocol.error(busy.code, busy.say, room=given.room))
                finally:
                    self._asked = None
        finally:
            self._asker = None


def _as_one(frames: Sequence[bytes]) -> bytes:
    return frames[0] if len(frames) == 1 else b"[" + b",".join(frames) + b"]"


def _refusal(outcome: rooms.Refusal, room: str, client_id: str) -> bytes:
    refused = rooms.refused(outcome)
    retry = 2 if outcome is rooms.Refusal.BUSY else None
    return protocol.error(refused.code, refused.say, re=client_id, room=room, retry=retry)
