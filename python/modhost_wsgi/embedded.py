"""Python inside an HTTP worker: one interpreter, that of an application group, serving over pairs of sockets.

What travels on them is that of daemons (docs/daemon-protocol.md). This process is the worker: nothing here may end it.
"""
import atexit
import json
import os
import queue
import socket
import sys
import threading

from modhost_wsgi import builtin, scripts, surroundings, websocket
from modhost_wsgi.observation import Watchers
from modhost_wsgi.output import LogOutput
from modhost_wsgi.reports import Reports
from modhost_wsgi.request_thread import STARTUP_LIMIT, RequestThread
from modhost_wsgi.shape import Process, file_system_path


class Channel:
    """The interpreter's end of its channel to the worker: JSON lines."""

    def __init__(self, descriptor):
        self._socket = socket.socket(fileno=descriptor)
        self._lines = self._socket.makefile("rb")
        self._lock = threading.Lock()

    def next(self):
        """The next message; None when there will be no more."""
        try:
            line = self._lines.readline()
        except OSError:
            return None
        return json.loads(line) if line.endswith(b"\n") else None

    def send(self, message):
        try:
            with self._lock:
                self._socket.sendall(json.dumps(message).encode("ascii") + b"\n")
        except OSError:
            pass

    def log(self, level, text):
        self.send({"type": "log", "level": level, "message": text})

    def log_lines(self, lines):
        for line in lines:
            self.log("error", line)


class Server:
    """What the threads of the interpreter share; see RequestThread."""

    is_embedded = True

    def __init__(self, channel, start):
        self.process = Process(start["spec"], start["applicationGroup"])
        self.log = channel.log
        self.log_lines = channel.log_lines
        self.tell = channel.send
        self.watchers = Watchers(channel.log_lines)
        self.reports = Reports(channel.send, bool(start["spec"].get("serverMetrics")))
        # Nothing limits what runs embedded.
        self.interrupts = False
        self.startup_limit = STARTUP_LIMIT
        self.ends_interpreter = start["spec"].get("endsInterpreter", True)
        self.active_at = None
        self.is_draining = False
        self.wanted = []
        self.threads_by_ident = {}
        self.threads = []
        self._most = start["spec"]["threads"]
        self._connections = queue.SimpleQueue()
        # Threads that wait, less the connections that do.
        self._idle = 0
        self._lock = threading.Lock()

    def accept(self):
        with self._lock:
            self._idle += 1
        return self._connections.get()

    def connected(self, descriptor):
        """Takes a connection; a thread is made for it where none waits."""
        with self._lock:
            needs_thread = self._idle <= 0 and len(self.threads) < self._most
            self._idle -= 1
        self._connections.put(socket.socket(fileno=descriptor))
        if needs_thread:
            thread = RequestThread(len(self.threads) + 1, self)
            self.threads.append(thread)
            thread.start()

    def size_buffers(self, accepted):
        """Those of the system."""

    def watch(self, connection):
        """Each response asks for itself."""

    def count(self):
        """Requests are not counted: nothing ends this process after a number of them."""

    def wake(self):
        """Nobody waits for the end of a thread."""

    def leave_to_parent(self):
        """In a child that the application forked: closes what is the worker's."""
        for thread in self.threads:
            thread.close_copy()
        websocket.close_copies()


def serve(descriptor):
    """Serves until the worker ends."""
    channel = Channel(descriptor)
    start = channel.next()
    if start is None:
        return
    spec = start["spec"]
    if start["applicationGroup"] and sys.version_info < (3, 12):
        # It notes the running loop of a thread by a number that each interpreter counts for itself; asyncio does without it.
        sys.modules["_asyncio"] = None
    server = Server(channel, start)
    scripts.reload_in_place()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=server.leave_to_parent)
    for number, name in ((1, "stdout"), (2, "stderr")):
        output = LogOutput(number, server.threads_by_ident, channel.log_lines)
        setattr(sys, name, output)
        setattr(sys, "__%s__" % name, output)
    surroundings.set_up(spec, channel.log)
    if spec.get("switchInterval"):
        sys.setswitchinterval(spec["switchInterval"])
    surroundings.restrict(spec, channel.log_lines)
    surroundings.restrict_signals(channel.log_lines)
    builtin.install(server, channel.log)
    _preload(channel, start)
    channel.send({"type": "ready"})
    while True:
        message = channel.next()
        if message is None:
            return
        if message["type"] == "connect":
            server.connected(message["fd"])
        elif message["type"] == "metrics":
            server.reports.heard(message["report"])
        else:
            _end(server, channel)


def _preload(channel, start):
    """As in mod_wsgi, a script that does not load here is tried again by the first request for it."""
    for preload in start["spec"]["preloads"]:
        if preload["applicationGroup"] == start["applicationGroup"]:
            try:
                scripts.script_at(file_system_path(preload["script"])).load(is_preload=True)
            except scripts.NotLoaded as error:
                channel.log_lines(error.lines)


def _end(server, channel):
    server.is_draining = True
    # This thread is the one that would hear the answer.
    server.reports.close()
    server.watchers.stopping("")
    if server.ends_interpreter:
        atexit._run_exitfuncs()
    sys.__stdout__.finish()
    sys.stderr.finish()
    channel.send({"type": "ended"})
