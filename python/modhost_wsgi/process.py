"""The life of the process: start, threads, monitor, drain, end (docs/daemon-protocol.md)."""
import atexit
import collections
import errno
import faulthandler
import itertools
import math
import os
import select
import signal
import socket
import sys
import threading
import time

from modhost_wsgi import builtin, limits, scripts, surroundings, websocket
from modhost_wsgi.control import Control
from modhost_wsgi.observation import Watchers
from modhost_wsgi.output import LogOutput
from modhost_wsgi.reports import Reports
from modhost_wsgi.request_thread import STARTUP_LIMIT, RequestThread
from modhost_wsgi.shape import Process, file_system_path

_LISTENER, _CONTROL = 3, 4
# Has the stacks of all threads written to standard error. A real-time signal: the others are for applications.
_STACKS = 60
# Seconds within which a worker closes a connection that was said goodbye to.
_LINGER = 1.0
# Seconds before the end of a drain at which the clients of WebSockets are told of it.
_FAREWELL = 2.0
# A group's preload= of that name is for its processes in Node.
_JAVASCRIPT = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts")
# Seconds after which one more connection is given up to workers that wait.
_ROUND = 0.005


class Server:
    """What the threads share."""

    is_embedded = False

    def __init__(self, listener, control, start):
        spec = start["spec"]
        self.process = Process(spec, start["applicationGroup"])
        self._control = control
        self.tell = control.send
        self.log = control.log
        self.log_lines = control.log_lines
        self.watchers = Watchers(control.log_lines)
        self.reports = Reports(control.send, bool(spec.get("serverMetrics")))
        self.interrupts = spec["interruptTimeout"] > 0
        # Seconds that an ASGI application has for its startup.
        self.startup_limit = spec["startupTimeout"] / 1000 or STARTUP_LIMIT
        # Whether functions for the end are called (WSGIDestroyInterpreter).
        self.ends_interpreter = spec.get("endsInterpreter", True)
        self.is_draining = False
        # Holds an item while a worker waits for a connection: the thread that takes it gives its own up.
        self.wanted = []
        self.threads_by_ident = {}
        # Numbers of threads with a request that runs too long: nobody waits for them.
        self.stuck = set()
        self.threads = [RequestThread(number + 1, self) for number in range(spec["threads"])]
        self.messages = collections.deque()
        self.listener = listener
        # Set once the supervisor has been told that requests are being taken: one that ends before has never served.
        self.is_open = threading.Event()
        self._maximum = _early(spec["maximumRequests"], self.process.processes)
        # Seconds without a request, after the first one, until a successor is asked for; together they would all be renewed
        # at the same time.
        self._inactivity = spec["inactivityTimeout"] / 1000 * (1 + _chance() / 10 if self.process.processes > 1 else 1)
        # When the last request began or ended that counts.
        self.active_at = None
        self._has_left = False
        self._buffers = tuple((option, size) for option, size in (
            (socket.SO_SNDBUF, spec["sendBufferSize"]), (socket.SO_RCVBUF, spec["receiveBufferSize"])) if size)
        self._counter = itertools.count(1)
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_in, False)
        os.set_blocking(self._wake_out, False)
        # What wakes the monitor, but for the listener; connections are added by their threads.
        self._heard = select.epoll()
        self._heard.register(self._wake_out, select.EPOLLIN)

    def accept(self):
        self.is_open.wait()
        while True:
            try:
                return self.listener.accept()[0]
            except BlockingIOError:
                # Whoever made the socket has made it non-blocking again.
                select.select([self.listener], [], [])
            except OSError as error:
                if error.errno == errno.EMFILE:
                    # The application has taken them all, and will hardly give them back.
                    self.leave("descriptor_limit")
                time.sleep(0.05)

    def size_buffers(self, accepted):
        for option, size in self._buffers:
            try:
                accepted.setsockopt(socket.SOL_SOCKET, option, size)
            except OSError as error:
                self.log("warn", "mod_wsgi (pid=%d): buffers of %d bytes: %s" % (os.getpid(), size, error))

    def watch(self, connection):
        """Notices when the worker of the connection gives its request up."""
        connection.watch(self._heard)

    def leave(self, reason):
        """Asks for a successor, once; this process serves until it is there."""
        if not self._has_left:
            self._has_left = True
            self.tell({"type": "leaving", "reason": reason})

    def count(self):
        if self._maximum and next(self._counter) == self._maximum:
            self.leave("maximum_requests")

    def leave_to_parent(self):
        """In a child that the application forked: closes what would keep others waiting for the end of this process."""
        self._control.leave_to_parent()
        self.listener.close()
        for thread in self.threads:
            thread.close_copy()
        websocket.close_copies()

    def wake(self):
        """Wakes the monitor."""
        try:
            os.write(self._wake_in, b"x")
        except OSError:
            pass

    def read_control(self, control):
        """The control thread: hands messages to the monitor, and ends the process when the supervisor is gone."""
        while True:
            message = control.next()
            kind = message["type"]
            if kind == "keep":
                scripts.keep(message["script"], message["mtime"])
            elif kind == "ping":
                self.tell({"type": "pong"})
            elif kind == "metrics":
                self.reports.heard(message["report"])
            elif kind == "interrupt":
                self._interrupt(message["thread"], message["requestId"])
            elif kind == "drain" and not self.threads:
                _end_service(message["milliseconds"] / 1000)
            elif kind == "stuck":
                self.stuck.add(message["thread"])
                self.wake()
            else:
                self.messages.append(message)
                self.wake()

    def _interrupt(self, number, request):
        thread = self.threads[number - 1] if 0 < number <= len(self.threads) else None
        if thread is None or thread.request_id() != request:
            # It has ended meanwhile.
            self.tell({"type": "freed", "thread": number, "requestId": request})
            return
        lines = thread.told()
        if not thread.interrupt(request):
            lines[0] += " and cannot be interrupted"
        self.log_lines(lines)

    def _idles_for(self):
        """Seconds after which the process may have idled long enough; -1 when it does not matter."""
        if not self._inactivity or self._has_left:
            return -1
        if self.active_at is None or websocket.open_count() or any(thread.is_running() for thread in self.threads):
            return self._inactivity
        left = self.active_at + self._inactivity - time.monotonic()
        if left > 0:
            return left
        self.leave("inactivity_timeout")
        return -1

    def monitor(self):
        """Gives connections to workers that wait for one; returns the message that ends the process."""
        epoll = select.epoll()
        epoll.register(self._heard.fileno(), select.EPOLLIN)
        # Edge-triggered: only new connects are of interest, most of which a thread has accepted already.
        epoll.register(self.listener.fileno(), select.EPOLLIN | select.EPOLLET)
        signal.set_wakeup_fd(self._wake_in, warn_on_full_buffer=False)
        while True:
            epoll.poll(self._idles_for())
            self._sleep(0)
            # As long as connects wait: the edge that told of the last one will not come again.
            while self._is_waited_for() and not self.messages:
                if not self._has_free_thread():
                    self.wanted[:] = (True,)
                    if self._gives_up_one():
                        self.wanted.clear()
                self._sleep(_ROUND)
            self.wanted.clear()
            message = self._next_drain()
            if message is not None:
                return message

    def _next_drain(self):
        """The message that ends the process, None as long as there is none; does what other ones ask for."""
        while self.messages:
            message = self.messages.popleft()
            if message["type"] == "leave":
                self.leave(message["reason"])
            elif message["type"] == "signal":
                self.watchers.signalled(*message["signal"])
            else:
                return message
        return None

    def drain(self, seconds):
        """Takes nothing new and waits for what runs; another message may shorten the time, not lengthen it.

        WebSockets live on as long; their clients are told shortly before its end.
        """
        deadline = time.monotonic() + seconds
        farewell = min(_FAREWELL, seconds / 4)
        self.is_draining = True
        has_told = False
        while True:
            for thread in self.threads:
                thread.give_up_idle()
            serving = [thread for thread in self.threads if thread.is_serving()]
            now = time.monotonic()
            while self.messages:
                deadline = min(deadline, now + self.messages.popleft().get("milliseconds", math.inf) / 1000)
            if not has_told and now >= deadline - farewell:
                has_told = True
                websocket.go_away()
            if now >= deadline or (not websocket.open_count() and all(thread.number in self.stuck for thread in serving)):
                for thread in serving:
                    self.log_lines(thread.told())
                return
            self._sleep(0.01)

    def linger(self):
        """Waits until the workers have closed what was said goodbye to, so that they lose no last frame."""
        deadline = time.monotonic() + _LINGER
        while time.monotonic() < deadline and any(
                thread.holds_connection() and not thread.is_serving() for thread in self.threads):
            self._sleep(0.005)

    def _is_waited_for(self):
        return bool(select.select([self.listener], [], [], 0)[0])

    def _has_free_thread(self):
        return any(thread.is_accepting for thread in self.threads)

    def _gives_up_one(self):
        """Gives an idle connection up; true also when nobody waits any more."""
        if self.process.processes > 1:
            # Another process may have a free thread, which is a little slower to accept than this one to notice.
            time.sleep(0.001)
            if not self._is_waited_for():
                return True
        return any(thread.give_up_idle(may_wait=True) for thread in self.threads)

    def _sleep(self, seconds):
        """Waits that long, or until there is something to do."""
        for descriptor, _ in self._heard.poll(seconds):
            if descriptor == self._wake_out:
                os.read(self._wake_out, 4096)
            else:
                for thread in self.threads:
                    thread.seen(descriptor)


def _chance():
    """From 0 to 1, exclusive."""
    return int.from_bytes(os.urandom(4), "little") / 2 ** 32


def _early(maximum, processes):
    """The number of requests after which a successor is asked for: where there are several processes, each has another, lest all go at once."""
    return maximum - int(_chance() * (maximum // 10 + 1)) if maximum and processes > 1 else maximum


def main():
    """Runs the process to its end."""
    control = Control(socket.socket(fileno=_CONTROL))
    start = control.next()
    listener = socket.socket(fileno=_LISTENER)
    listener.listen(start["listenBacklog"])
    listener.setblocking(True)
    # Programs that the application starts have no part in them.
    for descriptor in (_LISTENER, _CONTROL):
        os.set_inheritable(descriptor, False)
    surroundings.die_with_parent()
    faulthandler.enable(2)
    faulthandler.register(_STACKS, 2, all_threads=True, chain=False)
    spec = start["spec"]
    try:
        limits.set_up(spec, control.log)
    except (OSError, ValueError) as error:
        return _fail(control, "the limits of daemon group %s cannot be set: %s" % (spec["name"], error), None)
    server = Server(listener, control, start)
    if server.threads:
        _handle_signals(server, spec)
    os.register_at_fork(after_in_child=server.leave_to_parent)
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        output = LogOutput(descriptor, server.threads_by_ident, control.log_lines)
        setattr(sys, name, output)
        setattr(sys, "__%s__" % name, output)
    try:
        surroundings.set_up(spec, control.log)
    except OSError as error:
        return _fail(control, "home %s of daemon group %s: %s" % (spec.get("home"), spec["name"], error.strerror), None)
    surroundings.restrict(spec, control.log_lines)
    builtin.install(server, control.log)
    threading.Thread(target=server.read_control, args=(control,), name="control", daemon=True).start()
    if not server.threads:
        return _run_service(server, start)
    _preload(control, start)
    try:
        for thread in server.threads:
            thread.start()
    except RuntimeError:
        return _fail(control, "its %d threads cannot be started: lower threads= or stack-size=, or raise the limits of memory"
                     % spec["threads"], None)
    control.send({"type": "ready"})
    server.is_open.set()
    _end(server, server.monitor())


def _handle_signals(server, spec):
    def hears(message):
        def handler(_number, _frame):
            server.messages.append(message)
            server.wake()
        return handler

    forever = 86400000
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, hears(
        {"type": "drain", "milliseconds": spec["shutdownTimeout"] or forever, "reason": "shutdown_signal"}))
    signal.signal(signal.SIGUSR1, hears(
        {"type": "leave", "reason": "eviction_signal" if spec["evictionTimeout"] else "graceful_signal"}))
    for number in (signal.SIGHUP, signal.SIGUSR2):
        signal.signal(number, hears({"type": "signal", "signal": (number.name, int(number))}))
    limits.on_time_limit(hears({"type": "leave", "reason": "cpu_time_limit"}))


def _preload(control, start):
    first = _first_script(start)
    for script in _scripts_of(start):
        if script is not first and not os.path.exists(script.path):
            # One that was deleted is not to keep the others from being loaded anew.
            control.log("error", "mod_wsgi (pid=%d): %s is not there" % (os.getpid(), script.path))
            continue
        try:
            script.load(is_preload=True)
        except scripts.NotLoaded as error:
            _fail(control, error.lines[0], "\n".join(error.lines), script is first, script.path)


def _first_script(start):
    """What preload= names."""
    first = start["spec"].get("preload")
    return scripts.script_at(file_system_path(first)) if first and not first.endswith(_JAVASCRIPT) else None


def _scripts_of(start):
    """The scripts that this process is to load, in their order."""
    first = _first_script(start)
    return ([] if first is None else [first]) + [
        scripts.script_at(file_system_path(preload["script"])) for preload in start["spec"]["preloads"]
        if preload["applicationGroup"] == start["applicationGroup"]]


def _run_service(server, start):
    """threads=0: no requests; the scripts of the group run in the main thread, and when they end so does the process."""
    is_stopped = []

    def stopped(_number, _frame):
        is_stopped.append(True)
        sys.exit(0)

    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    # A script may handle it otherwise.
    signal.signal(signal.SIGTERM, stopped)
    server.tell({"type": "ready"})
    code = 0
    try:
        for script in _scripts_of(start):
            script.load()
        # Waits for threads that a script has started and not made daemons.
        threading._shutdown()
    except scripts.NotLoaded as error:
        if not is_stopped:
            server.log_lines(error.lines)
            code = 1
    except SystemExit:
        pass
    _finish(server)
    os._exit(code)


def _end_service(seconds):
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(seconds)
    os._exit(0)


def _fail(control, reason, traceback, required=False, script=None):
    message = {"type": "failed", "reason": reason}
    if required:
        message["required"] = True
    if script is not None:
        message["script"] = os.fsencode(script).decode("utf-8", "replace")
    if traceback is not None:
        message["traceback"] = traceback
    control.send(message)
    os._exit(1)


def _end(server, message):
    """Drains, lets the application end its own threads and files, and exits."""
    deadline = time.monotonic() + message["milliseconds"] / 1000
    server.drain(message["milliseconds"] / 1000)
    server.linger()
    threading.Thread(target=_exit_at, args=(deadline,), daemon=True).start()
    server.watchers.stopping(message.get("reason", "shutdown_signal"))
    if not any(thread.is_serving() for thread in server.threads):
        # Waits for threads that the application has started and not made daemons.
        threading._shutdown()
        _finish(server)
    sys.__stdout__.finish()
    sys.stderr.finish()
    os._exit(0)


def _finish(server):
    if server.ends_interpreter:
        atexit._run_exitfuncs()
    sys.__stdout__.finish()
    sys.stderr.finish()


def _exit_at(deadline):
    time.sleep(max(0.2, deadline - time.monotonic()))
    os._exit(0)
