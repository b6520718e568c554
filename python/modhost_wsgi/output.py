"""sys.stdout and sys.stderr -> lines of the log: of the running request, else of the process."""
import io
import threading

from modhost_wsgi.streams import ErrorStream


class LogOutput(io.TextIOBase):
    """A text stream in the place of sys.stdout or sys.stderr. `threads` maps thread identifiers to request threads."""

    encoding = "utf-8"
    errors = "replace"
    line_buffering = True

    def __init__(self, descriptor, threads, log_lines):
        self._descriptor = descriptor
        self._threads = threads
        self._lock = threading.RLock()
        self._lines = ErrorStream(log_lines)
        self.buffer = _Bytes(self)

    def write(self, text):
        thread = self._threads.get(threading.get_ident())
        errors = thread.errors if thread is not None else None
        if errors is not None:
            return errors.write(text)
        with self._lock:
            return self._lines.write(text)

    def flush(self):
        """Lines are never held; the beginning of one waits for its end."""

    def finish(self):
        with self._lock:
            self._lines.flush()

    def reconfigure(self, **_options):
        """Encoding and buffering are the log's."""

    def fileno(self):
        return self._descriptor

    def writable(self):
        return True

    def isatty(self):
        return False


class _Bytes(io.BufferedIOBase):
    """The binary stream under a LogOutput."""

    def __init__(self, text):
        self._text = text

    def write(self, data):
        self._text.write(bytes(data).decode("utf-8", "replace"))
        return len(data)

    def writable(self):
        return True

    def fileno(self):
        return self._text.fileno()
