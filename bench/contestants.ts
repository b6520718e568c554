// Who takes part: a site → modhost, Apache, nginx, uWSGI or gunicorn serving it, each a plan that servers.ts starts.
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
  /** Where the row's back end accepts; 0 where it has none. */
  readonly backendPort: number;
}

type Files = Readonly<Record<string, string>>;

/** What Apache and modhost serve from one configuration. */
export interface Site {
  /** Names without "mod_", beside those every row loads. */
  readonly modules?: string;
  readonly lines?: (setting: Setting) => string;
  readonly files?: Files;
}

/** What nginx serves. */
export interface NginxSite {
  /** Inside the server. */
  readonly server: (setting: Setting) => string;
  /** Beside the server. */
  readonly http?: (setting: Setting) => string;
  /** Words behind the address. */
  readonly listen?: string;
  readonly files?: Files;
}

/** What uWSGI and gunicorn run. */
export interface PythonSite {
  readonly script: string;
  readonly processes: number;
  readonly threads: number;
  readonly files?: Files;
}

const modhostMain = fileURLToPath(new URL("../bin/modhost", import.meta.url));
const debianModules = "/usr/lib/apache2/modules";

/** A file of 1 KiB, which every site has. */
const page = "x".repeat(1023) + "\n";

/** The smallest WSGI application. */
export const helloWsgi = `def application(environ, start_response):
    body = b"Hello, World!\\n"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
`;

/** The smallest Node application. */
export const helloNode = `export default function handle(request, response) {
  response.writeHead(200, { "Content-Type": "text/plain", "Content-Length": "14" });
  response.end("Hello, World!\\n");
}
`;

function filesOf(site: Files | undefined): Record<string, string> {
  return { "htdocs/index.html": page, "htdocs/1k.txt": page, ...site };
}

/** The configuration Apache and modhost both serve. */
function apacheConfiguration(setting: Setting, { modules = "", lines }: Site): string {
  const { folder, port } = setting;
  const loads = `mpm_event authz_core dir mime alias ${modules}`
    .trim()
    .split(/\s+/)
    .map((name) => `LoadModule ${name}_module ${debianModules}/mod_${name}.so`);
  return `ServerRoot ${folder}
${loads.join("\n")}
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
${lines?.(setting) ?? ""}
`;
}

export function modhost(site: Site, name = "modhost"): Contestant {
  return {
    name,
    plan: (setting) => ({
      files: { ...filesOf(site.files), "httpd.conf": apacheConfiguration(setting, site) },
      command: [process.execPath, modhostMain, "-d", setting.folder, "-f", "httpd.conf", "-DFOREGROUND"],
      needs: [{ path: modhostMain, install: "npm run build" }],
    }),
  };
}

export function apache(name: string, site: Site): Contestant {
  const needsWsgi = site.modules?.split(" ").includes("wsgi") === true;
  return {
    name,
    plan: (setting) => ({
      files: { ...filesOf(site.files), "httpd.conf": apacheConfiguration(setting, site) },
      command: ["/usr/sbin/apache2", "-d", setting.folder, "-f", "httpd.conf", "-DFOREGROUND"],
      needs: [
        { path: "/usr/sbin/apache2", install: "apt-get install apache2" },
        ...(needsWsgi
          ? [{ path: `${debianModules}/mod_wsgi.so`, install: "apt-get install libapache2-mod-wsgi-py3" }]
          : []),
      ],
    }),
  };
}

function nginxConfiguration(setting: Setting, { server, http, listen = "" }: NginxSite): string {
  const { folder, port } = setting;
  return `user www-data;
worker_processes auto;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx-error.log;
events { worker_connections 1024; }
http {
  access_log ${folder}/access.log combined;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  ${http?.(setting) ?? ""}
  server {
    listen 127.0.0.1:${port} ${listen};
    root ${folder}/htdocs;
    ${server(setting)}
  }
}
`;
}

export function nginx(name: string, site: NginxSite): Contestant {
  return {
    name,
    plan: (setting) => ({
      files: { ...filesOf(site.files), "nginx.conf": nginxConfiguration(setting, site) },
      command: ["/usr/sbin/nginx", "-c", `${setting.folder}/nginx.conf`, "-g", "daemon off;"],
      needs: [{ path: "/usr/sbin/nginx", install: "apt-get install nginx-light" }],
    }),
  };
}

/** nginx in front of uWSGI, over its own protocol. */
export function uwsgi({ script, processes, threads, files }: PythonSite): Contestant {
  const front = nginx("nginx + uWSGI", {
    ...(files === undefined ? {} : { files }),
    server: ({ folder }) => `location / { include /etc/nginx/uwsgi_params; uwsgi_pass unix:${folder}/uwsgi.sock; }`,
  });
  return {
    name: front.name,
    plan: (setting) => {
      const { folder } = setting;
      const plan = front.plan(setting);
      return {
        files: plan.files,
        needs: [...plan.needs, { path: "/usr/bin/uwsgi", install: "apt-get install uwsgi-core uwsgi-plugin-python3" }],
        command: [
          "/bin/sh",
          "-c",
          `uwsgi --plugin python3 --socket ${folder}/uwsgi.sock --chmod-socket=666 --wsgi-file ${folder}/${script} ` +
            `--pythonpath ${folder}/htdocs --listen 100 --master --processes ${processes} --threads ${threads} ` +
            "--die-on-term --disable-logging --log-master --logto /dev/null & " +
            `exec ${plan.command.map((word) => `'${word}'`).join(" ")}`,
        ],
      };
    },
  };
}

export function gunicorn({ script, processes, threads, files }: PythonSite): Contestant {
  return {
    name: "gunicorn gthread",
    plan: ({ folder, port }) => ({
      files: filesOf(files),
      command: [
        ...`/usr/bin/gunicorn -k gthread -w ${processes} --threads ${threads} --keep-alive 60`.split(" "),
        ...["--access-logfile", `${folder}/access.log`, "--error-logfile", `${folder}/error.log`],
        ...["--chdir", `${folder}/htdocs`, "-b", `127.0.0.1:${port}`],
        `${(script.split("/").pop() ?? "").replace(/\.py$/, "")}:application`,
      ],
      needs: [{ path: "/usr/bin/gunicorn", install: "apt-get install gunicorn" }],
    }),
  };
}
