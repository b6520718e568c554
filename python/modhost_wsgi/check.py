"""Daemon groups on standard input (JSON) -> what this interpreter is and what it lacks for them, on standard output (JSON)."""
import ast
import json
import os
import sys


def imported(text, path):
    """Names and lines of the modules that a script cannot do without; none where it may add folders to the path."""
    tree = ast.parse(text, path)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (
                node.attr in ("addsitedir", "meta_path") or node.attr == "path" and getattr(node.value, "id", "") == "sys"):
            return []
        if isinstance(node, ast.Name) and node.id in ("exec", "addsitedir", "__import__"):
            return []
        if isinstance(node, ast.ImportFrom) and node.module == "sys" and any(name.name == "path" for name in node.names):
            return []
    found = []
    # Not those within a function or a try statement, which may never be wanted.
    for node in tree.body:
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.append((node.module, node.lineno))
    return found


def lacks(script):
    """What of its imports is not there: [module, line]; without importing anything."""
    from importlib.util import find_spec

    try:
        with open(script, "rb") as file:
            names = imported(file.read(), script)
    except (OSError, SyntaxError, ValueError):
        # The start says so, with more to it.
        return []
    missing = []
    for name, line in names:
        first = name.partition(".")[0]
        if first in ("mod_wsgi", "apache"):
            continue
        try:
            found = first in sys.modules or find_spec(first) is not None
        except (ImportError, ValueError):
            found = True
        if not found:
            missing.append([first, line])
    return missing


def main():
    # Neither this folder nor the working directory.
    folder = os.path.dirname(os.path.abspath(__file__))
    is_program = __name__ == "__main__"
    if is_program:
        del sys.path[0]
    groups = json.load(sys.stdin)
    told = {"version": "%d.%d.%d" % sys.version_info[:3], "implementation": sys.implementation.name, "prefix": sys.prefix,
            "executable": sys.executable, "missing": None, "closed": {}, "lacking": {}}
    if is_program:
        sys.path.insert(0, os.path.dirname(folder))
    try:
        from modhost_wsgi import asgi, gateway, process  # noqa: F401
        from modhost_wsgi.surroundings import set_path
    except Exception as error:
        told["missing"] = "%s: %s" % (type(error).__name__, error)
    else:
        if is_program:
            del sys.path[0]
        path = list(sys.path)
        for group in groups:
            sys.path[:] = path
            set_path(group["pythonPath"])
            if group["home"]:
                sys.path.insert(0, group["home"])
                try:
                    os.chdir(group["home"])
                except OSError as error:
                    told["closed"][group["name"]] = "%s: %s" % (group["home"], error.strerror)
            found = [[script] + each for script in group["scripts"] for each in lacks(script)]
            if found:
                told["lacking"][group["name"]] = found
    print(json.dumps(told))


if __name__ == "__main__":
    main()
