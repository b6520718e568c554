"""A request that runs too long -> an exception raised in its thread, and in no other request."""
import time


class RequestTimeout(BaseException):
    """Raised in a request that ran longer than request-timeout, where interrupt-timeout is set."""


def _find():
    try:
        import ctypes
        set_exception = ctypes.pythonapi.PyThreadState_SetAsyncExc
    except (ImportError, AttributeError):
        return None
    set_exception.argtypes = (ctypes.c_ulong, ctypes.py_object)
    clear = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p)(("PyThreadState_SetAsyncExc", ctypes.pythonapi))
    return set_exception, clear


class Interrupts:
    """What may be raised in one thread. All but `raise_in` is called by that thread."""

    # Loaded when the first daemon group asks for it.
    _functions = None

    def __init__(self, ident):
        self._ident = ident
        # Holds the id of the running request. Who takes it out, the thread at the end of the request, or who
        # interrupts, has it: list.pop is atomic.
        self._running = []
        # What who interrupts has done, once it has taken the id.
        self._done = []
        if Interrupts._functions is None:
            Interrupts._functions = _find() or ()

    def raise_in(self, request):
        """Raises RequestTimeout in the thread; false when it does not run that request (any more), or it cannot be done."""
        if not Interrupts._functions:
            return False
        try:
            running = self._running.pop()
        except IndexError:
            return False
        hit = running == request
        if hit:
            Interrupts._functions[0](self._ident, RequestTimeout)
        self._done.append(hit)
        return hit

    def run(self, request, function, arguments):
        """(what the function gives, None if it was interrupted; whether it was)."""
        result = None
        begun = False
        while True:
            # Once it is raised it may come at any place, but no more than once.
            try:
                if not begun:
                    begun = True
                    self._running.append(request)
                    result = function(*arguments)
                interrupted = self._settle()
                return (None if interrupted else result), interrupted
            except RequestTimeout:
                continue
            except BaseException:
                if self._finish():
                    return None, True
                raise

    def _finish(self):
        """After an exception of another kind, which may follow from the one that was raised."""
        while True:
            try:
                return self._settle()
            except RequestTimeout:
                continue

    def _settle(self):
        if self._running:
            try:
                self._running.pop()
                return False
            except IndexError:
                pass
        while not self._done:
            time.sleep(0.001)
        # One that was set and not raised yet.
        Interrupts._functions[1](self._ident, None)
        return self._done.pop()
