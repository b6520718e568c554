// A WSGI application with one way of answering for each path.

/** Text of the script: PATH_INFO names the function, with hyphens for underscores. */
export const answersApplication = String.raw`
import sys

PLAIN = [("Content-Type", "text/plain")]
CLOSED = []

def hello(environ, start):
    start("200 OK", PLAIN)
    return [b"hello"]

def length(environ, start):
    start("200 OK", PLAIN + [("Content-Length", "5")])
    return [b"hello"]

def too_much(environ, start):
    start("200 OK", PLAIN + [("Content-Length", "3")])
    return [b"hello", b"more"]

def no_type(environ, start):
    start("200 OK", [])
    return [b"hello"]

def nothing(environ, start):
    start("200 OK", PLAIN)
    return []

def empty_items(environ, start):
    start("200 OK", PLAIN)
    return [b"", b"a", b"", b"b", b""]

def generator(environ, start):
    start("200 OK", PLAIN)
    for number in range(5):
        yield b"%d\n" % number

def late_start(environ, start):
    yield b""
    start("200 OK", PLAIN)
    yield b"late"

def writes(environ, start):
    write = start("200 OK", PLAIN)
    write(b"one ")
    write(b"two ")
    return [b"three"]

def writes_only(environ, start):
    start("200 OK", PLAIN)(b"written")
    return []

def large(environ, start):
    start("200 OK", PLAIN)
    return [b"0123456789" * 30000]

class Closing:
    def __init__(self, items):
        self.items = items
    def __iter__(self):
        return iter(self.items)
    def close(self):
        CLOSED.append(1)

def closing(environ, start):
    start("200 OK", PLAIN)
    return Closing([b"closing"])

def closed(environ, start):
    body = b"%d" % len(CLOSED)
    del CLOSED[:]
    start("200 OK", PLAIN)
    return [body]

class BadClose(Closing):
    def close(self):
        CLOSED.append(1)
        raise RuntimeError("wanted: close")

def bad_close(environ, start):
    start("200 OK", PLAIN + [("Content-Length", "4")])
    return BadClose([b"body"])

def raises(environ, start):
    raise RuntimeError("wanted")

def raises_started(environ, start):
    start("200 OK", PLAIN)
    raise RuntimeError("wanted")

def raises_first(environ, start):
    start("200 OK", PLAIN)
    def items():
        raise RuntimeError("wanted")
        yield b""
    return items()

def raises_closing(environ, start):
    start("200 OK", PLAIN)
    def items():
        raise RuntimeError("wanted")
        yield b""
    return Closing(items())

def raises_midway(environ, start):
    start("200 OK", PLAIN)
    def items():
        yield b"first part\n"
        raise RuntimeError("wanted")
    return items()

def system_exit(environ, start):
    raise SystemExit(1)

def interrupt(environ, start):
    raise KeyboardInterrupt()

def never_starts(environ, start):
    return [b"hello"]

def never_starts_empty(environ, start):
    return []

def none(environ, start):
    start("200 OK", PLAIN)
    return None

def text(environ, start):
    start("200 OK", PLAIN)
    return ["text"]

def one_text(environ, start):
    start("200 OK", PLAIN)
    return "text"

def one_bytes(environ, start):
    start("200 OK", PLAIN)
    return b"bytes"

def starts_twice(environ, start):
    start("200 OK", PLAIN)
    start("201 Created", PLAIN)
    return [b"twice"]

def starts_twice_late(environ, start):
    start("200 OK", PLAIN)
    yield b"first\n"
    start("500 Late", PLAIN)
    yield b"second\n"

def exc_info(environ, start):
    start("200 OK", PLAIN + [("X-First", "1")])
    try:
        raise ValueError("wanted")
    except ValueError:
        start("503 Replaced", PLAIN + [("X-Second", "1")], sys.exc_info())
    return [b"replaced"]

def exc_info_first(environ, start):
    try:
        raise ValueError("wanted")
    except ValueError:
        start("418 Teapot", PLAIN, sys.exc_info())
    return [b"teapot"]

def status(environ, start):
    from urllib.parse import unquote
    start(unquote(environ["QUERY_STRING"]), PLAIN)
    return [b"status body"]

def status_length(environ, start):
    from urllib.parse import unquote
    start(unquote(environ["QUERY_STRING"]), PLAIN + [("Content-Length", "11")])
    return [b"status body"]

def fields(environ, start):
    from urllib.parse import unquote
    lines = [line.split(":", 1) for line in unquote(environ["QUERY_STRING"], "latin-1").split("|")]
    start("200 OK", [(name, value) for name, value in lines])
    return [b"fields"]

def odd_fields(environ, start):
    kind = environ["QUERY_STRING"]
    wrong = {
        "int": [("X-A", 1)],
        "bytes": [(b"X-A", "1")],
        "list": [["X-A", "1"]],
        "three": [("X-A", "1", "2")],
        "tuple": (("X-A", "1"),),
        "unicode": [("X-A", "\u20ac")],
        "none": None,
        "status-int": [],
        "status-bytes": [],
    }[kind]
    start({"status-int": 200, "status-bytes": b"200 OK"}.get(kind, "200 OK"), wrong)
    return [b"odd"]

def echo(environ, start):
    body = environ["wsgi.input"].read()
    start("200 OK", PLAIN)
    return [b"%d:" % len(body), body]

def echo_parts(environ, start):
    source = environ["wsgi.input"]
    parts = [source.read(2), source.readline(), source.readline(3), b"".join(source.readlines()), source.read(), source.read(5), source.readline()]
    start("200 OK", PLAIN)
    return [repr(parts).encode()]

def echo_lines(environ, start):
    start("200 OK", PLAIN)
    return [repr(list(environ["wsgi.input"])).encode()]

def echo_more(environ, start):
    start("200 OK", PLAIN)
    return [repr([environ["wsgi.input"].read(0), environ["wsgi.input"].read(100), environ["wsgi.input"].read(-1)]).encode()]

def echo_as_it_comes(environ, start):
    start("200 OK", PLAIN)
    for line in environ["wsgi.input"]:
        yield line

def ignores_body(environ, start):
    start("200 OK", PLAIN + [("Content-Length", "7")])
    return [b"ignored"]

def file(environ, start):
    start("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](open(__file__.rsplit("/", 1)[0] + "/data.txt", "rb"))

def file_offset(environ, start):
    start("200 OK", PLAIN)
    source = open(__file__.rsplit("/", 1)[0] + "/data.txt", "rb")
    source.seek(20)
    return environ["wsgi.file_wrapper"](source, 4)

def file_length(environ, start):
    start("200 OK", PLAIN + [("Content-Length", "5")])
    return environ["wsgi.file_wrapper"](open(__file__.rsplit("/", 1)[0] + "/data.txt", "rb"))

def file_like(environ, start):
    import io
    start("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](io.BytesIO(b"like a file"), 3)

def file_text_mode(environ, start):
    start("200 OK", PLAIN)
    wrapper = environ["wsgi.file_wrapper"]
    return [repr(sorted(name for name in dir(wrapper(open(__file__.rsplit("/", 1)[0] + "/data.txt", "rb"))) if name in ("filelike", "blksize", "close", "__iter__"))).encode()]

def file_after_write(environ, start):
    start("200 OK", PLAIN)(b"before ")
    return environ["wsgi.file_wrapper"](open(__file__.rsplit("/", 1)[0] + "/data.txt", "rb"))

def tagged(environ, start):
    start("200 OK", PLAIN + [("ETag", '"tag"'), ("Last-Modified", "Wed, 01 May 2024 12:00:00 GMT"), ("Content-Length", "10")])
    return [b"0123456789"]

def errors(environ, start):
    environ["wsgi.errors"].write("to the log\n")
    environ["wsgi.errors"].writelines(["a\n", "b\n"])
    environ["wsgi.errors"].flush()
    print("to the log too", file=environ["wsgi.errors"])
    start("200 OK", PLAIN)
    return [b"logged"]

def changes_environ(environ, start):
    environ.clear()
    start("200 OK", PLAIN)
    return [b"cleared"]

def application(environ, start_response):
    name = environ["PATH_INFO"].lstrip("/").replace("-", "_")
    return globals()[name](environ, start_response)
`;
