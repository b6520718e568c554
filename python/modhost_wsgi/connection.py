"""Bytes of a worker's connection <-> frames (docs/daemon-protocol.md)."""
import os
import select
import socket
import struct
import threading
import time

SHAPE, REQUEST, DATA, END, BROKEN, YES, NO, VALUE = b"SQDEAYNV"

BODY_FOLLOWS = 1
BODY_WAITS = 2

BYE = 1
INPUT_LEFT = 2

_SIZE = 65536
_LONGEST = 16 * 1024 * 1024
_LONGEST_LINE = 8192
# Longest payload of one D frame.
LONGEST_DATA = 1 << 30
# From here on data is not copied behind its header.
_LARGE = 32768

_header = struct.Struct(">cI")
_read_length = struct.Struct(">BI").unpack_from
_read_request = struct.Struct(">BBdd").unpack_from
_pack_failure = struct.Struct(">BH").pack
# The worker has shut its side down; where the system cannot tell, only a closed connection is noticed.
_HANGUP = getattr(select, "POLLRDHUP", 0)
_EPOLL_HANGUP = getattr(select, "EPOLLRDHUP", 0)

pack_header = _header.pack
WANTED = pack_header(b"W", 0)
GOODBYE = pack_header(b"B", 0)
ENDS = tuple(pack_header(b"E", 1) + bytes((flags,)) for flags in range(4))
STALES = tuple(pack_header(b"T", 1) + bytes((flags,)) for flags in range(4))


class ClientGone(OSError):
    """The worker gave the request up: the client left, or a time limit was reached."""


class BadFrame(Exception):
    """The worker does not keep to the protocol."""


def frame(kind, payload):
    """A whole frame."""
    return pack_header(kind, len(payload)) + payload


def failure(flags, status, reason):
    """An X frame."""
    return frame(b"X", _pack_failure(flags, status) + reason.encode("utf-8", "replace")[:4096])


class Connection:
    """One worker's connection: frames in through a buffer, frames out under a lock."""

    __slots__ = ("_socket", "_buffer", "_view", "_start", "_end", "_lock", "_poll", "_shapes", "_is_watched", "since")

    def __init__(self, accepted):
        self._socket = accepted
        self._buffer = bytearray(_SIZE)
        self._view = memoryview(self._buffer)
        self._start = 0
        self._end = 0
        # wsgi.errors may be written by threads of the application's own.
        self._lock = threading.Lock()
        self._poll = None
        self._is_watched = False
        # What the worker has declared, by id.
        self._shapes = {}
        self.since = time.monotonic()

    def send(self, data):
        """Sends all; ClientGone when the worker is not there any more."""
        try:
            with self._lock:
                self._socket.sendall(data)
        except OSError as error:
            raise ClientGone("the client has closed the connection") from error

    def send_parts(self, before, data, after=b""):
        """Sends the three in one piece, without copying data where it is large."""
        if len(data) < _LARGE:
            return self.send(b"".join((before, data, after)))
        total = len(before) + len(data) + len(after)
        try:
            with self._lock:
                sent = self._socket.sendmsg((before, data, after))
                if sent < total:
                    for part in (before, data, after):
                        if sent < len(part):
                            self._socket.sendall(memoryview(part)[sent:])
                        sent = max(0, sent - len(part))
        except OSError as error:
            raise ClientGone("the client has closed the connection") from error

    def send_file(self, file, offset, length):
        """Sends D frames of a regular file. EOFError if it shrank: that leaves a broken frame, so the connection ends too."""
        out = self._socket.fileno()
        while length > 0:
            left = min(length, LONGEST_DATA)
            length -= left
            try:
                with self._lock:
                    self._socket.sendall(pack_header(b"D", left))
                    while left > 0:
                        sent = os.sendfile(out, file, offset, min(left, 1 << 20))
                        if sent == 0:
                            break
                        offset += sent
                        left -= sent
            except OSError as error:
                raise ClientGone("the client has closed the connection") from error
            if left > 0:
                self.abandon()
                raise EOFError("the file became shorter while it was sent")

    def log(self, lines, level=b"e"):
        """Sends lines for the log of the running request."""
        self.send(b"".join(frame(b"L", level + line.encode("utf-8", "replace")[:_LONGEST_LINE]) for line in lines))

    def variable(self, name):
        """The value of a variable of the request that a question is about; a latin1 string."""
        self.send(frame(b"V", name))
        header = self.next_header()
        value = None if header is None else self.payload(header[1])
        if value is None:
            raise ClientGone("the client has closed the connection")
        if header[0] != VALUE:
            raise BadFrame("a frame of type %r in the place of a value" % chr(header[0]))
        return value.decode("latin-1")

    def watch(self, epoll):
        """Has `epoll` see the worker shut its side down, which saves asking for it with each piece of a response."""
        # Before the other thread can see it.
        self._is_watched = _EPOLL_HANGUP != 0
        try:
            if self._is_watched:
                epoll.register(self._socket.fileno(), _EPOLL_HANGUP | select.EPOLLET)
        except OSError:
            self._is_watched = False

    def seen(self, descriptor):
        """The worker of the connection with that descriptor may have shut its side down."""
        if self._socket.fileno() == descriptor:
            self._is_watched = False

    def is_given_up(self):
        """Whether the worker has given the running request up."""
        if self._is_watched:
            return False
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self._socket.fileno(), _HANGUP)
        return bool(self._poll.poll(0))

    def receive(self, flags=0):
        """Takes what has come, waiting for it; False at the end of the connection."""
        if self._start == self._end:
            self._start = self._end = 0
        elif self._end == _SIZE:
            rest = self._end - self._start
            self._buffer[:rest] = self._buffer[self._start:self._end]
            self._start = 0
            self._end = rest
        end = self._end
        try:
            taken = self._socket.recv_into(self._view[end:] if end else self._buffer, 0, flags)
        except BlockingIOError:
            raise
        except OSError:
            return False
        self._end = end + taken
        return taken > 0

    def next_header(self, flags=0):
        """Takes the next frame's header off: (type, length of payload); None at the end of the connection."""
        while self._end - self._start < 5:
            if not self.receive(flags):
                return None
        header = _read_length(self._buffer, self._start)
        self._start += 5
        return header

    def next_request(self, declare):
        """The next request: (shape, flags, time handed over, mtime, values); None at the end of the connection.

        `declare` makes a shape of its JSON text. Raises BadFrame.
        """
        while True:
            header = self.next_header()
            payload = None if header is None else self.payload(header[1])
            if payload is None:
                return None
            kind = header[0]
            if kind == REQUEST:
                number, flags, handed_over, mtime = _read_request(payload)
                shape = self._shapes.get(number)
                if shape is None:
                    raise BadFrame("a request of a shape that was not declared")
                return shape, flags, handed_over, mtime, payload[18:].decode("latin-1").split("\0")
            if kind != SHAPE:
                raise BadFrame("a frame of type %r between requests" % chr(kind))
            number, shape = declare(payload)
            self._shapes[number & 63] = shape

    def payload(self, length):
        """The payload of a frame as a whole; None at the end of the connection."""
        start = self._start
        if self._end - start >= length:
            self._start = start + length
            return self._buffer[start:start + length]
        if length > _LONGEST:
            raise BadFrame("a frame of %d bytes" % length)
        whole = bytearray()
        while len(whole) < length:
            piece = self.piece(length - len(whole))
            if piece is None:
                return None
            whole += piece
        return whole

    def piece(self, most, flags=0):
        """Up to that many bytes of a payload, waiting only if none are here; None at the end of the connection."""
        if self._start == self._end and not self.receive(flags):
            return None
        start = self._start
        self._start = min(self._end, start + most)
        return bytes(self._view[start:self._start])

    def has_bytes(self):
        return self._start != self._end

    def wait_for_end(self):
        """Drops what comes until the worker closes, then closes."""
        try:
            while self._socket.recv(_SIZE):
                pass
        except OSError:
            pass
        self.close()

    def detach(self):
        """Gives the socket to somebody else, between two frames."""
        return self._socket

    def close(self):
        self._socket.close()

    def abandon(self):
        """Ends a connection in the middle of its frames, so that the worker sees it at once."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.close()
