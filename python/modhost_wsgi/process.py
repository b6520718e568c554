"""The life of the process: start, threads, monitor, drain, end (docs/daemon-protocol.md)."""
import atexit
import collections
import faulthandler
import itertools
import os
import select
import signal
import socket
import sys
import threading
import time

from modhost_wsgi import builtin, scripts, surroundings
from modhost_wsgi.control import Control
from modhost_wsgi.output import LogOutput
from modhost_wsgi.request_thread import RequestThread
from modhost_wsgi.shape import Process, file_system_path

_LISTENER, _CONTROL = 3, 4
# Seconds within which a worker closes a connection that was said goodbye to.
_LINGER = 1.0
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
        self.is_draining = False
        # Holds an item while a worker waits for a connection: the thread that takes it gives its own up.
        self.wanted = []
        self.threads_by_ident = {}
        self.threads = [RequestThread(number + 1, self) for number in range(spec["threads"])]
        self.messages = collections.deque()
        self.listener = listener
        self._maximum = spec["maximumRequests"]
        self._counter = itertools.count(1)
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_in, False)
        os.set_blocking(self._wake_out, False)

    def accept(self):
        while True:
            try:
                return self.listener.accept()[0]
            except BlockingIOError:
                # Whoever made the socket has made it non-blocking again.
                select.select([self.listener], [], [])
            except OSError:
                time.sleep(0.05)

    def count(self):
        if self._maximum and next(self._counter) == self._maximum:
            self.tell({"type": "leaving", "reason": "maximum_requests"})

    def leave_to_parent(self):
        """In a child that the application forked: closes what would keep others waiting for the end of this process."""
        self._control.leave_to_parent()
        self.listener.close()
        for thread in self.threads:
            thread.close_copy()

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
            if message["type"] == "keep":
                scripts.keep(message["script"], message["mtime"])
            else:
                self.messages.append(message)
                self.wake()

    def monitor(self):
        """Gives connections to workers that wait for one; returns the message that ends the process."""
        epoll = select.epoll()
        epoll.register(self._wake_out, select.EPOLLIN)
        # Edge-triggered: only new connects are of interest, most of which a thread has accepted already.
        epoll.register(self.listener.fileno(), select.EPOLLIN | select.EPOLLET)
        signal.set_wakeup_fd(self._wake_in, warn_on_full_buffer=False)
        while True:
            for descriptor, _ in epoll.poll():
                if descriptor == self._wake_out:
                    os.read(self._wake_out, 4096)
            # As long as connects wait: the edge that told of the last one will not come again.
            while self._is_waited_for() and not self.messages:
                if not self._has_free_thread():
                    self.wanted[:] = (True,)
                    if self._gives_up_one():
                        self.wanted.clear()
                self._sleep(_ROUND)
            self.wanted.clear()
            if self.messages:
                return self.messages.popleft()

    def drain(self, seconds):
        """Takes nothing new and waits for what runs; another message may shorten the time, not lengthen it."""
        deadline = time.monotonic() + seconds
        self.is_draining = True
        while True:
            for thread in self.threads:
                thread.give_up_idle()
            serving = [thread for thread in self.threads if thread.is_serving()]
            if not serving:
                return
            now = time.monotonic()
            while self.messages:
                deadline = min(deadline, now + self.messages.popleft()["milliseconds"] / 1000)
            if now >= deadline:
                for thread in serving:
                    self._tell_of(thread)
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
        if select.select([self._wake_out], [], [], seconds)[0]:
            os.read(self._wake_out, 4096)

    def _tell_of(self, thread):
        environ = thread.environ or {}
        self.log("error", "mod_wsgi (pid=%d): a request was still running after %.1f s: %s %s" % (
            os.getpid(), time.time() - thread.since, environ.get("REQUEST_METHOD", ""), environ.get("REQUEST_URI", "")))


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
    faulthandler.register(signal.SIGUSR2, 2, all_threads=True, chain=False)
    spec = start["spec"]
    server = Server(listener, control, start)
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
    surroundings.restrict_signals(control.log_lines)
    shutdown_callbacks = builtin.install(server.process, server.threads_by_ident, control.log)
    threading.Thread(target=server.read_control, args=(control,), name="control", daemon=True).start()
    _preload(control, start)
    for thread in server.threads:
        thread.start()
    control.send({"type": "ready"})
    _end(server, server.monitor(), shutdown_callbacks)


def _handle_signals(server, spec):
    def drains(reason, milliseconds):
        def handler(_number, _frame):
            server.messages.append({"type": "drain", "milliseconds": milliseconds, "reason": reason})
            server.wake()
        return handler

    forever = 86400000
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, drains("shutdown_signal", spec["shutdownTimeout"] or forever))
    signal.signal(signal.SIGUSR1, drains("graceful_signal", spec["gracefulTimeout"] or forever))


def _preload(control, start):
    for preload in start["spec"]["preloads"]:
        if preload["applicationGroup"] != start["applicationGroup"]:
            continue
        try:
            scripts.script_at(file_system_path(preload["script"])).load()
        except scripts.NotLoaded as error:
            _fail(control, error.lines[0], "\n".join(error.lines))


def _fail(control, reason, traceback):
    message = {"type": "failed", "reason": reason}
    if traceback is not None:
        message["traceback"] = traceback
    control.send(message)
    os._exit(1)


def _end(server, message, shutdown_callbacks):
    """Drains, lets the application end its own threads and files, and exits."""
    deadline = time.monotonic() + message["milliseconds"] / 1000
    server.drain(message["milliseconds"] / 1000)
    server.linger()
    threading.Thread(target=_exit_at, args=(deadline,), daemon=True).start()
    for callback in shutdown_callbacks:
        try:
            callback("process_stopping", shutdown_reason=message.get("reason", "shutdown_signal"))
        except Exception:
            server.log_lines(scripts.occurred(""))
    if not any(thread.is_serving() for thread in server.threads):
        # Waits for threads that the application has started and not made daemons.
        threading._shutdown()
        atexit._run_exitfuncs()
    sys.stdout.finish()
    sys.stderr.finish()
    os._exit(0)


def _exit_at(deadline):
    time.sleep(max(0.2, deadline - time.monotonic()))
    os._exit(0)
