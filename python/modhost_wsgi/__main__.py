"""Command line -> a daemon process, with neither the working directory nor this folder left on sys.path."""
import os
import sys


def _import_main():
    # sys.path[0] is this folder when run by path, the working directory when run with -m: both would let files
    # shadow modules. Isolated mode (-I) adds neither.
    folder = os.path.dirname(os.path.abspath(__file__))
    if sys.path and not sys.flags.isolated and not getattr(sys.flags, "safe_path", False):
        del sys.path[0]
    if "modhost_wsgi" in sys.modules:
        from modhost_wsgi.process import main
        return main
    sys.path.insert(0, os.path.dirname(folder))
    before = sys.pycache_prefix
    # Where this package is kept as compiled; of no concern to the application.
    sys.pycache_prefix = os.environ.pop("MODHOST_BYTECODE", before)
    try:
        from modhost_wsgi import gateway, process  # noqa: F401
    finally:
        sys.pycache_prefix = before
        del sys.path[0]
    return process.main


if __name__ == "__main__":
    _import_main()()
