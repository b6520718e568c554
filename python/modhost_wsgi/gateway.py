"""A request and an application -> frames of its response (PEP 3333)."""
import functools
import json
import os

from modhost_wsgi.connection import ENDS, YES, ClientGone, frame, pack_header
from modhost_wsgi.headers import response_head
from modhost_wsgi.streams import FileWrapper, regular_file


class Run:
    """One run of an application: start_response, write, and what has been sent."""

    __slots__ = ("_connection", "_input", "_is_head", "_head", "_sent_head", "_length", "_sent", "_has_body")

    def __init__(self, connection, body, is_head):
        self._connection = connection
        self._input = body
        self._is_head = is_head
        self._head = None
        self._sent_head = False
        self._length = None
        self._sent = 0
        self._has_body = True

    def start_response(self, status, headers, exc_info=None):
        if exc_info is not None:
            try:
                if self._sent_head:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self._sent_head:
            # PEP 3333 forbids a second call at any time; mod_wsgi lets the last one win until something was sent.
            raise RuntimeError("headers have already been sent")
        payload, length = response_head(status, headers)
        self._head = pack_header(b"R", len(payload)) + payload
        self._length = length
        self._has_body = not (self._is_head or payload.startswith((b"204", b"304")))
        return self.write

    def write(self, data):
        if not isinstance(data, bytes):
            raise TypeError("byte string value expected, value of type %s found" % type(data).__name__)
        if data:
            self._send(data)

    def sent(self):
        """Bytes of the body that were sent."""
        return self._sent

    def answer(self, result, flags):
        """Sends the whole of a list or tuple, with the end: small responses are one write."""
        for item in result:
            if not isinstance(item, bytes):
                raise _not_bytes(item)
        body = result[0] if len(result) == 1 else b"".join(result)
        head = self._open()
        body = self._fit(body)
        self._check_length()
        if body:
            head += pack_header(b"D", len(body))
        self._connection.send_parts(head, body, ENDS[flags()])

    def iterate(self, result):
        """Sends each item before the next is asked for."""
        for item in result:
            if not isinstance(item, bytes):
                raise _not_bytes(item)
            if item:
                self._send(item)

    def end(self, flags):
        head = self._open()
        self._check_length()
        self._connection.send(head + ENDS[flags()])

    def send_file(self, wrapper, may_hand_over):
        """Sends the file of a wrapper by other means than reading it; False if it is not a file, or too late."""
        file = None if self._sent_head else regular_file(wrapper.filelike)
        if file is None or self._head is None:
            return False
        descriptor, status, offset = file
        available = max(0, status.st_size - offset)
        head = self._open()
        if self._length is None:
            line = b"\nContent-Length\n%d" % available
            head = frame(b"R", head[5:] + line)
            self._length = available
        if not self._has_body:
            self._connection.send(head)
            self._sent = self._length
            return True
        if self._length > available:
            self._sent_head = False
            raise ValueError("the file holds %d bytes from offset %d on, fewer than the content length" % (available, offset))
        length = self._sent = self._length
        offer = self._offer(descriptor, status, offset) if may_hand_over and self._input.is_quiet() else b""
        self._connection.send(head + offer)
        if not (offer and self._is_taken()):
            self._connection.send_file(descriptor, offset, length)
        return True

    def _offer(self, descriptor, status, offset):
        """The frame that offers the file to the worker; nothing if there is nothing to send, or the file has no path."""
        try:
            path = os.readlink("/proc/self/fd/%d" % descriptor)
        except OSError:
            path = ""
        if not path.startswith("/") or self._length == 0:
            return b""
        message = {
            "path": os.fsencode(path).decode("latin-1"), "device": status.st_dev, "inode": status.st_ino,
            "size": status.st_size, "offset": offset, "length": self._length,
        }
        return frame(b"F", json.dumps(message).encode("ascii"))

    def _is_taken(self):
        """Whether the worker sends the file."""
        header = self._connection.next_header()
        if header is None:
            raise ClientGone("the client has closed the connection")
        return header[0] == YES

    def _open(self):
        """The head, if it is still to be sent."""
        if self._sent_head:
            return b""
        if self._head is None:
            raise RuntimeError("response has not been started")
        self._sent_head = True
        return self._head

    def _fit(self, data):
        """What of the data the content length has room for; as in mod_wsgi the rest is dropped."""
        if self._length is not None and self._has_body and len(data) > self._length - self._sent:
            data = data[:self._length - self._sent]
        self._sent += len(data)
        return data

    def _check_length(self):
        if self._length is not None and self._has_body and self._sent < self._length:
            raise ValueError("the response has %d bytes, fewer than its content length of %d" % (self._sent, self._length))

    def _send(self, data):
        data = self._fit(data)
        if self._sent_head:
            if self._connection.is_given_up():
                raise ClientGone("the client has closed the connection")
            head = b""
        else:
            head = self._open()
        if data:
            head += pack_header(b"D", len(data))
        if head:
            self._connection.send_parts(head, data)


def is_asgi(application, interface):
    """Whether the callable is one of ASGI 3: said by `interface`, else seen from its being a coroutine function."""
    if interface is not None:
        return interface == "asgi"
    while isinstance(application, functools.partial):
        application = application.func
    code = getattr(application, "__code__", None)
    if code is None:
        code = getattr(getattr(type(application), "__call__", None), "__code__", None)
    return code is not None and bool(code.co_flags & 0x80)


def run(application, environ, response, hands_over, ending):
    """Runs the application to its end and sends what it answers.

    `ending` has `flags()`, those of the last frame, asked for at the last moment, and `close_failed()`, called
    while an exception of close() is handled, which changes nothing else. What the application raises, this raises.
    """
    result = application(environ, response.start_response)
    kind = type(result)
    if kind is list or kind is tuple:
        return response.answer(result, ending.flags)
    try:
        if kind is not FileWrapper or not response.send_file(result, hands_over):
            response.iterate(result)
    finally:
        # Before the end is told: the thread is not free until this is done.
        close = getattr(result, "close", None)
        if close is not None:
            try:
                close()
            except BaseException:
                ending.close_failed()
    response.end(ending.flags)


def _not_bytes(item):
    return TypeError("sequence of byte string values expected, value of type %s found" % type(item).__name__)
