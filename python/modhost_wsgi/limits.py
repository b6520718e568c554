"""A daemon group's limits -> those of this process: memory, processor time, the stacks of its threads, and so on."""
import resource
import signal
import sys
import threading

_PAGE = 65536


def set_up(spec, log):
    """Sets the limits. What the system refuses is a warning, but for the limits of memory and time, which raise OSError."""
    _limit(resource.RLIMIT_DATA, spec.get("memoryLimit"))
    _limit(resource.RLIMIT_AS, spec.get("virtualMemoryLimit"))
    seconds = spec.get("cpuTimeLimit")
    if seconds:
        # As mod_wsgi: time enough for the end of what runs, then the kernel ends the process.
        _limit(resource.RLIMIT_CPU, seconds, seconds + 1 + spec["shutdownTimeout"] // 1000)
    size = spec.get("stackSize")
    if size:
        try:
            threading.stack_size(-(-size // _PAGE) * _PAGE)
        except ValueError as error:
            log("warn", "mod_wsgi: stack-size %d of daemon group '%s': %s" % (size, spec["name"], error))
    interval = spec.get("switchInterval")
    if interval:
        sys.setswitchinterval(interval)


def on_time_limit(handler):
    """Has `handler` called when the processor time is used up, once: the signal comes again each second."""
    # What stands there later may be the one that applications see.
    handle = signal.signal

    def called(number, frame):
        handle(signal.SIGXCPU, signal.SIG_IGN)
        handler(number, frame)
    signal.signal(signal.SIGXCPU, called)


def _limit(kind, soft, hard=None):
    if not soft:
        return
    most = resource.getrlimit(kind)[1]
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard or soft, most)
    resource.setrlimit(kind, (soft, hard or soft))
