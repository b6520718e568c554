// What is compared: each row one piece of work, done by modhost and by its peers.
import { fileURLToPath } from "node:url";
import type { ServerPlan } from "./servers.js";

/** One server doing a row's work. */
export interface Contestant {
  readonly name: string;
  plan(setting: Setting): ServerPlan;
}

/** Where a contestant runs. */
export interface Setting {
  readonly folder: string;
  readonly port: number;
}

/** One piece of work; the first contestant is modhost. */
export interface Row {
  readonly name: string;
  readonly path: string;
  readonly contestants: readonly Contestant[];
}

const modhostMain = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const debianModules = "/usr/lib/apache2/modules";
const loads = (names: string): string =>
  names
    .split(" ")
    .map((name) => `LoadModule ${name}_module ${debianModules}/mod_${name}.so`)
    .join("\n");

const page = "x".repeat(1023) + "\n";
const wsgiScript = `def application(environ, start_response):
    body = b"Hello, World!\\n"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
`;
const nodeScript = `export default function handle(request, response) {
  response.writeHead(200, { "Content-Type": "text/plain", "Content-Length": "14" });
  response.end("Hello, World!\\n");
}
`;

/** The configuration Apache and modhost both serve. */
function apacheConfiguration({ folder, port }: Setting, modules: string, site: string): string {
  return `ServerRoot ${folder}
${loads(`mpm_event authz_core dir mime alias ${modules}`.trim())}
PidFile ${folder}/httpd.pid
DefaultRuntimeDir ${folder}
Listen 127.0.0.1:${port}
User www-data
Group www-data
ServerName localhost
KeepAlive On
MaxKeepAliveRequests 0
TypesConfig /dev/null
ErrorLog ${folder}/error.log
LogFormat "%h %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined
CustomLog ${folder}/access.log combined
<Directory />
    Options FollowSymLinks
    AllowOverride None
    Require all denied
</Directory>
<Directory ${folder}/htdocs>
    Require all granted
</Directory>
DocumentRoot ${folder}/htdocs
${site}
`;
}

const files = (configuration: string): Record<string, string> => ({
  "httpd.conf": configuration,
  "htdocs/index.html": page,
  "htdocs/1k.txt": page,
  "htdocs/app.wsgi": wsgiScript,
  "htdocs/app.mjs": nodeScript,
});

const modhost = (modules: string, site: (setting: Setting) => string): Contestant => ({
  name: "modhost",
  plan: (setting) => ({
    files: files(apacheConfiguration(setting, modules, site(setting))),
    command: [process.execPath, modhostMain, "-d", setting.folder, "-f", "httpd.conf", "-DFOREGROUND"],
    needs: [{ path: modhostMain, install: "npm run build" }],
  }),
});

const apache = (name: string, modules: string, site: (setting: Setting) => string): Contestant => ({
  name,
  plan: (setting) => ({
    files: files(apacheConfiguration(setting, modules, site(setting))),
    command: ["/usr/sbin/apache2", "-d", setting.folder, "-f", "httpd.conf", "-DFOREGROUND"],
    needs: [
      { path: "/usr/sbin/apache2", install: "apt-get install apache2" },
      ...(modules.includes("wsgi")
        ? [{ path: `${debianModules}/mod_wsgi.so`, install: "apt-get install libapache2-mod-wsgi-py3" }]
        : []),
    ],
  }),
});

const nginx = (
  name: string,
  location: (setting: Setting) => string,
  extra?: (setting: Setting) => Partial<ServerPlan>,
): Contestant => ({
  name,
  plan: (setting) => ({
    command: ["/usr/sbin/nginx", "-c", `${setting.folder}/nginx.conf`, "-g", "daemon off;"],
    needs: [{ path: "/usr/sbin/nginx", install: "apt-get install nginx-light" }, ...(extra?.(setting).needs ?? [])],
    ...(extra?.(setting).command ? { command: extra(setting).command as readonly string[] } : {}),
    files: {
      ...files(""),
      "nginx.conf": `user www-data;
worker_processes auto;
pid ${setting.folder}/nginx.pid;
error_log ${setting.folder}/nginx-error.log;
events { worker_connections 1024; }
http {
  access_log ${setting.folder}/access.log combined;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  server {
    listen 127.0.0.1:${setting.port};
    root ${setting.folder}/htdocs;
    ${location(setting)}
  }
}
`,
    },
  }),
});

const daemonSite = ({ folder }: Setting): string => `WSGIDaemonProcess app processes=2 threads=5
WSGIScriptAlias / ${folder}/htdocs/app.wsgi process-group=app application-group=%{GLOBAL}`;

const staticSite = (): string => "";

/** All rows. */
export const rows: readonly Row[] = [
  {
    name: "WSGI hello world, daemon group, processes=2 threads=5",
    path: "/",
    contestants: [
      modhost("wsgi", daemonSite),
      apache("Apache + mod_wsgi daemon", "wsgi", daemonSite),
      nginx(
        "nginx + uWSGI",
        ({ folder }) => `location / { include /etc/nginx/uwsgi_params; uwsgi_pass unix:${folder}/uwsgi.sock; }`,
        ({ folder }) => ({
          needs: [{ path: "/usr/bin/uwsgi", install: "apt-get install uwsgi-core uwsgi-plugin-python3" }],
          command: [
            "/bin/sh",
            "-c",
            `uwsgi --plugin python3 --socket ${folder}/uwsgi.sock --chmod-socket=666 --wsgi-file ${folder}/htdocs/app.wsgi ` +
              "--master --processes 2 --threads 5 --die-on-term --disable-logging --log-master --logto /dev/null & " +
              `exec /usr/sbin/nginx -c ${folder}/nginx.conf -g 'daemon off;'`,
          ],
        }),
      ),
      {
        name: "gunicorn gthread",
        plan: ({ folder, port }) => ({
          files: { ...files(""), "wsgi_app.py": wsgiScript },
          command: [
            ..."/usr/bin/gunicorn -k gthread -w 2 --threads 5 --keep-alive 60".split(" "),
            "--access-logfile",
            `${folder}/access.log`,
            "-b",
            `127.0.0.1:${port}`,
            "wsgi_app:application",
          ],
          needs: [{ path: "/usr/bin/gunicorn", install: "apt-get install gunicorn" }],
        }),
      },
    ],
  },
  {
    name: "static file of 1 KiB",
    path: "/1k.txt",
    contestants: [modhost("", staticSite), apache("Apache", "", staticSite), nginx("nginx", () => "")],
  },
  {
    name: "Node hello world, embedded",
    path: "/",
    contestants: [
      modhost("wsgi", ({ folder }) => `WSGIScriptAlias / ${folder}/htdocs/app.mjs`),
      {
        name: "bare node:http, 2 processes, no access log",
        plan: ({ folder, port }) => ({
          files: {
            ...files(""),
            "server.mjs": `import cluster from "node:cluster";
import http from "node:http";
import handle from "./htdocs/app.mjs";
if (cluster.isPrimary) { cluster.fork(); cluster.fork(); }
else http.createServer({ keepAliveTimeout: 60000 }, handle).listen(${port}, "127.0.0.1");
`,
          },
          command: [process.execPath, `${folder}/server.mjs`],
          needs: [],
        }),
      },
    ],
  },
  {
    name: "Node hello world, daemon group",
    path: "/",
    contestants: [
      modhost(
        "wsgi",
        ({ folder }) => `WSGIDaemonProcess app processes=2 threads=16
WSGIScriptAlias / ${folder}/htdocs/app.mjs process-group=app application-group=%{GLOBAL}`,
      ),
    ],
  },
];
