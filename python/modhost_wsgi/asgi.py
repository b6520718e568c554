"""ASGI applications as WSGI ones: each request's coroutine runs on the loop of the process, its thread carries the bytes.

So `threads=` is how many requests of an ASGI application are answered at once. A coroutine that goes on after its
response (background tasks) holds no thread.
"""
import asyncio
import atexit
import http
import queue
import sys
import threading
import time
import traceback

from modhost_wsgi.connection import ClientGone

# Seconds between looks whether the client is still there, while an application waits for nothing else.
_LOOK = 1.0
# Seconds that applications have to end in, all together.
_SHUTDOWN = 5.0

_lock = threading.Lock()
_loop = None
_lifespans = {}


def adapt(application, body, connection, startup_limit):
    """The WSGI application of one request, whose body is `body`; `startup_limit` as for lifespan_of()."""
    is_gone = connection.is_given_up

    def adapted(environ, start_response):
        lifespan = lifespan_of(application, startup_limit)
        return Exchange(application, scope_of(environ, lifespan.state.copy()), body, is_gone).answer(start_response)
    return adapted


class Exchange:
    """One request and its coroutine: what the coroutine asks for is done by the thread, one thing after the other."""

    def __init__(self, application, scope, body, is_gone):
        self._application = application
        self._scope = scope
        self._body = body
        self._is_gone = is_gone
        # What the coroutine wants: (what, message, future), or ("done", exception, None).
        self._wishes = queue.SimpleQueue()
        self._input_ended = False
        self._start = None
        self._is_complete = False
        # The wish whose data the server is sending: it is granted when more is asked for.
        self._sending = None
        self._waiting = None
        self._disconnected = False

    def answer(self, start_response):
        """Runs until the first bytes of the body: a whole body as a list, else an iterable."""
        asyncio.run_coroutine_threadsafe(self._run(), running_loop())
        try:
            first = self._next()
            status = self._start["status"]
            try:
                phrase = http.HTTPStatus(status).phrase
            except ValueError:
                phrase = ""
            # How the body is framed is the server's business: the specification has it ignore that field.
            start_response("%d %s" % (status, phrase), [
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in self._start.get("headers", ())
                if name.lower() != b"transfer-encoding"])
        except BaseException:
            self.close()
            raise
        if self._is_complete:
            self.close()
            return [first]
        return _Body(self, first)

    def next(self):
        """The next bytes of the body; None at its end."""
        if self._sending is not None:
            self._grant(self._sending, None)
            self._sending = None
        return None if self._is_complete else self._next()

    def close(self):
        """The response is over, complete or not: whatever the coroutine does now is nobody's."""
        self._disconnected = True
        # Who waits for the disconnect is to hear of it first: it may cancel what sends.
        for wish in (self._waiting, self._sending):
            if wish is not None:
                self._end(*wish)
        self._sending = self._waiting = None
        try:
            while True:
                self._end(*self._wishes.get_nowait())
        except queue.Empty:
            pass

    def _next(self):
        while True:
            try:
                what, message, future = self._wishes.get(timeout=_LOOK)
            except queue.Empty:
                if self._is_gone():
                    raise ClientGone("the client has closed the connection") from None
                continue
            if what == "receive":
                self._receive(future)
            elif what == "done":
                if message is not None:
                    raise message
                raise RuntimeError("the ASGI application returned before its response was complete")
            elif message["type"] == "http.response.start" and self._start is None:
                self._start = message
                self._grant((what, message, future), None)
            elif message["type"] == "http.response.body" and self._start is not None:
                self._sending = what, message, future
                self._is_complete = not message.get("more_body", False)
                return bytes(message.get("body", b""))
            else:
                self._fail(future, RuntimeError("unexpected ASGI message '%s'" % message["type"]))

    def _receive(self, future):
        if self._input_ended:
            # A disconnect is all that can come.
            self._waiting = "receive", None, future
            return
        try:
            data = self._body.read_some()
        except OSError:
            # The body broke off: so did the client.
            self._waiting = "receive", None, future
            raise
        self._input_ended = not data
        self._grant((None, None, future), {"type": "http.request", "body": data, "more_body": bool(data)})

    def _grant(self, wish, value):
        _call(wish[2], "set_result", value)

    def _fail(self, future, error):
        _call(future, "set_exception", error)

    def _end(self, what, message, future):
        if what == "receive":
            _call(future, "set_result", {"type": "http.disconnect"})
        elif what == "send":
            if self._is_complete:
                _call(future, "set_result", None)
            else:
                self._fail(future, OSError("the client has closed the connection"))

    async def _run(self):
        error = None
        try:
            await self._application(self._scope, self._wish_receive, self._wish_send)
        except BaseException as raised:
            error = raised
        if self._disconnected and error is not None and not isinstance(error, (OSError, asyncio.CancelledError)):
            sys.stderr.write("ASGI application failed after its response: %r\n" % (error,))
        self._wishes.put(("done", error, None))

    async def _wish_receive(self):
        if self._disconnected:
            return {"type": "http.disconnect"}
        return await self._wish("receive", None)

    async def _wish_send(self, message):
        if self._disconnected:
            if self._is_complete:
                return None
            raise OSError("the client has closed the connection")
        return await self._wish("send", message)

    async def _wish(self, what, message):
        future = asyncio.get_running_loop().create_future()
        self._wishes.put((what, message, future))
        # Between the look and the wish the response may have ended.
        if self._disconnected:
            self._end(what, message, future)
        return await future


class _Body:
    """The iterable of a response that comes bit by bit."""

    def __init__(self, exchange, first):
        self._exchange = exchange
        self._first = first

    def __iter__(self):
        return self

    def __next__(self):
        data, self._first = self._first, None
        if data is None:
            data = self._exchange.next()
        if data is None:
            raise StopIteration
        return data

    def close(self):
        self._exchange.close()


class Lifespan:
    """The life of an application in this process: startup before its first request, shutdown at the end."""

    def __init__(self, application):
        self.state = {}
        self._application = application
        self._is_begun = False
        self._events = None
        self._started = threading.Event()
        self._ended = threading.Event()
        self._failure = None
        self._deadline = 0.0
        self.lock = threading.Lock()

    def start(self, limit):
        """Waits for the startup; raises RuntimeError if that failed, or took longer than so many seconds."""
        with self.lock:
            if not self._is_begun:
                self._is_begun = True
                self._deadline = time.monotonic() + limit
                asyncio.run_coroutine_threadsafe(self._run(), running_loop())
        if not self._started.wait(max(0.0, self._deadline - time.monotonic())):
            # One that is only late serves when it is done.
            raise RuntimeError(
                "the ASGI application has not answered lifespan.startup within %g s (startup-timeout)" % limit)
        if self._failure is not None:
            raise RuntimeError("the ASGI application's startup failed: %s" % self._failure)

    def stop(self, seconds):
        if self._events is not None and not self._ended.is_set():
            _loop.call_soon_threadsafe(self._events.put_nowait, {"type": "lifespan.shutdown"})
            self._ended.wait(seconds)

    async def _run(self):
        self._events = asyncio.Queue()
        self._events.put_nowait({"type": "lifespan.startup"})
        scope = {"type": "lifespan", "asgi": _VERSION, "state": self.state}
        try:
            await self._application(scope, self._events.get, self._send)
        except BaseException as error:
            # As the specification has it: such an application has no lifespan. What fails within one is worth a line.
            if self._events.empty() and isinstance(error, Exception):
                traceback.print_exc()
        finally:
            self._started.set()
            self._ended.set()

    async def _send(self, message):
        if message["type"] == "lifespan.startup.failed":
            self._failure = message.get("message", "") or "no reason given"
        if message["type"].startswith("lifespan.startup."):
            self._started.set()
        elif message["type"].startswith("lifespan.shutdown."):
            if message["type"] == "lifespan.shutdown.failed":
                print("the ASGI application's shutdown failed: %s" % (message.get("message", "") or "no reason given"),
                      file=sys.stderr)
            self._ended.set()


_VERSION = {"version": "3.0", "spec_version": "2.3"}


def scope_of(environ, state):
    """The scope of a request."""
    mount = _decoded(environ["SCRIPT_NAME"])
    headers = [(name[5:].replace("_", "-").lower().encode("latin-1"), value.encode("latin-1"))
               for name, value in environ.items() if name.startswith("HTTP_") and isinstance(value, str)]
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers.append((name.replace("_", "-").lower().encode("latin-1"), environ[name].encode("latin-1")))
    return {
        "type": "http",
        "asgi": _VERSION,
        "http_version": environ["SERVER_PROTOCOL"].partition("/")[2],
        "method": environ["REQUEST_METHOD"],
        "scheme": environ["wsgi.url_scheme"],
        "path": ("" if _takes_rest() else mount) + _decoded(environ["PATH_INFO"]),
        "raw_path": _raw_path(environ["REQUEST_URI"]),
        "query_string": environ["QUERY_STRING"].encode("latin-1"),
        "root_path": mount,
        "headers": headers,
        "client": (environ["REMOTE_ADDR"], int(environ["REMOTE_PORT"])),
        "server": (environ["SERVER_NAME"], int(environ["SERVER_PORT"])),
        "state": state,
        "extensions": {"modhost.environ": {key: value for key, value in environ.items() if isinstance(value, str)}},
    }


def _decoded(value):
    return value.encode("latin-1").decode("utf-8", "replace")


def _raw_path(target):
    """The path as the client sent it, without its query."""
    path = target.partition("?")[0]
    if not path.startswith("/") and "://" in path:
        path = "/" + path.partition("://")[2].partition("/")[2]
    return path.encode("latin-1")


def _takes_rest():
    """Whether `path` is to come without `root_path`: the specification has it in, Starlette before 0.33 has it out."""
    version = getattr(sys.modules.get("starlette"), "__version__", "")
    numbers = tuple(int(number) for number in version.split(".")[:2] if number.isdigit())
    return len(numbers) == 2 and numbers < (0, 33)


def lifespan_of(application, startup_limit):
    """The lifespan of an application, started; `startup_limit`: seconds that may take."""
    key = id(application)
    with _lock:
        lifespan = _lifespans.get(key)
        if lifespan is None:
            # It keeps the application alive, so that no other has its id.
            lifespan = _lifespans[key] = Lifespan(application)
    lifespan.start(startup_limit)
    return lifespan


def running_loop():
    """The event loop of the process."""
    global _loop
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="asgi", daemon=True).start()
            atexit.register(_stop)
    return _loop


def _stop():
    for lifespan in list(_lifespans.values()):
        lifespan.stop(_SHUTDOWN)


def _call(future, what, value):
    def settle():
        if not future.done():
            getattr(future, what)(value)
    _loop.call_soon_threadsafe(settle)
