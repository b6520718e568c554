"""The modules mod_wsgi and apache that applications may import."""
import collections.abc
import logging
import sys
import threading
import time
import types

from modhost_wsgi.interrupt import RequestTimeout
from modhost_wsgi.metrics import Recorder, process_metrics
from modhost_wsgi.shape import APACHE_VERSION, MOD_WSGI_VERSION
from modhost_wsgi.streams import FileWrapper

_levels = ((logging.CRITICAL, "error"), (logging.ERROR, "error"), (logging.WARNING, "warn"), (logging.INFO, "info"))


def install(server, log):
    """Makes both modules importable."""
    process, threads, watchers = server.process, server.threads_by_ident, server.watchers
    module = types.ModuleType("mod_wsgi")
    module.version = MOD_WSGI_VERSION
    module.process_group = process.process_group
    module.application_group = process.application_group
    module.maximum_processes = process.processes
    module.threads_per_process = process.threads
    module.FileWrapper = FileWrapper
    module.RequestTimeout = RequestTimeout
    module.event_callbacks = watchers.events
    module.shutdown_callbacks = watchers.shutdown
    module.signal_callbacks = watchers.signals
    module.active_requests = ActiveRequests(threads)
    for name, callbacks in (("events", watchers.events), ("shutdown", watchers.shutdown),
                            ("signals", watchers.signals)):
        setattr(module, "subscribe_" + name, _subscribe(callbacks))
    started = time.time()

    def start_recording_metrics():
        if watchers.recorder is None:
            watchers.recorder = Recorder(server.threads, process.threads)

    module.start_recording_metrics = start_recording_metrics
    module.request_metrics = lambda: None if watchers.recorder is None else watchers.recorder.take()
    module.process_metrics = lambda: process_metrics(server.threads, started)
    module.server_metrics = server.reports.metrics
    module.request_data = _request_data(threads)
    module.LogHandler = _log_handler(threads, log)
    sys.modules["mod_wsgi"] = module

    apache = sys.modules.setdefault("apache", types.ModuleType("apache"))
    apache.version = APACHE_VERSION
    apache.maximum_processes = process.processes
    apache.threads_per_process = process.threads


class ActiveRequests(collections.abc.Mapping):
    """The running requests: id -> what the application has noted of each with request_data()."""

    def __init__(self, threads):
        self._threads = threads

    def _data(self):
        return {thread.request_id(): thread.data() for thread in tuple(self._threads.values())
                if thread.environ is not None}

    def __getitem__(self, request):
        return self._data()[request]

    def __iter__(self):
        return iter(self._data())

    def __len__(self):
        return len(self._data())


def _subscribe(callbacks):
    def subscribe(callback):
        callbacks.append(callback)
        return callback
    return subscribe


def _request_data(threads):
    def request_data():
        thread = threads.get(threading.get_ident())
        if thread is None or thread.environ is None:
            raise RuntimeError("no active request for this thread")
        return thread.data()
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
