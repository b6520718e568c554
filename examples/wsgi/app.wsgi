"""A WSGI application: says which process and thread answered."""

import os
import platform
import threading
from html import escape

PAGE = """<!doctype html>
<html lang="en">
  <head>
    <title>A WSGI application</title>
    <link rel="stylesheet" href="/style.css" />
  </head>
  <body>
    <main>
      <h1>Python {version}</h1>
      <p>Process {pid}, thread {thread} of group {group} answered {method} {path}.</p>
      <p><a href="/">Back</a></p>
    </main>
  </body>
</html>
"""


def application(environ, start_response):
    body = PAGE.format(
        version=platform.python_version(),
        pid=os.getpid(),
        thread=escape(threading.current_thread().name),
        group=escape(environ.get("mod_wsgi.process_group", "")),
        method=escape(environ["REQUEST_METHOD"]),
        path=escape(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")),
    ).encode()
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]
