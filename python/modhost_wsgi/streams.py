"""The file-like objects of a request: wsgi.input, wsgi.errors, wsgi.file_wrapper."""
import io
import os
import stat
import socket
import struct
import sys

from modhost_wsgi.connection import (
    BODY_FOLLOWS, BODY_WAITS, BROKEN, DATA, END, INPUT_LEFT, WANTED, BadFrame, ClientGone,
)

_read_status = struct.Struct(">H").unpack_from
# What is worth reading of a body nobody wanted, to keep the connection.
_WORTH_READING = 65536


class Input:
    """wsgi.input: the body of a request. read(n) waits for n bytes or the end; fails with OSError if the body breaks."""

    __slots__ = ("_connection", "_left", "_rest", "_wanted", "_ended", "_error")

    def __init__(self, connection, flags):
        self._connection = connection
        # Bytes of the current D frame not yet taken from the connection.
        self._left = 0
        # Taken from the connection, not yet given to the application.
        self._rest = b""
        self._wanted = flags & BODY_WAITS
        self._ended = not flags & (BODY_FOLLOWS | BODY_WAITS)
        self._error = None

    def read(self, size=-1):
        if size is None or size < 0:
            pieces = [self._rest]
            self._rest = b""
            while not self._ended:
                pieces.append(self._more(65536))
            self._check()
            return b"".join(pieces)
        rest = self._rest
        if len(rest) >= size:
            self._rest = rest[size:]
            return rest[:size]
        pieces = [rest]
        self._rest = b""
        missing = size - len(rest)
        while missing > 0 and not self._ended:
            piece = self._more(missing)
            pieces.append(piece)
            missing -= len(piece)
        self._check()
        return b"".join(pieces)

    def read_some(self):
        """The next bytes, as many as are here; waits for some, and gives b"" at the end."""
        if self._rest:
            rest, self._rest = self._rest, b""
            return rest
        data = b"" if self._ended else self._more(65536)
        self._check()
        return data

    def readline(self, size=-1):
        left = sys.maxsize if size is None or size < 0 else size
        pieces = []
        piece = self._rest
        while True:
            end = piece.find(b"\n", 0, left) + 1 or min(len(piece), left)
            left -= end
            if end < len(piece) or left == 0 or piece[end - 1:end] == b"\n":
                break
            pieces.append(piece)
            if self._ended:
                self._check()
                piece = b""
                end = 0
                break
            piece = self._more(65536)
        self._rest = piece[end:]
        if not pieces:
            return piece[:end]
        pieces.append(piece[:end])
        return b"".join(pieces)

    def readlines(self, hint=-1):
        lines = []
        total = 0
        for line in self:
            lines.append(line)
            total += len(line)
            if hint is not None and 0 < hint <= total:
                break
        return lines

    def __iter__(self):
        return self

    def __next__(self):
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def close(self):
        """Does nothing; the server ends the body."""

    def finish(self):
        """Ends the request: the flag for the last frame, INPUT_LEFT if the worker sent what nobody read."""
        self._rest = b""
        if self._wanted:
            # It was never asked for.
            self._wanted = False
            self._ended = True
        if not self._ended:
            self._skip()
        ended, self._ended = self._ended, True
        if self._error is None:
            self._error = "the request is over"
        return 0 if ended else INPUT_LEFT

    def is_quiet(self):
        """Whether the worker sends nothing of this body (any more)."""
        return self._ended or bool(self._wanted)

    def _skip(self):
        skipped = 0
        try:
            while not self._ended and skipped < _WORTH_READING:
                skipped += len(self._more(65536, socket.MSG_DONTWAIT))
        except OSError:
            pass

    def _check(self):
        if self._error is not None:
            raise ClientGone(self._error)

    def _more(self, most, flags=0):
        """The next bytes, at most that many; b"" at the end."""
        if self._wanted:
            self._wanted = False
            self._connection.send(WANTED)
        connection = self._connection
        while self._left == 0:
            header = connection.next_header(flags)
            if header is None:
                return self._break("the client has closed the connection")
            kind, length = header
            if kind == DATA:
                self._left = length
            elif kind == END:
                self._ended = True
                return b""
            elif kind == BROKEN:
                reason = connection.payload(length)
                return self._break("the connection was closed" if reason is None else
                                   reason[2:].decode("utf-8", "replace"))
            else:
                raise BadFrame("a frame of type %r in a body" % chr(kind))
        piece = connection.piece(min(most, self._left), flags)
        if piece is None:
            return self._break("the client has closed the connection")
        self._left -= len(piece)
        return piece

    def _break(self, reason):
        self._ended = True
        self._error = reason
        raise ClientGone(reason)


class ErrorStream:
    """A text stream whose whole lines go to `log`, a function of a list of lines."""

    __slots__ = ("_log", "_rest")

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, log):
        self._log = log
        self._rest = ""

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not %s" % type(text).__name__)
        whole, newline, self._rest = (self._rest + text).rpartition("\n")
        if newline:
            self._log(whole.split("\n"))
        if len(self._rest) > 8192:
            self.flush()
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        rest, self._rest = self._rest, ""
        if rest:
            self._log([rest])

    def close(self):
        self.flush()

    def expire(self, log):
        """The request is over: what is still written goes elsewhere."""
        self._log = log

    def writable(self):
        return True

    def isatty(self):
        return False


class FileWrapper:
    """wsgi.file_wrapper: an iterable of the blocks of a file-like object, which the server may send by other means."""

    def __init__(self, filelike, blksize=8192):
        self.filelike = filelike
        self.blksize = blksize
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self):
        return self

    def __next__(self):
        block = self.filelike.read(self.blksize)
        if block:
            return block
        raise StopIteration


def regular_file(filelike):
    """(descriptor, its stat, offset) of a file that is nothing but a regular file, else None.

    What only claims to be one, such as an open gzip file, whose fileno() gives the packed bytes, is read as it wants.
    """
    inner = getattr(filelike, "file", filelike)
    if not isinstance(inner, (io.BufferedReader, io.BufferedRandom, io.FileIO)):
        return None
    try:
        descriptor = inner.fileno()
        status = os.fstat(descriptor)
        return (descriptor, status, inner.tell()) if stat.S_ISREG(status.st_mode) else None
    except (OSError, ValueError):
        return None
