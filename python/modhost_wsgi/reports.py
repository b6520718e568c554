"""What the server says its HTTP workers do -> what mod_wsgi.server_metrics() gives."""
import threading
import time

# Seconds that an answer may take; the server itself gives a worker half a second.
_PATIENCE = 3.0
_STATUS = {"reading": "R", "working": "W", "kept": "K", "closing": "C"}
# Connections that are shown of a worker; it may hold thousands.
_MOST = 1024


class Reports:
    """Asks for reports, one at a time for all threads that want one."""

    def __init__(self, tell, is_allowed):
        self._tell = tell
        self._is_allowed = is_allowed
        self._lock = threading.Lock()
        self._heard = threading.Event()
        self._report = None

    def metrics(self):
        """The dictionary; None where it is not allowed, or no answer comes."""
        if not self._is_allowed:
            return None
        with self._lock:
            self._report = None
            self._heard.clear()
            self._tell({"type": "metrics"})
            self._heard.wait(_PATIENCE)
            report = self._report
        return None if report is None else shown(report)

    def heard(self, report):
        """Takes an answer."""
        self._report = report
        self._heard.set()

    def close(self):
        """Nothing is asked any more: nobody would hear the answer."""
        self._is_allowed = False


def shown(report):
    """A report as mod_wsgi shows its scoreboard: times in seconds, a worker's connections in the place of threads."""
    now = time.time()
    started = report["startedAt"] / 1000
    workers = report["workers"]
    most = max((min(worker["capacity"], _MOST) for worker in workers), default=0)
    return {
        "server_limit": len(workers), "thread_limit": most, "running_generation": report["generation"],
        "restart_time": started, "current_time": now, "running_time": int(now - started),
        "processes": [_process(number, worker, most) for number, worker in enumerate(workers)],
    }


def _process(number, worker, most):
    generation = worker["generation"]
    free = [_place(generation, "_" if place < worker["capacity"] else ".") for place in range(most)]
    places = [_connection(generation, connection) for connection in worker["connections"][:most]]
    places += free[len(places):]
    for place, each in enumerate(places):
        each["thread_num"] = place
    return {"process_num": number, "pid": worker["pid"], "generation": generation, "quiescing": worker["isDraining"],
            "workers": places}


def _place(generation, status):
    return {"thread_num": 0, "generation": generation, "status": status, "access_count": 0, "bytes_served": 0,
            "start_time": 0.0, "stop_time": 0.0, "last_used": 0.0, "client": "", "request": "", "vhost": ""}


def _connection(generation, connection):
    started = connection["startedAt"] / 1000
    place = _place(generation, _STATUS[connection["state"]])
    place.update(access_count=connection["requests"], bytes_served=connection["bytes"], start_time=float(started),
                 last_used=float(started), client=connection["client"], request=connection["requestLine"],
                 vhost=connection["host"])
    return place
