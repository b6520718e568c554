"""Paths of scripts -> loaded modules; what has changed on disk since, and what did not load."""
import os
import sys
import threading
import time
import traceback
import types

from modhost_wsgi.interrupt import RequestTimeout

try:
    # The one of hashlib loads OpenSSL, and is not there where that is to be strict.
    from _md5 import md5
except ImportError:
    from hashlib import md5


class Stale(Exception):
    """The script on disk is not the one loaded; `is_news` the first time it is seen, `is_asked` where the script says so itself."""

    def __init__(self, script, mtime, is_news, is_asked):
        super().__init__(script)
        self.script = script
        self.mtime = mtime
        self.is_news = is_news
        self.is_asked = is_asked


class NotLoaded(Exception):
    """The script did not load; `lines` for the log."""

    def __init__(self, lines):
        super().__init__(lines[0])
        self.lines = lines


class Script:
    """One script: its module once it is loaded, or why it did not load."""

    def __init__(self, path):
        self.path = path
        self.namespace = None
        # Milliseconds since the epoch, computed as node:fs does, so that equal times are equal numbers.
        self.mtime = 0.0
        self.failure = None
        # The mtime of a version that is known not to load: as good as the loaded one.
        self.kept = None
        self._reported = None
        # When its reload_required() is asked again, on the clock time.monotonic(); None after the next request.
        self._asked_from = 0.0
        self._loading = threading.Lock()

    def load(self, is_preload=False):
        """Runs the script unless it is loaded; whether it did. Raises NotLoaded, with what went wrong the first time."""
        if self.namespace is not None:
            return False
        with self._loading:
            if self.namespace is not None:
                return False
            mtime = mtime_of(self.path)
            if self.failure is None or mtime != self.mtime:
                # Before the script is read: a change while it is loaded is then noticed.
                self.mtime = mtime
                self.failure = None
                if is_preload:
                    self._asked_from = None
                self._run()
            if self.failure is not None:
                raise NotLoaded(self.failure)
            return True

    def keep(self, mtime):
        """Goes on with what is loaded, until the file's mtime is another than the one given."""
        self.kept = mtime
        self._asked_from = time.monotonic() + _PATIENCE

    def check(self, mtime):
        """Raises Stale if the script has changed, or loads it anew in place. `mtime` is what the worker saw, 0 if it did not look."""
        if mtime == self.mtime and "reload_required" not in self.namespace:
            return
        if mtime != self.mtime or mtime == 0:
            mtime = mtime_of(self.path)
        is_asked = mtime in (self.mtime, self.kept)
        if is_asked and not self._wants_reload():
            return
        if _in_place:
            return self._reload(mtime)
        is_news = self._reported != mtime or is_asked
        self._reported = mtime
        raise Stale(self.path, mtime, is_news, is_asked)

    def _reload(self, mtime):
        """Runs the script once more; when that fails, what was loaded goes on until the file changes again."""
        with self._loading:
            if mtime not in (self.mtime, self.kept) or self._wants_reload():
                before = self.namespace, self.mtime, sys.modules.get(_name_of(self.path))
                self.mtime = mtime
                self.namespace = None
                self._run()
                if self.failure is not None:
                    failure, self.failure = self.failure, None
                    self.namespace, self.mtime, module = before
                    self.keep(mtime)
                    sys.modules[_name_of(self.path)] = module
                    sys.stderr.write("\n".join(failure) + "\n")

    def _wants_reload(self):
        hook = self.namespace.get("reload_required")
        if hook is None:
            return False
        if self._asked_from is None:
            # As in mod_wsgi it is not asked for the first request: that is what the script was loaded for.
            self._asked_from = 0.0
            return False
        if time.monotonic() < self._asked_from:
            return False
        try:
            return bool(hook(self.path))
        except Exception:
            traceback.print_exc()
            return False

    def _run(self):
        path = self.path
        prefix = "mod_wsgi (pid=%d): " % os.getpid()
        try:
            with open(path, "rb") as file:
                code = compile(file.read(), path, "exec", dont_inherit=True)
        except BaseException:
            self.failure = [prefix + "Could not read/compile source file '%s'." % path] + occurred(path)
            return
        name = _name_of(path)
        module = types.ModuleType(name)
        module.__file__ = path
        module.__mtime__ = int(self.mtime * 1000)
        sys.modules[name] = module
        try:
            exec(code, module.__dict__)
        except RequestTimeout:
            # The next request may have more luck.
            sys.modules.pop(name, None)
            self.mtime = 0.0
            raise
        except BaseException as error:
            what = "SystemExit exception raised when doing exec of" if isinstance(error, SystemExit) else "Failed to exec"
            self.failure = [prefix + what + " Python script file '%s'." % path] + occurred(path)
            sys.modules.pop(name, None)
        else:
            self.namespace = module.__dict__


def reload_in_place():
    """From now on a changed script is loaded anew in this process, which no successor replaces."""
    global _in_place
    _in_place = True


def mtime_of(path):
    """Milliseconds since the epoch as node:fs computes them; 0 when nothing is there."""
    try:
        nanoseconds = os.stat(path).st_mtime_ns
    except OSError:
        return 0.0
    seconds, rest = divmod(nanoseconds, 1000000000)
    return seconds * 1000 + rest / 1e6


def occurred(script):
    """The lines for the log that tell of the exception being handled."""
    kind, value, trace = sys.exc_info()
    # Without the frames of this package, which stand first.
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_folder):
        trace = trace.tb_next
    what = "SystemExit exception raised by WSGI script '%s' ignored." if isinstance(value, SystemExit) else (
        "Exception occurred processing WSGI script '%s'.")
    try:
        told = traceback.TracebackException(kind, value, trace)
        # Nor those of start_response() and the like, which stand last.
        told.stack = application_frames(told.stack)
        text = "".join(told.format())
    except Exception as error:
        text = "%s, whose traceback cannot be printed: %r" % (kind.__name__, error)
    return ["mod_wsgi (pid=%d): " % os.getpid() + what % script] + text.rstrip("\n").split("\n")


def application_frames(stack):
    """The frames below the last one of this package that has others below it."""
    frames = list(stack)
    while frames and frames[-1].filename.startswith(_folder):
        frames.pop()
    first = max((i + 1 for i, frame in enumerate(frames) if frame.filename.startswith(_folder)), default=0)
    return traceback.StackSummary.from_list(frames[first:])


_folder = os.path.dirname(os.path.abspath(__file__)) + os.sep
_scripts = {}
_in_place = False
# Seconds after which a script that wanted to be loaded anew, and could not, is asked again.
_PATIENCE = 10.0


def _name_of(path):
    return "_mod_wsgi_" + md5(os.fsencode(path)).hexdigest()


def script_at(path):
    """The script of that path, loaded or not."""
    return _scripts.get(path) or _scripts.setdefault(path, Script(path))


def keep(path, mtime):
    """Goes on with what is loaded of that script, until its mtime is another than the one given."""
    script_at(path).keep(mtime)
