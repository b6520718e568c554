"""The modules mod_wsgi and apache that applications may import."""
import logging
import sys
import threading
import types

from modhost_wsgi.shape import APACHE_VERSION, MOD_WSGI_VERSION
from modhost_wsgi.streams import FileWrapper

_levels = ((logging.CRITICAL, "error"), (logging.ERROR, "error"), (logging.WARNING, "warn"), (logging.INFO, "info"))


class RequestTimeout(BaseException):
    """Kept for applications that name it."""


def install(process, threads_by_ident, log):
    """Makes both modules importable; returns the callbacks to be called at shutdown."""
    module = types.ModuleType("mod_wsgi")
    shutdown_callbacks = []
    module.version = MOD_WSGI_VERSION
    module.process_group = process.process_group
    module.application_group = process.application_group
    module.maximum_processes = process.processes
    module.threads_per_process = process.threads
    module.FileWrapper = FileWrapper
    module.RequestTimeout = RequestTimeout
    module.event_callbacks = []
    module.shutdown_callbacks = shutdown_callbacks
    module.signal_callbacks = []
    module.active_requests = {}
    for name, callbacks in (("events", module.event_callbacks), ("shutdown", shutdown_callbacks),
                            ("signals", module.signal_callbacks)):
        setattr(module, "subscribe_" + name, _subscribe(callbacks))
    for name in ("server_metrics", "process_metrics", "request_metrics", "start_recording_metrics"):
        setattr(module, name, lambda: None)
    module.request_data = _request_data(threads_by_ident)
    module.LogHandler = _log_handler(threads_by_ident, log)
    sys.modules["mod_wsgi"] = module

    apache = sys.modules.setdefault("apache", types.ModuleType("apache"))
    apache.version = APACHE_VERSION
    apache.maximum_processes = process.processes
    apache.threads_per_process = process.threads
    return shutdown_callbacks


def _subscribe(callbacks):
    def subscribe(callback):
        callbacks.append(callback)
        return callback
    return subscribe


def _request_data(threads_by_ident):
    def request_data():
        thread = threads_by_ident.get(threading.get_ident())
        environ = thread.environ if thread is not None else None
        if environ is None:
            raise RuntimeError("no active request for this thread")
        return environ.setdefault("mod_wsgi.request_data", {})
    return request_data


def _log_handler(threads_by_ident, log):
    class LogHandler(logging.Handler):
        """Writes records to the server's error log, at their own level."""

        def emit(self, record):
            try:
                text = self.format(record)
            except Exception:
                return self.handleError(record)
            level = next((name for number, name in _levels if record.levelno >= number), "debug")
            thread = threads_by_ident.get(threading.get_ident())
            if thread is not None and thread.errors is not None:
                thread.log(text.split("\n"), level)
            else:
                for line in text.split("\n"):
                    log(level, line)
    return LogHandler
