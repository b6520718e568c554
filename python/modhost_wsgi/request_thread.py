"""A thread of the process: connections one after the other, and their requests one after the other."""
import json
import os
import sys
import threading
import time
import traceback

from modhost_wsgi import auxiliary, websocket
from modhost_wsgi.connection import BYE, ENDS, GOODBYE, STALES, BadFrame, ClientGone, Connection, failure, frame
from modhost_wsgi.gateway import Run, is_asgi, run
from modhost_wsgi.interrupt import Interrupts, RequestTimeout
from modhost_wsgi.observation import MeasuredRun, Observation
from modhost_wsgi.scripts import NotLoaded, Stale, application_frames, occurred
from modhost_wsgi.shape import shape_reader
from modhost_wsgi.streams import ErrorStream, Input

# Seconds a worker may keep a connection although another one waits; taking it on every request costs more than half
# of the speed. One that idles is given up earlier, unless it idles for no longer than from one request to the next.
QUANTUM = 0.05
IDLE_QUANTUM = 0.01
# The same before its first request: the worker may need a while to send that when the machine has much to do.
FIRST_QUANTUM = 0.05
_IDLE_AT_LEAST = 0.001
# Seconds for the startup of an ASGI application where startup-timeout is off.
STARTUP_LIMIT = 60.0
# In the place of flags: the connection is no longer the thread's.
_GIVEN_AWAY = -1


class RequestThread:
    """One thread that serves requests. `server` is process.Server."""

    def __init__(self, number, server):
        self.number = number
        self._server = server
        self._declare = shape_reader(server.process, number)
        # Since when the connection idles, if it does. Who takes it out, the thread or the monitor, decides about the
        # next request: list.pop is atomic.
        self._idle = []
        self.is_accepting = False
        # The environ of the running request and since when, for the log; where its output goes.
        self.environ = None
        self.since = 0.0
        self.errors = None
        self._connection = None
        self._input = None
        self._flags = 0
        # Goodbye was said on the connection, which the worker is to close.
        self._is_leaving = False
        # Whether there was a request on the connection.
        self._has_served = False
        # Requests it has answered, seconds of wall time and of processor time it was busy.
        self.served = 0
        self.busy = 0.0
        self.cpu = 0.0
        # Set where requests may be interrupted.
        self._interrupts = None
        self._data = None

    def start(self):
        threading.Thread(target=self._run, name="request-%d" % self.number, daemon=True).start()

    def give_up_idle(self, may_wait=False):
        """Called by the monitor: says goodbye if the thread's connection idles; whether it did.

        With `may_wait` only if it has been the worker's for its quantum, and is not between two requests.
        """
        connection = self._connection
        try:
            if may_wait:
                now = time.monotonic()
                quantum = IDLE_QUANTUM if self._has_served else FIRST_QUANTUM
                if now - self._idle[0] < _IDLE_AT_LEAST or now - connection.since < quantum:
                    return False
            self._idle.pop()
        except (IndexError, AttributeError):
            return False
        self._is_leaving = True
        try:
            self._connection.send(GOODBYE)
        except ClientGone:
            pass
        return True

    def close_copy(self):
        """In a child that the application forked: this end of the connection is not the child's."""
        self.errors = None
        if self._connection is not None:
            self._connection.close()

    def seen(self, descriptor):
        """Called by the monitor: the worker of the connection with that descriptor may have given up."""
        connection = self._connection
        if connection is not None:
            connection.seen(descriptor)

    def is_serving(self):
        return self._connection is not None and not self._is_leaving

    def holds_connection(self):
        return self._connection is not None

    def is_running(self):
        return self.environ is not None

    def request_id(self):
        return (self.environ or {}).get("mod_wsgi.request_id", "")

    def data(self):
        """What applications note of the running request."""
        if self._data is None:
            self._data = {}
        return self._data

    def elapsed(self, now):
        """Seconds the running request has run."""
        return now - self.since if self.environ is not None else 0.0

    def busy_time(self, now):
        """Seconds it has run requests in all."""
        return self.busy + self.elapsed(now)

    def interrupt(self, request):
        """Called by another thread: raises RequestTimeout in that request; whether it could."""
        return self._interrupts is not None and self._interrupts.raise_in(request)

    def told(self):
        """For the log: what it runs, for how long, and where it is."""
        environ = self.environ or {}
        frame_ = sys._current_frames().get(self._ident)
        lines = ["mod_wsgi (pid=%d): request \"%s %s %s\" (%s, %s) has run for %.1f s in thread %d:" % (
            os.getpid(), environ.get("REQUEST_METHOD", ""), environ.get("REQUEST_URI", ""),
            environ.get("SERVER_PROTOCOL", ""), self.request_id(), environ.get("SERVER_NAME", ""),
            self.elapsed(time.time()), self.number)]
        stack = application_frames(traceback.extract_stack(frame_)) if frame_ is not None else ()
        return lines + "".join(traceback.format_list(stack)).rstrip("\n").split("\n")

    def _run(self):
        _yield_to_wakers()
        server = self._server
        self._ident = threading.get_ident()
        server.threads_by_ident[self._ident] = self
        if server.interrupts:
            self._interrupts = Interrupts(self._ident)
        while not server.is_draining:
            self.is_accepting = True
            accepted = server.accept()
            self.is_accepting = False
            server.size_buffers(accepted)
            connection = Connection(accepted)
            if server.is_draining:
                connection.close()
                break
            try:
                self._serve(connection)
            except (ClientGone, BadFrame) as error:
                connection.abandon()
                if isinstance(error, BadFrame):
                    server.log("error", "mod_wsgi (pid=%d): %s" % (os.getpid(), error))
            except BaseException:
                connection.abandon()
                server.log_lines(occurred(""))
            self._connection = None
            self._is_leaving = False
        server.wake()

    def _serve(self, connection):
        hello = {"pid": os.getpid(), "thread": self.number}
        self._has_served = False
        self._connection = connection
        self._server.watch(connection)
        connection.send(frame(b"H", json.dumps(hello).encode("ascii")))
        idle = self._idle
        while True:
            idle.append(time.monotonic())
            is_open = connection.receive()
            try:
                idle.pop()
            except IndexError:
                return connection.wait_for_end()
            request = connection.next_request(self._declare) if is_open else None
            if request is None:
                return connection.close()
            self.since = time.time()
            self._has_served = True
            flags = self._respond(request)
            self.served += 1
            self._server.count()
            if flags == _GIVEN_AWAY:
                return None
            if flags:
                self._is_leaving = True
                return connection.wait_for_end()

    def _respond(self, request):
        """Answers one request; the flags of its last frame. ClientGone when it was interrupted: the worker has given it up."""
        interrupts = self._interrupts
        if interrupts is None:
            return self._answer(*request)
        shape, _flags, _handed_over, _mtime, values = request
        number = shape.request_id(values)
        result, interrupted = interrupts.run(number, self._answer, request)
        if interrupted:
            # Wherever that was.
            self._over()
            self._server.tell({"type": "freed", "thread": self.number, "requestId": number})
            raise ClientGone("the request was interrupted")
        return result

    def _over(self):
        self.environ = self._input = self.errors = self._data = None

    def _answer(self, shape, flags, handed_over, mtime, values):
        """Answers one request; the flags of its last frame."""
        connection = self._connection
        observation = response = None
        self._flags = 0
        body = self._input = Input(connection, flags)
        errors = self.errors = ErrorStream(self.log)
        self.environ = environ = shape.environ(values)
        if shape.is_activity:
            self._server.active_at = time.monotonic()
        script = shape.script
        try:
            if environ is None:
                return self._fail(400, "a value of the environ holds a NUL")
            if script.namespace is None:
                if script.load() and not self._server.is_embedded:
                    self._server.tell({"type": "loaded", "script": script.path})
            elif shape.reloading:
                script.check(mtime)
            if shape.role is not None:
                environ["wsgi.errors"] = errors
                answer = auxiliary.answer(shape.role, script.namespace, environ, connection.variable)
                connection.send(answer + ENDS[self.flags()])
                return self._flags
            application = script.namespace.get(shape.callable)
            if application is None:
                self.log(["mod_wsgi (pid=%d): Target WSGI script '%s' does not contain WSGI application '%s'."
                          % (os.getpid(), script.path, shape.callable)])
                return self._fail(404 if self._server.is_embedded else 500, "the script has no such callable")
            if is_asgi(application, shape.interface):
                if websocket.is_asked(flags, environ):
                    application = self._shake_hands(application, environ)
                    if application is None:
                        return _GIVEN_AWAY
                else:
                    from modhost_wsgi import asgi
                    application = asgi.adapt(application, body, connection, self._server.startup_limit)
            environ["wsgi.input"] = body
            environ["wsgi.errors"] = errors
            is_embedded = self._server.is_embedded
            environ["mod_wsgi.queue_start"] = 0.0 if is_embedded else handed_over
            environ["mod_wsgi.daemon_start"] = 0.0 if is_embedded else self.since
            environ["mod_wsgi.application_start"] = time.time()
            is_head = environ.get("REQUEST_METHOD") == "HEAD"
            watchers = self._server.watchers
            if watchers.events or watchers.recorder is not None:
                observation = Observation(watchers, self, shape, environ)
                application = observation.started(application)
                response = MeasuredRun(connection, body, is_head, observation)
            else:
                response = Run(connection, body, is_head)
            run(application, environ, response, shape.files, self)
        except Stale as stale:
            connection.send(STALES[self.flags()])
            if stale.is_news:
                self._server.tell(
                    {"type": "stale", "script": stale.script, "mtime": stale.mtime, "isAsked": stale.is_asked})
        except NotLoaded as error:
            self.log(error.lines)
            self._fail(500, "the script did not load")
        except ClientGone as gone:
            if observation is not None:
                observation.failed(sys.exc_info())
            self._fail(400, str(gone))
        except BadFrame:
            raise
        except BaseException as error:
            if observation is not None:
                observation.failed(sys.exc_info())
            errors.flush()
            self.log(occurred(script.path))
            if isinstance(error, RequestTimeout):
                self._fail(504, "the application gave up with RequestTimeout")
            else:
                self._fail(500, "the application failed")
        finally:
            if observation is not None:
                observation.finished(response.sent() if response is not None else 0)
            self.busy += time.time() - self.since
            if shape.is_activity:
                self._server.active_at = time.monotonic()
            self._over()
            errors.expire(self._server.log_lines)
        return self._flags

    def _shake_hands(self, application, environ):
        """The handshake of a WebSocket: None if that is open, else the application that answers no."""
        connection = self._connection
        session = websocket.Session(application, environ, connection, self._server.startup_limit)
        acceptance, denial = session.shake_hands()
        if denial is not None:
            return denial
        self.errors.flush()
        try:
            connection.send(acceptance)
        except ClientGone:
            session.fail()
            raise
        session.begin(connection.detach())
        return None

    def flags(self):
        """The flags of the last frame of the running request."""
        if self.errors._rest:
            self.errors.flush()
        flags = self._input.finish()
        server = self._server
        if server.is_draining:
            flags |= BYE
        elif server.wanted and time.monotonic() - self._connection.since >= QUANTUM:
            try:
                server.wanted.pop()
                flags |= BYE
            except IndexError:
                pass
        self._flags = flags
        return flags

    def close_failed(self):
        """Logs the exception being handled."""
        self.log(occurred(self.environ.get("SCRIPT_FILENAME", "")))

    def log(self, lines, level="error"):
        """Lines for the log of the running request."""
        try:
            self._connection.log(lines, level[:1].encode("ascii"))
        except ClientGone:
            self._server.log_lines(lines)

    def _fail(self, status, reason):
        self._connection.send(failure(self.flags(), status, reason))
        return self._flags


def _yield_to_wakers():
    """Lets this thread take what it is sent without breaking in on the worker that sends it, which may have more to send.

    Measured with two processes of five threads on two cores: up to a third more requests. What the application starts,
    processes and threads, is scheduled as ever.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_BATCH | os.SCHED_RESET_ON_FORK, os.sched_param(0))
    except (AttributeError, OSError):
        pass
