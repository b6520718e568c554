"""A line of JSON on standard input -> this package, for an interpreter that cannot reach its folder (chroot=).

Run as `python -c TEXT MODULE FOLDER`: runs main() of that module in that folder, or in "/" where the folder is not there.
"""
import os
import sys


def _carry():
    import importlib.abc
    import importlib.util
    import json

    # By module: its text. What else comes on standard input is left for main().
    texts = json.loads(sys.stdin.buffer.readline().decode())

    class Carrier(importlib.abc.MetaPathFinder, importlib.abc.ExecutionLoader):
        """Finds and loads the modules of the package."""

        def find_spec(self, name, _path=None, _target=None):
            return importlib.util.spec_from_loader(name, self) if name in texts else None

        def is_package(self, name):
            return name == "modhost_wsgi"

        def get_filename(self, name):
            return "/%s%s.py" % (name.replace(".", "/"), "/__init__" if self.is_package(name) else "")

        def get_source(self, name):
            return texts[name]

    sys.meta_path.insert(0, Carrier())


def _run():
    _carry()
    # The working directory has no place on it.
    del sys.path[0]
    module, folder = sys.argv[1:3]
    sys.argv = ["mod_wsgi"]
    try:
        os.chdir(folder)
    except OSError:
        os.chdir("/")
    import importlib
    importlib.import_module("modhost_wsgi." + module).main()


if __name__ == "__main__":
    _run()
