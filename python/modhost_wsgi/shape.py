"""What requests of a kind have in common (an S frame) -> the fixed part of their environ, and what they run."""
import json
import os

from modhost_wsgi import scripts
from modhost_wsgi.streams import FileWrapper

# The Apache and mod_wsgi whose behaviour applications see.
APACHE_VERSION = (2, 4, 71)
MOD_WSGI_VERSION = (6, 0, 5)

_FLOATS = frozenset(("mod_wsgi.request_start", "mod_wsgi.queue_start"))
_PATHS = frozenset(("DOCUMENT_ROOT", "SCRIPT_FILENAME"))


class Process:
    """What an application may know of its process."""

    def __init__(self, spec, application_group):
        self.process_group = spec["name"]
        self.application_group = application_group
        self.threads = spec["threads"]
        self.processes = spec["processes"]
        self.multiprocess = spec["multiprocess"]
        self.run_once = spec["threads"] == 1 and spec["maximumRequests"] == 1


class Shape:
    """Requests with the same names in their environ, and the same values of some of them."""

    __slots__ = (
        "script", "callable", "reloading", "files", "names", "base", "has_https", "converted", "is_activity", "_id_at",
        "role", "interface")

    def __init__(self, message, process, thread):
        self.script = scripts.script_at(file_system_path(message["script"]))
        self.callable = message["callable"]
        self.reloading = message["reloading"]
        self.files = message["files"]
        # Set for a question to a script that is no application (auxiliary.py).
        self.role = message.get("role")
        # "wsgi", "asgi", or None: whatever the callable looks like.
        self.interface = message.get("interface")
        self.names = tuple(message["variable"])
        self.has_https = "HTTPS" in self.names
        self._id_at = self.names.index("mod_wsgi.request_id") if "mod_wsgi.request_id" in self.names else None
        self.is_activity = message.get("activity", True)
        self.converted = tuple((name, _conversion(name)) for name in self.names if _conversion(name))
        base = dict(message["constant"])
        for name in base:
            conversion = _conversion(name)
            if conversion:
                base[name] = conversion(base[name])
        base.update({
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": url_scheme(base.pop("HTTPS", "")),
            "wsgi.multithread": process.threads != 1,
            "wsgi.multiprocess": process.multiprocess,
            "wsgi.run_once": process.run_once,
            "wsgi.file_wrapper": FileWrapper,
            "wsgi.input_terminated": True,
            "apache.version": APACHE_VERSION,
            "mod_wsgi.version": MOD_WSGI_VERSION,
            "mod_wsgi.thread_id": thread,
        })
        self.base = base

    def environ(self, values):
        """The environ but for the objects of the single request; None if the values are not as many as the names."""
        names = self.names
        if len(values) != len(names) and (names or values != [""]):
            return None
        environ = self.base.copy()
        environ.update(zip(names, values))
        for name, conversion in self.converted:
            environ[name] = conversion(environ[name])
        if self.has_https:
            environ["wsgi.url_scheme"] = url_scheme(environ.pop("HTTPS"))
        return environ

    def request_id(self, values):
        """mod_wsgi.request_id of those values."""
        at = self._id_at
        return values[at] if at is not None and at < len(values) else ""


def shape_reader(process, thread):
    """Makes a function from the JSON text of an S frame to (id, Shape)."""
    def declare(payload):
        message = json.loads(payload.decode("utf-8"))
        return message["id"], Shape(message, process, thread)
    return declare


def url_scheme(https):
    return "https" if https == "1" or https.lower() == "on" else "http"


def file_system_path(name):
    """A latin1 string of bytes -> the string that Python's file functions take."""
    try:
        return name if name.isascii() else os.fsdecode(name.encode("latin-1"))
    except UnicodeEncodeError:
        return name


def _seconds(text):
    try:
        return float(text)
    except ValueError:
        return 0.0


def _conversion(name):
    return _seconds if name in _FLOATS else file_system_path if name in _PATHS else None
