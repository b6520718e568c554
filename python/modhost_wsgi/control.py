"""The control channel (docs/daemon-protocol.md): JSON lines with the supervisor."""
import json
import os
import threading


class Control:
    """This process's end of the control channel."""

    def __init__(self, channel):
        self._channel = channel
        self._lines = channel.makefile("rb")
        self._lock = threading.Lock()

    def next(self):
        """The next message; ends the process when the supervisor is gone: nothing may survive it."""
        try:
            line = self._lines.readline()
        except OSError:
            line = b""
        if not line.endswith(b"\n"):
            os._exit(0)
        return json.loads(line)

    def leave_to_parent(self):
        """In a child that the application forked: the channel is not the child's."""
        channel, self._channel = self._channel, None
        if channel is not None:
            os.close(channel.detach())

    def send(self, message):
        data = json.dumps(message).encode("ascii") + b"\n"
        if self._channel is None:
            if message["type"] == "log":
                os.write(2, message["message"].encode("utf-8", "replace") + b"\n")
            return
        try:
            with self._lock:
                self._channel.sendall(data)
        except OSError:
            os._exit(0)

    def log(self, level, text):
        self.send({"type": "log", "level": level, "message": text})

    def log_lines(self, lines):
        for line in lines:
            self.log("error", line)
