"""What the process and its requests have used -> process_metrics() and request_metrics() of the module mod_wsgi."""
import math
import os
import resource
import threading
import time

_PHASES = ("server", "queue", "daemon", "application", "request", "gil_wait", "input_read", "output_write")
_BUCKETS = 65


def process_metrics(threads, started):
    """What the process has used and done since its start."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    now = time.time()
    return {
        "pid": os.getpid(),
        "request_busy_time": sum(thread.busy_time(now) for thread in threads),
        "request_count": sum(thread.served for thread in threads),
        "memory_rss": _memory(),
        "memory_max_rss": usage.ru_maxrss * 1024,
        "cpu_user_time": usage.ru_utime,
        "cpu_system_time": usage.ru_stime,
        "cpu_time": usage.ru_utime + usage.ru_stime,
        "restart_time": started,
        "current_time": now,
        "running_time": int(now - started),
        "request_threads": len(threads),
        "active_requests": sum(thread.environ is not None for thread in threads),
        "threads": [{"thread_id": thread.number, "request_count": thread.served} for thread in threads],
    }


class Phase:
    """Times of one kind: how many, their sum, the least, the most, and how they are spread."""

    __slots__ = ("count", "total", "least", "most", "buckets")

    def __init__(self):
        self.count = 0
        self.total = 0.0
        self.least = math.inf
        self.most = 0.0
        self.buckets = [0] * _BUCKETS

    def add(self, seconds):
        seconds = max(0.0, seconds)
        self.count += 1
        self.total += seconds
        self.least = min(self.least, seconds)
        self.most = max(self.most, seconds)
        self.buckets[bucket_of(seconds)] += 1

    def shown(self, name):
        """Under its name as request_metrics() has it."""
        return {
            name + "_time": self.total / self.count if self.count else 0.0,
            name + "_time_min_us": int(self.least * 1e6) if self.count else 0,
            name + "_time_max_us": int(self.most * 1e6),
            name + "_time_buckets": self.buckets,
        }


def bucket_of(seconds):
    """Below a millisecond 0, then four of equal width for each doubling; the last is for all that is longer."""
    milliseconds = seconds * 1000
    if milliseconds < 1:
        return 0
    octave = int(math.log2(milliseconds))
    quarter = int((milliseconds / 2 ** octave - 1) * 4)
    return min(_BUCKETS - 1, 1 + octave * 4 + quarter)


class _Sample:
    """What was recorded since the last call."""

    def __init__(self, threads, most):
        self.since = time.time()
        self.usage = resource.getrusage(resource.RUSAGE_SELF)
        self.phases = {name: Phase() for name in _PHASES}
        self.statuses = [0] * 6
        self.count = self.input_bytes = self.input_reads = self.output_bytes = self.output_writes = 0
        self.busy = [thread.busy_time(self.since) for thread in threads]
        self.cpu = [thread.cpu for thread in threads]
        self.completed = [0] * most
        self.longest = [0.0] * most


class Recorder:
    """Numbers of all requests since the last request_metrics()."""

    def __init__(self, threads, most):
        self._threads = threads
        self._most = most
        self._lock = threading.Lock()
        self._sample = _Sample(threads, most)

    def record(self, observation, times, application, output_length):
        """One request that is over; `application` is when its run began and ended."""
        started, finished = application
        known = times["request_start"] or times["queue_start"]
        durations = {
            "server": times["queue_start"] - known, "queue": times["daemon_start"] - times["queue_start"],
            "daemon": started - times["daemon_start"], "application": finished - started,
            "request": finished - known, "gil_wait": 0.0,
            "input_read": observation.input.seconds, "output_write": observation.output.seconds,
        }
        number = observation.thread_number - 1
        with self._lock:
            sample = self._sample
            for name, seconds in durations.items():
                sample.phases[name].add(seconds)
            sample.count += 1
            sample.statuses[min(5, observation.status // 100)] += 1
            sample.input_bytes += observation.input.bytes
            sample.input_reads += observation.input.count
            sample.output_bytes += output_length
            sample.output_writes += observation.output.count
            sample.completed[number] += 1
            sample.longest[number] = max(sample.longest[number], finished - started)

    def take(self):
        """What request_metrics() gives; begins anew."""
        with self._lock:
            sample, self._sample = self._sample, _Sample(self._threads, self._most)
        now = self._sample.since
        period = max(1e-6, now - sample.since)
        used = self._sample.usage
        user = (used.ru_utime - sample.usage.ru_utime) / period
        system = (used.ru_stime - sample.usage.ru_stime) / period
        threads = self._threads
        busy = [after - before for after, before in zip(self._sample.busy, sample.busy)]
        shown = {
            "pid": os.getpid(), "start_time": sample.since, "stop_time": now, "sample_period": period,
            "cpu_user_utilization": user, "cpu_system_utilization": system, "cpu_utilization": user + system,
            "cpu_user_time": user, "cpu_system_time": system, "cpu_time": user + system,
            "memory_rss": _memory(), "memory_max_rss": used.ru_maxrss * 1024,
            "request_threads_maximum": self._most,
            "request_threads_started": sum(thread.served > 0 or thread.environ is not None for thread in threads),
            "request_threads_active": sum(thread.environ is not None for thread in threads),
            "capacity_utilization": sum(busy) / (period * self._most),
            "request_count": sample.count, "request_throughput": sample.count / period,
            "input_bytes": sample.input_bytes, "input_reads": sample.input_reads,
            "output_bytes": sample.output_bytes, "output_writes": sample.output_writes, "gil_wait_count": 0,
            "request_threads_completed": sample.completed, "request_threads_buckets": sample.completed,
            "request_threads_busy_time": busy,
            "request_threads_cpu_time": [after - before for after, before in zip(self._sample.cpu, sample.cpu)],
            "request_threads_current_elapsed": [thread.elapsed(now) for thread in threads],
            "request_threads_max_duration": sample.longest,
        }
        for number in range(1, 6):
            shown["status_%dxx" % number] = sample.statuses[number]
        for name, phase in sample.phases.items():
            shown.update(phase.shown(name))
        return shown


def _memory():
    """Bytes of memory in use; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()
    except (OSError, IndexError, ValueError):
        return 0
