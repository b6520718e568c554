// Rows of applications: Python in daemon groups and in process, Node.
import { apache, gunicorn, helloNode, helloWsgi, modhost, uwsgi, type Contestant, type Site } from "../contestants.js";
import type { Row } from "./row.js";

interface Application {
  readonly files: Readonly<Record<string, string>>;
  readonly processes: number;
  readonly threads: number;
}

/** The four that run a WSGI application in processes of their own. */
function daemons({ files, processes, threads }: Application): readonly Contestant[] {
  const site: Site = {
    modules: "wsgi",
    files,
    lines: ({ folder }) => `WSGIDaemonProcess app processes=${processes} threads=${threads} python-path=${folder}/htdocs
WSGIScriptAlias / ${folder}/htdocs/app.py process-group=app application-group=%{GLOBAL}`,
  };
  const python = { script: "htdocs/app.py", processes, threads, files };
  return [modhost(site), apache("Apache + mod_wsgi daemon", site), uwsgi(python), gunicorn(python)];
}

const hello = { "htdocs/app.py": helloWsgi };

const embedded: Site = {
  modules: "wsgi",
  files: hello,
  lines: ({ folder }) => `WSGIScriptAlias / ${folder}/htdocs/app.py
WSGIApplicationGroup %{GLOBAL}`,
};

const django = {
  "htdocs/app.py": `import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.template import Context, Template
from django.http import HttpResponse
from django.urls import path

settings.configure(
    SECRET_KEY="only for measuring", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
)
django.setup()
template = Template("<title>{{ title }}</title><ul>{% for item in items %}<li>{{ item|upper }}</li>{% endfor %}</ul>")

def page(request):
    return HttpResponse(template.render(Context({"title": request.path, "items": ["a<b", "c", "d"] * 10})))

urlpatterns = [path("", page)]
application = get_wsgi_application()
`,
};

const sleeping = {
  "htdocs/app.py": `import time
def application(environ, start_response):
    time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"slept"]
`,
};

const events = {
  "htdocs/app.py": `import time
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/event-stream")])
    def stream():
        while True:
            time.sleep(0.1)
            yield b"data: now\\n\\n"
    return stream()
`,
};

const bareNode: Contestant = {
  name: "bare node:http, 2 processes, no access log",
  plan: ({ folder, port }) => ({
    files: {
      "app.mjs": helloNode,
      "server.mjs": `import cluster from "node:cluster";
import http from "node:http";
import handle from "./app.mjs";
if (cluster.isPrimary) { cluster.fork(); cluster.fork(); }
else http.createServer({ keepAliveTimeout: 60000 }, handle).listen(${port}, "127.0.0.1");
`,
    },
    command: [process.execPath, `${folder}/server.mjs`],
    needs: [],
  }),
};

const node = { "htdocs/app.mjs": helloNode };

export const applicationRows: readonly Row[] = [
  {
    name: "WSGI hello world, daemon group, processes=2 threads=5",
    path: "/",
    contestants: daemons({ files: hello, processes: 2, threads: 5 }),
  },
  {
    name: "WSGI hello world, embedded",
    path: "/",
    contestants: [modhost(embedded), apache("Apache + mod_wsgi embedded", embedded)],
  },
  {
    name: "Django page, daemon group, processes=2 threads=5",
    path: "/",
    contestants: daemons({ files: django, processes: 2, threads: 5 }),
  },
  {
    name: "10 ms sleep at 500 connections, daemon group, processes=2 threads=50",
    path: "/",
    connections: 500,
    contestants: daemons({ files: sleeping, processes: 2, threads: 50 }),
  },
  {
    name: "server-sent events to 500 clients, ten a second each, daemon group, processes=2 threads=250",
    path: "/",
    connections: 500,
    load: "events",
    contestants: daemons({ files: events, processes: 2, threads: 250 }),
  },
  {
    name: "Node hello world, embedded",
    path: "/",
    contestants: [
      modhost({ modules: "wsgi", files: node, lines: ({ folder }) => `WSGIScriptAlias / ${folder}/htdocs/app.mjs` }),
      bareNode,
    ],
  },
  {
    name: "Node hello world, daemon group",
    path: "/",
    contestants: [
      modhost({
        modules: "wsgi",
        files: node,
        lines: ({ folder }) => `WSGIDaemonProcess app processes=2 threads=16
WSGIScriptAlias / ${folder}/htdocs/app.mjs process-group=app application-group=%{GLOBAL}`,
      }),
    ],
  },
];
