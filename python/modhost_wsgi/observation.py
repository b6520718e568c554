"""A request that somebody watches -> events for subscribers, and numbers for request_metrics()."""
import queue
import resource
import threading
import time

from modhost_wsgi import scripts
from modhost_wsgi.gateway import Run

# Signals that wait for subscribers who take their time with earlier ones.
_MOST_SIGNALS = 64
_THREAD = getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)


class Watchers:
    """Who wants to know of requests: subscribers of events, and the recorder of metrics."""

    def __init__(self, log_lines):
        self.events = []
        self.shutdown = []
        self.signals = []
        self.recorder = None
        # Signals that subscribers have not heard of yet.
        self._arrived = None
        self._log_lines = log_lines

    def publish(self, name, payload):
        """Calls all subscribers; what one returns as a dict the next ones see."""
        for callback in tuple(self.events):
            self._call(callback, name, payload)
        return payload

    def stopping(self, reason):
        payload = {"shutdown_reason": reason}
        for callback in (*self.events, *self.shutdown):
            self._call(callback, "process_stopping", payload)

    def signalled(self, name, number):
        """Calls the subscribers of signals: one signal after the other, and in a thread of their own, since they may take their time."""
        if not self.signals:
            return
        if self._arrived is None:
            self._arrived = queue.SimpleQueue()
            threading.Thread(target=self._dispatch, name="signals", daemon=True).start()
        if self._arrived.qsize() < _MOST_SIGNALS:
            self._arrived.put({"signame": name, "signum": number})

    def _dispatch(self):
        while True:
            payload = self._arrived.get()
            for callback in tuple(self.signals):
                self._call(callback, "process_signal", payload)

    def _call(self, callback, name, payload):
        try:
            result = callback(name, **payload)
        except Exception:
            self._log_lines(scripts.occurred(""))
        else:
            if isinstance(result, dict):
                payload.update(result)


class Observation:
    """One request, from before the application is called until its response is complete."""

    def __init__(self, watchers, thread, shape, environ):
        self._watchers = watchers
        self._thread = thread
        self._shape = shape
        self.thread_number = thread.number
        self.environ = environ
        self.input = Measured()
        self.output = Measured()
        self.status = 500
        self._usage = resource.getrusage(_THREAD)

    def _publish(self, name, payload):
        if not self._watchers.events:
            return payload
        whole = {"request_id": self.environ.get("mod_wsgi.request_id", ""), "request_data": self._thread.data()}
        whole.update(payload)
        return self._watchers.publish(name, whole)

    def started(self, application):
        """The application to be called: a subscriber may put another in its place."""
        environ = self.environ
        environ["wsgi.input"] = MeasuredInput(environ["wsgi.input"], self.input)
        return self._publish("request_started", {
            "thread_id": self.thread_number, "daemon_connects": 1, "daemon_restarts": 0,
            "server_pid": environ.get("mod_wsgi.server_pid", ""), **self._times(),
            "application_start": environ["mod_wsgi.application_start"], "application_object": application,
            "callable_object": self._shape.callable, "request_environ": environ,
        })["application_object"]

    def _times(self):
        environ = self.environ
        return {"request_start": environ.get("mod_wsgi.request_start", 0.0),
                "queue_start": environ["mod_wsgi.queue_start"], "daemon_start": environ["mod_wsgi.daemon_start"]}

    def response_started(self, status, headers, exc_info):
        self.status = int(status[:3])
        self._publish("response_started", {
            "response_status": status, "response_headers": headers, "exception_info": exc_info})

    def failed(self, exc_info):
        self._publish("request_exception", {"exception_info": exc_info})

    def finished(self, output_length):
        """To be called last; bytes of the body that were sent."""
        now = time.time()
        usage = resource.getrusage(_THREAD)
        user = usage.ru_utime - self._usage.ru_utime
        system = usage.ru_stime - self._usage.ru_stime
        self._thread.cpu += user + system
        started = self.environ["mod_wsgi.application_start"]
        times = self._times()
        self._publish("request_finished", {
            "thread_id": self.thread_number, "server_pid": self.environ.get("mod_wsgi.server_pid", ""), **times,
            "application_finish": now, "application_time": now - started,
            "input_reads": self.input.count, "input_length": self.input.bytes, "input_time": self.input.seconds,
            "output_length": output_length, "output_writes": self.output.count, "output_time": self.output.seconds,
            "cpu_user_time": user, "cpu_system_time": system, "cpu_time": user + system, "status": self.status,
            "gil_wait_time": 0.0, "gil_wait_count": 0,
        })
        recorder = self._watchers.recorder
        if recorder is not None:
            recorder.record(self, times, (started, now), output_length)


class Measured:
    """How often something was done, how long that took, and how much it was."""

    __slots__ = ("count", "seconds", "bytes")

    def __init__(self):
        self.count = 0
        self.seconds = 0.0
        self.bytes = 0

    def add(self, since, size=0):
        self.count += 1
        self.seconds += time.monotonic() - since
        self.bytes += size


class MeasuredInput:
    """wsgi.input that notes what is read."""

    def __init__(self, body, measured):
        self._body = body
        self._measured = measured

    def read(self, size=-1):
        return self._noted(self._body.read, size)

    def readline(self, size=-1):
        return self._noted(self._body.readline, size)

    def readlines(self, hint=-1):
        since = time.monotonic()
        lines = self._body.readlines(hint)
        self._measured.add(since, sum(map(len, lines)))
        return lines

    def __iter__(self):
        return iter(self.readline, b"")

    def close(self):
        self._body.close()

    def _noted(self, read, size):
        since = time.monotonic()
        data = read(size)
        self._measured.add(since, len(data))
        return data


class MeasuredRun(Run):
    """A run that notes what is written, and tells of the beginning of its response."""

    __slots__ = ("_observation",)

    def __init__(self, connection, body, is_head, observation):
        super().__init__(connection, body, is_head)
        self._observation = observation

    def start_response(self, status, headers, exc_info=None):
        write = super().start_response(status, headers, exc_info)
        self._observation.response_started(status, headers, exc_info)
        return write

    def answer(self, result, flags):
        since = time.monotonic()
        super().answer(result, flags)
        self._observation.output.add(since)

    def _send(self, data):
        since = time.monotonic()
        super()._send(data)
        self._observation.output.add(since)
