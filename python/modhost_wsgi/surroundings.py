"""A daemon group's options -> the surroundings of this process: umask, folder, locale, path, title."""
import locale
import os
import signal
import site
import sys
import traceback

from modhost_wsgi.scripts import application_frames


def set_up(spec, log):
    """Applies the options. Raises OSError when the folder cannot be entered; whatever else fails is a warning."""
    if spec.get("umask") is not None:
        os.umask(spec["umask"])
    home = spec.get("home")
    if home:
        os.chdir(home)
    if spec.get("pythonEggs"):
        os.environ["PYTHON_EGG_CACHE"] = spec["pythonEggs"]
    if spec.get("lang"):
        os.environ["LANG"] = spec["lang"]
    if spec.get("locale"):
        os.environ["LC_ALL"] = spec["locale"]
        try:
            locale.setlocale(locale.LC_ALL, spec["locale"])
        except locale.Error as error:
            log("warn", "mod_wsgi (pid=%d): locale '%s' of daemon group '%s': %s" % (
                os.getpid(), spec["locale"], spec["name"], error))
    set_path(spec.get("pythonPath") or ())
    if home:
        sys.path.insert(0, home)
    sys.argv = ["mod_wsgi"]
    title = spec.get("displayName")
    if title:
        _set_title("(wsgi:%s)" % spec["name"] if title == "%{GROUP}" else title)


def set_path(folders):
    """Site directories, whose .pth files count, moved to the front in their order."""
    before = list(sys.path)
    for folder in folders:
        site.addsitedir(folder)
    added = [entry for entry in sys.path if entry not in before]
    # One that was on the path already is moved to the front too.
    named = [os.path.abspath(folder) for folder in folders]
    front = [entry for entry in named if entry in before and entry not in added] + added
    sys.path[:] = front + [entry for entry in sys.path if entry not in front]


def die_with_parent():
    """Has the kernel kill this process when its parent ends, for the case that it is too busy to notice."""
    try:
        import ctypes
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    except Exception:
        pass


def _set_title(title):
    """What ps shows: the name of the process, and its command line as far as there is room."""
    try:
        import ctypes
        ctypes.CDLL(None).prctl(15, title.encode()[:15])
        with open("/proc/self/stat", "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
        start, end = int(fields[45]), int(fields[46])
        room = end - start
        if 0 < room < 65536:
            text = title.encode()[:room - 1]
            ctypes.memmove(start, text + b"\0" * (room - len(text)), room)
    except Exception:
        pass


class _Restricted:
    """A stream that applications may not use."""

    def __init__(self, name):
        self.__dict__["_name"] = name

    def __getattr__(self, attribute):
        raise IOError("sys.%s access restricted by mod_wsgi" % self._name)


def restrict(spec, log_lines):
    """WSGIRestrictStdin, WSGIRestrictStdout and WSGIRestrictSignal."""
    restricted = spec.get("restricted")
    for name in ("stdin", "stdout"):
        if restricted and name in restricted:
            setattr(sys, name, _Restricted(name))
    if spec["threads"] and (restricted is None or "signal" in restricted):
        restrict_signals(log_lines)


def restrict_signals(log_lines):
    """Has signal.signal() do nothing but log, as in mod_wsgi: the process's signals are the server's."""
    def ignored(number, handler):
        stack = application_frames(traceback.extract_stack())
        log_lines(["mod_wsgi (pid=%d): Callback registration for signal %d ignored." % (os.getpid(), number)]
                  + "".join(stack.format()).rstrip("\n").split("\n"))

    signal.signal = ignored
