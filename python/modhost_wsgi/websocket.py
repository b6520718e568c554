"""A WebSocket of an ASGI application: its handshake in a thread, then messages on the loop of the process.

What is spoken with the client is the worker's business; between the two there are messages (docs/daemon-protocol.md).
"""
import http
import os
import queue
import struct

from modhost_wsgi.connection import ClientGone, frame, pack_header
from modhost_wsgi.headers import response_head
from modhost_wsgi.scripts import occurred

# Flag of a request whose connection may change protocols.
MAY_UPGRADE = 4

_TEXT, _BINARY, _CLOSE = b"tbc"
_CLOSE_KIND = b"c"
_read_header = struct.Struct(">BI").unpack
_read_code = struct.Struct(">H").unpack_from
_pack_code = struct.Struct(">H").pack

_VERSION = {"version": "3.0", "spec_version": "2.4"}
_LOOK = 1.0
# Bytes read ahead of the application; twice as many may be held.
_AHEAD = 65536
# Bytes of a message: the longest frame.
_LONGEST = 16 * 1024 * 1024
# Bytes of the body of a denial.
_LONGEST_DENIAL = 1 << 20
# Seconds a worker has to close a connection whose end it was told.
_LINGER = 10.0

GOING_AWAY = 1012
_ABNORMAL = 1006
_FAILED = 1011

# Those whose application still runs, or whose worker has not closed.
_sessions = set()


def is_asked(flags, environ):
    """Whether a request asks for a WebSocket, and may have it."""
    return (flags & MAY_UPGRADE and environ.get("REQUEST_METHOD") == "GET"
            and environ.get("HTTP_UPGRADE", "").strip().lower() == "websocket")


def open_count():
    """How many WebSockets are open."""
    return len(_sessions)


def go_away():
    """Tells all clients, and their applications, that this process ends."""
    for session in list(_sessions):
        session.call(session.go_away)


def close_copies():
    """In a child that the application forked: they are not the child's."""
    for session in list(_sessions):
        session.close_copy()


class Session:
    """One WebSocket and the coroutine of its application."""

    def __init__(self, application, environ, connection, startup_limit):
        self._application = application
        self._script = environ.get("SCRIPT_FILENAME", "")
        self._is_gone = connection.is_given_up
        from modhost_wsgi import asgi
        lifespan = asgi.lifespan_of(application, startup_limit)
        self._scope = dict(
            asgi.scope_of(environ, lifespan.state.copy()),
            type="websocket",
            asgi=_VERSION,
            scheme="wss" if environ["wsgi.url_scheme"] == "https" else "ws",
            subprotocols=[name.strip() for name in environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL", "").split(",") if name.strip()],
        )
        del self._scope["method"]
        self._scope["extensions"]["websocket.http.response"] = {}
        self._loop = asgi.running_loop()
        # What the thread of the handshake is to do: (what, value).
        self._wishes = queue.SimpleQueue()
        # "new", "connecting", "accepting", "denying", "open", "closing": the client's answer is awaited, "over".
        self._state = "new"
        self._accepted = None
        self._settled = None
        self._denial = None
        self._reader = self._writer = self._header = None
        self._reading = None
        self._disconnect = None
        self._descriptor = -1

    # In the thread.

    def shake_hands(self):
        """Runs the application until it has decided: the head of its acceptance, or a WSGI application that answers no.

        Raises what the application raises, and ClientGone.
        """
        import asyncio
        asyncio.run_coroutine_threadsafe(self._run(), self._loop)
        while True:
            try:
                what, value = self._wishes.get(timeout=_LOOK)
            except queue.Empty:
                if self._is_gone():
                    self.call(self._give_up)
                    raise ClientGone("the client has closed the connection") from None
                continue
            if what == "accept":
                return frame(b"M", value), None
            if what == "deny":
                return None, _denial(*value)
            if value is not None:
                raise value
            raise RuntimeError("the ASGI application returned before it accepted or closed the WebSocket")

    def begin(self, accepted):
        """The acceptance has been sent: the socket is the loop's from here on."""
        _sessions.add(self)
        self._descriptor = accepted.fileno()
        import asyncio
        asyncio.run_coroutine_threadsafe(self._open(accepted), self._loop)

    def fail(self):
        """The acceptance could not be sent."""
        self.call(self._give_up)

    def call(self, function):
        self._loop.call_soon_threadsafe(function)

    def close_copy(self):
        try:
            os.close(self._descriptor)
        except OSError:
            pass

    # On the loop.

    async def _run(self):
        import asyncio
        self._settled = self._loop.create_future()
        self._reading = asyncio.Lock()
        error = lines = None
        try:
            await self._application(self._scope, self._receive, self._send)
        except BaseException as raised:
            error = raised
            lines = occurred(self._script)
        if self._writer is None:
            self._state = "over"
            self._wishes.put(("done", error))
            return
        is_news = error is not None and not isinstance(error, asyncio.CancelledError) and not (
            isinstance(error, OSError) and self._state != "open")
        if is_news:
            self._writer.write(b"".join(frame(b"L", b"e" + line.encode("utf-8", "replace")[:8192]) for line in lines))
        if self._state == "open":
            self._say_close(_FAILED if error is not None else 1000, "")
        try:
            # The worker closes when the client has; what comes until then is nobody's.
            await asyncio.wait_for(self._drop(), _LINGER)
        except (asyncio.TimeoutError, OSError):
            pass
        self._writer.close()
        _sessions.discard(self)

    async def _drop(self):
        while await self._reader.read(_AHEAD):
            pass

    async def _open(self, accepted):
        import asyncio
        self._reader, self._writer = await asyncio.open_connection(sock=accepted, limit=_AHEAD)
        self._state = "open"
        self._settle()

    def _settle(self):
        if not self._settled.done():
            self._settled.set_result(None)

    def _give_up(self):
        """The client left during the handshake."""
        self._state = "over"
        self._disconnect = _disconnected(_ABNORMAL, "")
        self._settle()

    def go_away(self):
        if self._state == "open":
            self._say_close(GOING_AWAY, "the service restarts")

    def _say_close(self, code, reason):
        self._state = "closing"
        self._writer.write(frame(_CLOSE_KIND, _pack_code(code) + reason.encode("utf-8")[:123]))

    async def _receive(self):
        if self._state == "new":
            self._state = "connecting"
            return {"type": "websocket.connect"}
        if self._state in ("connecting", "accepting"):
            await self._settled
        if self._state == "denying":
            raise RuntimeError("nothing can be received once the WebSocket was denied")
        async with self._reading:
            while self._disconnect is None:
                message = await self._next_message()
                if message is not None:
                    return message
        return self._disconnect

    async def _next_message(self):
        """The next message; None for what is not given to the application. May be cancelled without harm."""
        try:
            if self._header is None:
                self._header = _read_header(await self._reader.readexactly(5))
            kind, length = self._header
            if length > _LONGEST:
                raise ConnectionError("a frame that is too long")
            payload = await self._reader.readexactly(length)
            self._header = None
        except (EOFError, OSError):
            kind, payload = _CLOSE, _pack_code(_ABNORMAL)
        if kind == _CLOSE:
            self._state = "over"
            self._disconnect = _disconnected(_read_code(payload)[0], payload[2:].decode("utf-8", "replace"))
            return None
        if self._state != "open":
            return None
        if kind == _TEXT:
            return {"type": "websocket.receive", "text": payload.decode("utf-8", "replace")}
        return {"type": "websocket.receive", "bytes": payload}

    async def _send(self, message):
        kind = message["type"]
        if self._state == "open":
            if kind == "websocket.send":
                return await self._send_message(message)
            if kind == "websocket.close":
                return self._say_close(message.get("code") or 1000, message.get("reason") or "")
        elif self._state in ("new", "connecting"):
            if kind == "websocket.accept":
                return await self._accept(message)
            if kind == "websocket.close":
                self._state = "denying"
                self._wishes.put(("deny", (403, (), b"")))
                return None
            if kind == "websocket.http.response.start":
                self._state = "denying"
                self._denial = (message["status"], tuple(message.get("headers", ())), bytearray())
                return None
        elif self._state == "denying":
            if kind == "websocket.http.response.body" and self._denial is not None:
                return self._add_denial(message)
        elif self._disconnect is not None and kind in ("websocket.accept", "websocket.send"):
            raise OSError("the client has closed the WebSocket")
        elif self._disconnect is not None and kind == "websocket.close":
            return None
        raise RuntimeError("unexpected ASGI message '%s' (%s)" % (kind, self._state))

    async def _accept(self, message):
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers") or ()]
        if any(name.lower() == "sec-websocket-protocol" for name, _ in fields):
            raise RuntimeError("the subprotocol of a WebSocket is given by 'subprotocol', not as a header")
        subprotocol = message.get("subprotocol")
        if subprotocol:
            fields.append(("Sec-WebSocket-Protocol", subprotocol))
        # Checks the fields; their bytes are what is wanted.
        payload = response_head("200 OK", fields)[0]
        self._state = "accepting"
        self._wishes.put(("accept", b"101 Switching Protocols" + payload[6:]))
        await self._settled
        if self._state == "over":
            raise OSError("the client has closed the connection")

    async def _send_message(self, message):
        text = message.get("text")
        data = message.get("bytes") if text is None else text.encode("utf-8")
        if data is None:
            raise RuntimeError("a message has neither 'text' nor 'bytes'")
        if len(data) > _LONGEST:
            raise ValueError("a message of %d bytes is too long" % len(data))
        self._writer.write(pack_header(b"b" if text is None else b"t", len(data)) + data)
        await self._writer.drain()

    def _add_denial(self, message):
        body = self._denial[2]
        body += message.get("body", b"")
        if len(body) > _LONGEST_DENIAL:
            raise RuntimeError("the body of a denial is too long")
        if not message.get("more_body", False):
            status, headers, _ = self._denial
            self._denial = None
            self._wishes.put(("deny", (status, headers, bytes(body))))


def _disconnected(code, reason):
    return {"type": "websocket.disconnect", "code": code, "reason": reason}


def _denial(status, headers, body):
    """The WSGI application that answers so."""
    def application(_environ, start_response):
        try:
            phrase = http.HTTPStatus(status).phrase
        except ValueError:
            phrase = ""
        start_response("%d %s" % (status, phrase), [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in headers])
        return [body]
    return application
