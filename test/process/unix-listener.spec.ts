// Listen unix:/path: who may connect, what a dead server left, restarts, and a site behind nginx.
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { bindUnixSocket } from "../../src/process/unix-listener.js";
import { faultsOf } from "../support/ask.js";
import { fill, makeRoot, serveModhost, serveRoot, type ServedRoot } from "../support/modhost.js";
import { freePorts, runProgram, until, type Running } from "../support/running.js";

/** The answer to a request that comes by a Unix socket. */
function ask(
  socketPath: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; text: string; client: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path: "/", headers, agent: false }, (response) => {
      let text = "";
      response.on("data", (bytes: Buffer) => (text += bytes.toString()));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text, client: String(response.headers["x-client"]) }),
      );
    });
    sent.on("error", reject).end();
  });
}

const nginx = "/usr/sbin/nginx";
const isRoot = process.getuid?.() === 0;

const refused: readonly (readonly [string, string])[] = [
  ["Listen unix:run/front.sock", "with an absolute path"],
  [`Listen unix:/${"x".repeat(120)}`, "may have 107 bytes, found 121"],
  ["Listen unix:/run/x.sock https", "TLS is not spoken on a Unix socket"],
  ["Listen unix:/run/x.sock mode=rw", 'mode must be three octal digits like 660, found "rw"'],
  ["Listen unix:/run/x.sock owner=root", 'found "owner=root"'],
  ["Listen unix:/run/x.sock\nListen unix:/run/x.sock mode=600", "Cannot define multiple Listeners"],
  ["Listen 8080 http more", "takes one or two arguments"],
];

describe("Listen unix:", function () {
  this.timeout(60_000);
  let served: ServedRoot | undefined;
  let front: Running | undefined;
  let other: Server | undefined;

  afterEach(async () => {
    await front?.end();
    await served?.end();
    other?.close();
    front = served = other = undefined;
  });

  for (const [line, reason] of refused) {
    it(`refuses ${JSON.stringify(line.slice(0, 50))}`, () => {
      expect(faultsOf(line).errors.join()).to.include(reason);
    });
  }

  it("serves the virtual hosts of port 80 and tells who asks", async () => {
    served = await serveModhost(
      `Listen unix:@ROOT@/run/front.sock
LogFormat "%a %{c}a %h %A %p" ends
CustomLog run/ends.log ends
Header set X-Client "expr=%{REMOTE_ADDR}"
<VirtualHost *:80>
  DocumentRoot @ROOT@/behind
  <Directory @ROOT@/behind>
    Require ip 192.0.2.0/24
    Require expr "%{REMOTE_ADDR} == 'unix:'"
  </Directory>
  RemoteIPHeader X-Real-IP
  RemoteIPInternalProxy unix:
  LogLevel debug
</VirtualHost>`,
      { files: { "htdocs/index.html": "main", "behind/index.html": "behind" }, modules: ["headers", "remoteip"] },
    );
    const path = join(served.root, "run/front.sock");
    expect(await ask(path)).to.deep.equal({ status: 200, text: "behind", client: "unix:" });
    const spoken = await ask(path, { "X-Real-IP": "192.0.2.7" });
    expect(spoken).to.deep.equal({ status: 200, text: "behind", client: "192.0.2.7" });
    expect((await ask(path, { "X-Real-IP": "198.51.100.7" })).status).to.equal(403);
    const log = join(served.root, "run/ends.log");
    // Two workers may write them, in any order.
    const expected = [`unix: unix: unix: unix:${path} 80`, `192.0.2.7 unix: 192.0.2.7 unix:${path} 80`];
    await until("both are in the log", () => {
      const lines = existsSync(log) ? readFileSync(log, "utf8").split("\n") : [];
      return expected.every((line) => lines.includes(line));
    });
    await until("the refusal is in the error log", () => /\[client 198\.51\.100\.7:0\]/.test(served?.errors() ?? ""));
  });

  it("is not this machine to Require local", async () => {
    served = await serveModhost(
      `Listen unix:@ROOT@/run/front.sock
<VirtualHost *:80>
  <Location />
    Require local
    Require ip 127.0.0.1 ::1
  </Location>
</VirtualHost>`,
      { files: { "htdocs/index.html": "main" } },
    );
    expect((await ask(join(served.root, "run/front.sock"))).status).to.equal(403);
    await until("the error log tells", () => /\[client unix:\] AH01630/.test(served?.errors() ?? ""));
  });

  it("has its mode and owner, also when these change, and stays through a graceful restart", async () => {
    const line = "Listen unix:@ROOT@/run/front.sock";
    const group = isRoot ? " group=nogroup" : "";
    served = await serveModhost(line, { files: { "htdocs/index.html": "main" } });
    const path = join(served.root, "run/front.sock");
    const before = lstatSync(path);
    expect(before.mode & 0o777).to.equal(0o660);
    if (isRoot) expect(before.uid).to.equal(Number(execFileSync("id", ["-u", "www-data"])));
    const file = join(served.root, "apache2.conf");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace(fill(line, served.root, 0), `${fill(line, served.root, 0)} mode=0622${group}`));
    served.running.child.kill("SIGUSR1");
    await until("it has the new mode", () => (lstatSync(path).mode & 0o777) === 0o622);
    await until("the new workers serve", () => (served?.errors().match(/AH00489/g) ?? []).length === 2);
    expect(lstatSync(path).ino).to.equal(before.ino);
    if (isRoot)
      expect(lstatSync(path).gid).to.equal(
        Number(/^nogroup:[^:]*:(\d+)/m.exec(readFileSync("/etc/group", "utf8"))?.[1]),
      );
    expect((await ask(path)).text).to.equal("main");
    served.running.child.kill("SIGTERM");
    await served.running.exit;
    expect(existsSync(path), "removed at the end").to.equal(false);
  });

  it("takes the place of what a killed server left, and of nothing else", async () => {
    const { root, port } = await makeRoot("Listen unix:@ROOT@/run/front.sock", {
      files: { "htdocs/index.html": "main" },
    });
    const path = join(root, "run/front.sock");
    const unix = { path, mode: 0o600, user: undefined, group: undefined };
    writeFileSync(path, "");
    expect(() => bindUnixSocket(unix, undefined)).to.throw("a file that is no socket stands there");
    execFileSync("rm", [path]);
    const listening = (other = createServer()).listen(path);
    await new Promise((resolve) => listening.once("listening", resolve));
    expect(() => bindUnixSocket(unix, undefined)).to.throw("another process listens there");
    const lost = { ...unix, path: `${unix.path}.none/front.sock` };
    expect(() => bindUnixSocket(lost, undefined)).to.throw("there is no folder");
    await new Promise((resolve) => listening.close(resolve));
    const left = runProgram([process.execPath, "-e", `require("net").createServer().listen(${JSON.stringify(path)})`]);
    await until("the other one listens", () => existsSync(path));
    await left.end();
    expect(existsSync(path)).to.equal(true);
    served = await serveRoot(root, port);
    expect((await ask(path)).text).to.equal("main");
  });

  it("stands behind nginx", async function () {
    if (!existsSync(nginx)) {
      if (process.env["CI"] === "true") throw new Error("nothing may be skipped here; missing: nginx-light");
      console.log("      skipped, missing: nginx: apt-get install nginx-light");
      this.skip();
    }
    served = await serveModhost(
      `Listen unix:@ROOT@/run/front.sock
<VirtualHost *:80>
  ServerName shop.test
  RemoteIPHeader X-Real-IP
  RemoteIPInternalProxy unix:
  Header set X-Client "expr=%{REMOTE_ADDR} %{HTTP_HOST}"
</VirtualHost>`,
      {
        files: { "htdocs/index.html": "main", "htdocs/large.txt": "x".repeat(3_000_000) },
        modules: ["headers", "remoteip"],
      },
    );
    const { root } = served;
    const [port = 0] = await freePorts(1);
    writeFileSync(
      join(root, "nginx.conf"),
      `daemon off; worker_processes 1; pid ${root}/run/nginx.pid; error_log ${root}/run/nginx.log;
${isRoot ? "user www-data;" : ""}
events {}
http {
  access_log off;
  client_body_temp_path ${root}/run/body; proxy_temp_path ${root}/run/proxy; fastcgi_temp_path ${root}/run/f;
  uwsgi_temp_path ${root}/run/u; scgi_temp_path ${root}/run/s;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://unix:${root}/run/front.sock;
      proxy_set_header Host $http_host;
      proxy_set_header X-Real-IP $remote_addr;
    }
  }
}
`,
    );
    front = runProgram([nginx, "-p", root, "-c", join(root, "nginx.conf")]);
    const url = `http://127.0.0.1:${port}`;
    await until("nginx serves", () =>
      fetch(url).then(
        (response) => response.ok,
        () => false,
      ),
    );
    const response = await fetch(`${url}/index.html`);
    expect(await response.text()).to.equal("main");
    expect(response.headers.get("x-client")).to.equal(`127.0.0.1 127.0.0.1:${port}`);
    expect((await (await fetch(`${url}/large.txt`)).text()).length).to.equal(3_000_000);
  });
});
