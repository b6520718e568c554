// The same members under mod_proxy_hcheck of Apache and of modhost → the same requests to them, and the same ones taken out.
import { expect } from "chai";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../support/running.js";
import { missingForApache, skipWithout, startServer, type Kind, type Server } from "./servers.js";

/** A member: its parameters, and what it answers checks with; `count` is how many it has answered before. */
interface Row {
  readonly name: string;
  readonly parameters: string;
  readonly path?: string;
  readonly answer?: (count: number) => string;
  /** Lines beside the balancer. */
  readonly lines?: string;
  /** Why the bytes of the request differ. */
  readonly differs?: string;
  /** Whether it ends up taking requests. */
  readonly isIn: boolean;
  /** It does not accept connections. */
  readonly isDead?: true;
}

const text = (status: string, body = "", fields = ""): string =>
  `HTTP/1.1 ${status}\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
const ok = (): string => text("200 OK", "fine");
const always = (answer: string) => (): string => answer;

const rows: readonly Row[] = [
  { name: "a connection", parameters: "hcmethod=TCP", isIn: true },
  { name: "a connection that is refused", parameters: "hcmethod=TCP", isDead: true, isIn: false },
  { name: "OPTIONS", parameters: "hcmethod=OPTIONS", isIn: true },
  { name: "OPTIONS of HTTP/1.1", parameters: "hcmethod=OPTIONS11 hcuri=/not/asked", isIn: true },
  { name: "HEAD", parameters: "hcmethod=HEAD hcuri=/health", isIn: true },
  {
    name: "a path behind another",
    parameters: "hcmethod=HEAD hcuri=/health",
    path: "/app",
    isIn: true,
    differs: "one slash between them, not two",
  },
  { name: "HEAD of HTTP/1.1", parameters: "hcmethod=HEAD11", path: "/app", isIn: true },
  { name: "GET", parameters: "hcmethod=GET", path: "/app/", isIn: true },
  { name: "GET of HTTP/1.1", parameters: "hcmethod=get11", path: "/app", isIn: true },
  { name: "GET of a path below", parameters: "hcmethod=GET hcuri=health?x=y", path: "/app", isIn: true },
  {
    name: "GET without a path",
    parameters: "hcmethod=GET",
    isIn: true,
    differs: "a request line has a path",
  },
  { name: "a redirect", parameters: "hcmethod=GET", path: "/a", answer: always(text("302 Found")), isIn: true },
  { name: "a 404", parameters: "hcmethod=GET", path: "/a", answer: always(text("404 No")), isIn: false },
  { name: "a 500 to HEAD", parameters: "hcmethod=HEAD", path: "/a", answer: always(text("500 No")), isIn: false },
  { name: "a 500 to OPTIONS", parameters: "hcmethod=OPTIONS", answer: always(text("500 No")), isIn: false },
  { name: "garbage", parameters: "hcmethod=GET", path: "/a", answer: always("what?\r\n\r\n"), isIn: false },
  { name: "nothing", parameters: "hcmethod=GET", path: "/a", answer: always(""), isIn: false },
  {
    name: "a body in chunks",
    parameters: "hcmethod=GET11 hcexpr=open",
    path: "/a",
    answer: always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwe ar\r\n6\r\ne open\r\n0\r\n\r\n"),
    lines: "ProxyHCExpr open {hc('body') =~ /are open/}",
    isIn: true,
  },
  {
    name: "a condition on the body that is not true",
    parameters: "hcmethod=GET hcexpr=open2",
    path: "/a",
    answer: always(text("200 OK", "we are closed")),
    lines: "ProxyHCExpr open2 {%{HC_BODY} =~ /open/}",
    isIn: false,
  },
  {
    name: "a condition on the status, which is all that counts then",
    parameters: "hcmethod=GET hcexpr=teapot",
    path: "/a",
    answer: always(text("418 No")),
    lines: 'ProxyHCExpr teapot "%{REQUEST_STATUS} -eq 418"',
    isIn: true,
  },
  {
    name: "a condition on a field",
    parameters: "hcmethod=HEAD hcexpr=field",
    path: "/a",
    answer: always(text("200 OK", "", "X-State: busy\r\n")),
    lines: "ProxyHCExpr field {%{resp:X-State} == 'free'}",
    isIn: false,
  },
  {
    name: "a template",
    parameters: "hctemplate=Head hcinterval=100ms",
    path: "/a",
    lines: "ProxyHCTemplate head hcmethod=HEAD hcinterval=1 hcuri=deep",
    isIn: true,
  },
  {
    name: "a template without a method",
    parameters: "hctemplate=plain",
    lines: "ProxyHCTemplate plain hcinterval=100ms",
    isIn: true,
  },
  {
    name: "a member that comes back after two good answers",
    parameters: "hcmethod=GET hcpasses=2",
    path: "/a",
    answer: (count) => (count < 2 ? text("503 No") : ok()),
    isIn: true,
  },
  {
    name: "one bad answer where two are borne",
    parameters: "hcmethod=GET hcfails=2",
    path: "/a",
    answer: (count) => (count === 1 ? text("503 No") : ok()),
    isIn: true,
  },
  {
    name: "two bad answers with a good one between",
    parameters: "hcmethod=GET hcfails=2 hcpasses=100",
    path: "/a",
    answer: (count) => (count < 3 && count !== 1 ? text("503 No") : ok()),
    isIn: false,
  },
  {
    name: "a member that is stopped",
    parameters: "hcmethod=GET status=+S",
    path: "/a",
    isIn: false,
  },
];

const base = `
LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
LoadModule slotmem_shm_module @MODULES@/mod_slotmem_shm.so
LoadModule proxy_balancer_module @MODULES@/mod_proxy_balancer.so
LoadModule lbmethod_byrequests_module @MODULES@/mod_lbmethod_byrequests.so
LoadModule proxy_hcheck_module @MODULES@/mod_proxy_hcheck.so
`;

/** A back end: what each check sent, in order. */
interface BackEnd {
  readonly port: number;
  readonly checks: string[];
  close(): void;
}

describe("health checks, as Apache", function () {
  this.timeout(60_000);
  const kinds: readonly Kind[] = ["apache", "modhost"];
  const found = new Map<Kind, { readonly server: Server; readonly backEnds: readonly BackEnd[] }>();
  let root = "";

  before(async function () {
    skipWithout(this, missingForApache());
    root = mkdtempSync(join(tmpdir(), "health-"));
    chmodSync(root, 0o755);
    mkdirSync(join(root, "conf"));
    writeFileSync(join(root, "conf/mime.types"), "text/html html\n");
    for (const kind of kinds) {
      const backEnds = await Promise.all(rows.map(startBackEnd));
      const lines = rows.map((row, index) => balancerOf(row, index, backEnds[index]?.port ?? 0));
      found.set(kind, { server: await startServer(kind, base + lines.join("\n"), root), backEnds });
    }
  });
  after(async () => {
    await Promise.all([...found.values()].map(({ server }) => server.stop()));
    for (const { backEnds } of found.values()) backEnds.forEach((backEnd) => backEnd.close());
    if (root !== "") rmSync(root, { recursive: true });
  });

  for (const [index, row] of rows.entries()) {
    it(`${row.name}: the member takes ${row.isIn ? "requests" : "none"}${row.differs ? ` (the request differs: ${row.differs})` : ""}`, async () => {
      const requests = await Promise.all(
        kinds.map(async (kind) => {
          const { server, backEnds } = found.get(kind) ?? {};
          const backEnd = backEnds?.[index];
          if (!server || !backEnd) throw new Error("the servers do not run");
          const isChecked = !row.isDead && !row.parameters.includes("+S");
          if (isChecked) await until(`${kind} has checked it six times`, () => backEnd.checks.length >= 6);
          const status = row.isIn ? 200 : 503;
          await until(`${kind} answers with ${status}`, async () => (await asked(server, index)) === status);
          return isChecked ? (backEnd.checks[0] ?? "").replaceAll(String(backEnd.port), "@PORT@") : "";
        }),
      );
      if (row.differs) expect(requests[1]).to.not.equal(requests[0]);
      else expect(requests[1]).to.equal(requests[0]);
    });
  }
});

function balancerOf({ parameters, path = "", lines = "" }: Row, index: number, port: number): string {
  const interval = /hcinterval|hctemplate/.test(parameters) ? "" : "hcinterval=100ms";
  return `${lines}
<Proxy balancer://b${index}>
  BalancerMember http://127.0.0.1:${port}${path} ${interval} ${parameters} retry=0
</Proxy>
ProxyPass /r${index} balancer://b${index}`;
}

async function asked({ ports }: Server, index: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${ports[0]}/r${index}/real`);
  await response.arrayBuffer();
  return response.status;
}

/** Requests whose path ends with "/real" are no checks, and always well answered. */
async function startBackEnd({ answer = ok, isDead }: Row): Promise<BackEnd> {
  const checks: string[] = [];
  const sockets = new Set<Socket>();
  let answered = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    let received = "";
    let isCheck = true;
    socket.on("data", (bytes: Buffer) => {
      received += bytes.toString("latin1");
      if (!received.endsWith("\r\n\r\n")) return;
      isCheck = !/^\S+ \S*\/real /.test(received);
      const reply = isCheck ? answer(answered++) : ok();
      if (reply === "") socket.end();
      else socket.write(reply);
      if (!isCheck) received = "";
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      sockets.delete(socket);
      if (isCheck) checks.push(received);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  if (isDead) await new Promise((resolve) => server.close(resolve));
  return {
    port,
    checks,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
