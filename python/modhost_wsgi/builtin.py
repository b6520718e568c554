"""The modules mod_wsgi and apache that applications may import."""
import collections.abc
import importlib
import importlib.machinery
import os
import sys
import threading
import time
import types

from modhost_wsgi.interrupt import RequestTimeout
from modhost_wsgi.metrics import Recorder, process_metrics
from modhost_wsgi.scripts import application_frames
from modhost_wsgi.shape import APACHE_VERSION, MOD_WSGI_VERSION
from modhost_wsgi.streams import FileWrapper

# Numbers of logging, which is not loaded for applications that do not use it; and neither is what else takes its time.
_levels = ((40, "error"), (30, "warn"), (20, "info"))


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
    for name, callbacks in (("events", watchers.events), ("shutdown", watchers.shutdown)):
        setattr(module, "subscribe_" + name, _subscribe(callbacks))
    # Only daemons with request threads have signals to tell of.
    module.subscribe_signals = _subscribe(watchers.signals) if server.threads else _never_called(log)
    started = time.time()

    def start_recording_metrics():
        if watchers.recorder is None:
            watchers.recorder = Recorder(server.threads, process.threads)

    module.start_recording_metrics = start_recording_metrics
    module.request_metrics = lambda: None if watchers.recorder is None else watchers.recorder.take()
    module.process_metrics = lambda: process_metrics(server.threads, started)
    module.server_metrics = server.reports.metrics
    module.request_data = _request_data(threads)
    module.__getattr__ = _log_handler_of(module, threads, log)
    # An installed package of that name goes on being importable: mod_wsgi.express and the like.
    installed = _find("mod_wsgi")
    if installed is not None and installed.submodule_search_locations:
        module.__path__ = list(installed.submodule_search_locations)
    sys.modules["mod_wsgi"] = module

    apache = _apache()
    apache.version = APACHE_VERSION
    apache.description = "Apache/%d.%d.%d (modhost) mod_wsgi/%d.%d.%d Python/%d.%d" % (
        APACHE_VERSION + MOD_WSGI_VERSION + sys.version_info[:2])
    apache.mpm_name = "event"
    apache.build_date = ""
    apache.maximum_processes = process.processes
    apache.threads_per_process = process.threads


def _find(name):
    """Where sys.path has a module of that name; None where nothing is found."""
    try:
        return importlib.machinery.PathFinder.find_spec(name)
    except Exception:
        return None


def _apache():
    """A module that is installed under the name apache is extended."""
    if _find("apache") is not None:
        try:
            return importlib.import_module("apache")
        except Exception:
            import traceback
            traceback.print_exc()
    return sys.modules.setdefault("apache", types.ModuleType("apache"))


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


def _never_called(log):
    def subscribe(callback):
        import traceback
        stack = application_frames(traceback.extract_stack())
        for line in ("mod_wsgi (pid=%d): Callback registration for signals ignored: there are none here." % os.getpid(),
                     *"".join(stack.format()).rstrip("\n").split("\n")):
            log("info", line)
        return callback
    return subscribe


def _request_data(threads):
    def request_data():
        thread = threads.get(threading.get_ident())
        if thread is None or thread.environ is None:
            raise RuntimeError("no active request for this thread")
        return thread.data()
    return request_data


def _log_handler_of(module, threads_by_ident, log):
    def attribute(name):
        if name != "LogHandler":
            raise AttributeError("module 'mod_wsgi' has no attribute %r" % name)
        module.LogHandler = _log_handler(threads_by_ident, log)
        return module.LogHandler
    return attribute


def _log_handler(threads_by_ident, log):
    import logging

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
