// The same members under balancers of a real Apache and of modhost → who answers which request.
import { expect } from "chai";
import type { Socket } from "node:net";
import { closeAll, closing, startBackEnd, type RawBackEnd } from "../modules/mod_proxy/front.js";
import { endCompared, makeComparedRoot, missingForApache, skipWithout, startServer, type Server } from "./servers.js";
import { talk } from "./wire-client.js";

/** A balancer, and requests to it one after the other. */
interface Row {
  readonly name: string;
  /** Letters of back ends with parameters behind them: "a route=one". */
  readonly members: readonly string[];
  /** In the section of the balancer. */
  readonly lines?: string;
  /** Behind ProxyPass. */
  readonly parameters?: string;
  readonly count?: number;
  /** Fields, and what is asked for, of each request. */
  readonly fields?: readonly string[];
  readonly target?: string;
  readonly method?: string;
  /** How many each has answered is compared, not in which order: that depends on bytes, or on when answers are over. */
  readonly isShare?: true;
  readonly differs?: string;
}

/** What each back end answers a request with; undefined: nothing at all. */
const letters: Readonly<Record<string, string | undefined>> = {
  a: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
  b: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb",
  c: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nc",
  l: `HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\nl${"x".repeat(9_999)}`,
  x: "HTTP/1.1 503 Busy\r\nContent-Length: 1\r\n\r\nx",
  n: "HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nn",
  h: undefined,
};

const cookie = (value: string): readonly string[] => [`Cookie: ${value}`];
const routed = ["a route=one", "b route=two"];
const sticky = "ProxySet stickysession=S";

const rows: readonly Row[] = [
  // Shares.
  { name: "two alike", members: ["a", "b"], count: 100 },
  { name: "three alike", members: ["a", "b", "c"], count: 100 },
  { name: "shares of 1, 2 and 3", members: ["a", "b loadfactor=2", "c loadfactor=3"], count: 100 },
  { name: "a share with a fraction", members: ["a loadfactor=1.5", "b loadfactor=2.25"], count: 100 },
  { name: "a share of 100", members: ["a loadfactor=100", "b"], count: 101 },
  ...["byrequests", "bytraffic", "bybusyness"].flatMap((method): Row[] => [
    {
      name: `${method}, alike`,
      members: ["a", "b", "c"],
      lines: `ProxySet lbmethod=${method}`,
      count: 100,
      isShare: true,
    },
    {
      name: `${method}, with shares`,
      members: ["a loadfactor=3", "b"],
      lines: `ProxySet lbmethod=${method}`,
      count: 100,
      isShare: true,
    },
  ]),
  {
    name: "bytraffic, with one that answers much",
    members: ["a", "l"],
    lines: "ProxySet lbmethod=bytraffic",
    count: 30,
  },
  // Sets and states.
  { name: "sets", members: ["a lbset=1", "b", "c lbset=2"], count: 6 },
  { name: "the next set, where one is disabled", members: ["a lbset=1", "b status=D", "c lbset=2"], count: 6 },
  ...["+D", "+S", "+I", "+H", "+R", "+E", "+N", "D", "SD", "+D-D", "IH", "+C"].flatMap((status): Row[] => [
    { name: `status=${status} of one`, members: ["a", `b status=${status}`, "c"], count: 6 },
    { name: `status=${status} of one, the other disabled`, members: ["a status=+D", `b status=${status}`], count: 4 },
    {
      name: `status=${status} of one that has the session`,
      members: ["a route=one", `b route=two status=${status}`],
      ...{ lines: sticky, count: 4, fields: cookie("S=x.two") },
    },
  ]),
  { name: "two standbys", members: ["a status=+D", "b status=+H", "c status=+H"], count: 6 },
  { name: "a standby in the first set", members: ["a lbset=1", "b status=+H"], count: 4 },
  { name: "a spare for each that is away", members: ["a status=+D", "b status=+R", "c status=+R"], count: 6 },
  { name: "a spare beside one that is there", members: ["a", "b status=+D", "c status=+R"], count: 6 },
  // Sessions.
  { name: "a cookie", members: routed, lines: sticky, fields: cookie("S=x.two"), count: 4 },
  { name: "a cookie of nobody", members: routed, lines: sticky, fields: cookie("S=x.none"), count: 4 },
  { name: "a cookie without a route", members: routed, lines: sticky, fields: cookie("S=two"), count: 4 },
  {
    name: "a cookie among others",
    members: routed,
    lines: sticky,
    fields: cookie("a=S=x.one; S=x.two; b=1"),
    count: 4,
  },
  { name: "a quoted cookie", members: routed, lines: sticky, fields: cookie('S="x.two"'), count: 4 },
  { name: "two cookies of that name", members: routed, lines: sticky, fields: cookie("S=x.two; S=x.one"), count: 4 },
  { name: "a cookie whose name ends so", members: routed, lines: sticky, fields: cookie("XS=x.two"), count: 4 },
  { name: "a route with a dot", members: ["a", "b route=t.wo"], lines: sticky, fields: cookie("S=x.t.wo"), count: 4 },
  { name: "a parameter of the query", members: routed, lines: sticky, target: "p?S=x.two", count: 4 },
  { name: "a second parameter of the query", members: routed, lines: sticky, target: "p?q=1&S=x.two&r=2", count: 4 },
  { name: "a path parameter", members: routed, lines: sticky, target: "p;S=x.two", count: 4 },
  { name: "a path parameter with more behind", members: routed, lines: sticky, target: "p;S=x.two;T=1", count: 4 },
  {
    name: "scolonpathdelim",
    ...{ members: routed, lines: `${sticky} scolonpathdelim=On`, target: "p;S=x.two;T=1", count: 4 },
  },
  {
    name: "names of cookie and parameter, by the cookie",
    ...{ members: routed, lines: "ProxySet stickysession=C|p", fields: cookie("C=x.two"), count: 4 },
  },
  {
    name: "names of cookie and parameter, by the parameter",
    ...{ members: routed, lines: "ProxySet stickysession=C|p", target: "x;p=x.two", count: 4 },
  },
  {
    name: "names of cookie and parameter, the wrong way round",
    ...{
      members: routed,
      lines: "ProxySet stickysession=C|p",
      fields: cookie("p=x.two"),
      target: "x;C=x.two",
      count: 4,
    },
  },
  {
    name: "a parameter and a cookie that disagree",
    ...{ members: routed, lines: sticky, fields: cookie("S=x.one"), target: "x;S=x.two", count: 4 },
  },
  {
    name: "another separator",
    members: routed,
    lines: `${sticky} stickysessionsep=:`,
    fields: cookie("S=x:two"),
    count: 4,
  },
  { name: "no separator", members: routed, lines: `${sticky} stickysessionsep=Off`, fields: cookie("S=two"), count: 4 },
  {
    name: "a session behind ProxyPass",
    members: routed,
    parameters: "stickysession=S",
    fields: cookie("S=x.two"),
    count: 4,
  },
  {
    name: "redirect of one that is disabled",
    ...{ members: ["a route=one", "b route=two status=+D redirect=three", "c route=three"], lines: sticky },
    ...{ fields: cookie("S=x.two"), count: 4 },
  },
  {
    name: "redirect of one that is there",
    ...{ members: ["a route=one", "b route=two redirect=three", "c route=three"], lines: sticky },
    ...{ fields: cookie("S=x.two"), count: 4 },
  },
  // Members that fail.
  { name: "one that is not there", members: ["dead", "b"], count: 5 },
  { name: "one that is not there, by POST", members: ["dead", "b"], method: "POST", count: 5 },
  { name: "none that is there", members: ["dead", "gone"], count: 3 },
  { name: "none that is there, tried again at once", members: ["dead retry=0", "gone retry=0"], count: 3 },
  {
    name: "a session of one that is not there",
    members: ["dead route=one", "b route=two"],
    lines: sticky,
    fields: cookie("S=x.one"),
    count: 3,
  },
  {
    name: "nofailover",
    ...{
      members: ["dead route=one", "b route=two"],
      lines: `${sticky} nofailover=On`,
      fields: cookie("S=x.one"),
      count: 3,
    },
  },
  {
    name: "nofailover, without a session",
    ...{ members: ["dead route=one", "b route=two"], lines: `${sticky} nofailover=On`, count: 3 },
  },
  { name: "maxattempts=1", members: ["dead", "gone", "c"], lines: "ProxySet maxattempts=1", count: 4 },
  { name: "maxattempts=0", members: ["dead", "b"], lines: "ProxySet maxattempts=0", count: 4 },
  { name: "a status", members: ["x", "b"], count: 5 },
  { name: "failonstatus", members: ["x", "b"], lines: "ProxySet failonstatus=503", count: 5 },
  { name: "failonstatus of several", members: ["x", "n", "c"], lines: "ProxySet failonstatus=404,503", count: 6 },
  { name: "failonstatus of another", members: ["x", "b"], lines: "ProxySet failonstatus=500", count: 4 },
  {
    name: "failonstatus of one that ignores errors",
    members: ["x status=+I", "b"],
    lines: "ProxySet failonstatus=503",
    count: 4,
  },
  { name: "one that hangs", members: ["h timeout=1", "b"], count: 3 },
  { name: "failontimeout", members: ["h timeout=1", "b"], lines: "ProxySet failontimeout=On", count: 4 },
  {
    name: "forcerecovery=Off",
    members: ["x retry=60"],
    lines: "ProxySet failonstatus=503 forcerecovery=Off",
    count: 3,
  },
  { name: "forcerecovery=On", members: ["x retry=60"], lines: "ProxySet failonstatus=503 forcerecovery=On", count: 3 },
  {
    name: "timeout of a balancer, within which a member may be tried again",
    ...{ members: ["x retry=1"], lines: "ProxySet failonstatus=503 forcerecovery=Off timeout=5", count: 2 },
  },
  {
    name: "timeout of a balancer that is over before",
    ...{ members: ["x retry=60"], lines: "ProxySet failonstatus=503 forcerecovery=Off timeout=1", count: 2 },
  },
  { name: "a hot standby for one that fails", members: ["dead", "b status=+H"], count: 3 },
  { name: "a spare for one that fails", members: ["dead", "b", "c status=+R"], count: 6 },
  { name: "another set for one that fails", members: ["dead", "b lbset=1"], count: 3 },
  { name: "no member at all", members: [], count: 2 },
];

/** What virtual hosts take over: a balancer `shared` and a ProxyPass of the main server; members by letter. */
const manual = "as its manual says; Apache takes them over all the same";
const hosts: readonly (readonly [name: string, lines: string, target: string, differs?: string])[] = [
  ["takes rules over", "", "/inherited/x"],
  ["takes no rules over", "ProxyPassInherit Off", "/inherited/x", manual],
  ["asks a balancer of the main server", "ProxyPass /own/ balancer://shared/", "/own/x"],
  ["asks no balancer of the main server", "BalancerInherit Off\nProxyPass /own/ balancer://shared/", "/own/x", manual],
  [
    "has a balancer of the same name",
    "<Proxy balancer://shared>\nBalancerMember http://127.0.0.1:@c@\n</Proxy>\nProxyPass /own/ balancer://shared/",
    "/own/x",
  ],
  [
    "has a balancer of the same name, and takes none over",
    "BalancerInherit Off\n<Proxy balancer://shared>\nBalancerMember http://127.0.0.1:@c@\n</Proxy>\nProxyPass /own/ balancer://shared/",
    "/own/x",
    manual,
  ],
  ["says more of a balancer", "ProxyPass /own/ balancer://shared/ stickysession=S", "/own/x;S=x.two"],
  [
    "persists",
    "BalancerPersist On\nBalancerGrowth 3\nProxyPass /own/ balancer://shared/ growth=2 nonce=None",
    "/own/x",
  ],
];

function configurationOf(ports: Readonly<Record<string, number>>): string {
  const url = (letter: string): string => `http://127.0.0.1:${ports[letter] ?? 0}`;
  const balancers = rows.map(({ members, lines = "", parameters = "" }, i) => {
    const own = members.map((member) => `BalancerMember ${member.replace(/^\w+/, (letter) => `${url(letter)}/r${i}`)}`);
    return `<Proxy balancer://r${i}>\n${own.join("\n")}\n${lines}\n</Proxy>\nProxyPass /r${i}/ balancer://r${i}/ ${parameters}`;
  });
  const names = ["proxy", "proxy_http", "proxy_balancer", "slotmem_shm"];
  const methods = ["byrequests", "bytraffic", "bybusyness"].map((name) => `lbmethod_${name}`);
  return [
    ...[...names, ...methods].map((name) => `LoadModule ${name}_module @MODULES@/mod_${name}.so`),
    'DocumentRoot "@ROOT@/htdocs"',
    "<VirtualHost *:@PORT@>\nServerName rows.test\nBalancerInherit Off\nProxyPassInherit Off",
    ...balancers,
    "</VirtualHost>",
    `<Proxy balancer://shared>\nBalancerMember ${url("a")} route=one\nBalancerMember ${url("b")} route=two\n</Proxy>`,
    "ProxyPass /inherited/ balancer://shared/",
    ...hosts.map(([, lines], i) => {
      const own = lines.replace(/@(\w)@/g, (_all, letter: string) => String(ports[letter]));
      return `<VirtualHost *:@PORT@>\nServerName h${i}.test\n${own}\n</VirtualHost>`;
    }),
    "",
  ].join("\n");
}

describe("balancers, as Apache", function () {
  this.timeout(60_000);
  const servers: Server[] = [];
  let root = "";

  before(async function () {
    skipWithout(this, missingForApache());
    root = makeComparedRoot();
    // Nobody listens on these two.
    const ports: Record<string, number> = { dead: 1, gone: 2 };
    for (const [letter, text] of Object.entries(letters)) ports[letter] = (await startLetter(text)).port;
    for (const kind of ["apache", "modhost"] as const) {
      servers.push(await startServer(kind, configurationOf(ports), root));
    }
  });
  after(async () => {
    await endCompared(servers, root, closeAll);
  });

  const compare = (
    name: string,
    ask: (server: Server) => Promise<string>,
    { differs, isShare }: Pick<Row, "differs" | "isShare">,
  ): void => {
    it(name + (differs === undefined ? "" : ` (differs: ${differs})`), async () => {
      const [expected = "", found = ""] = await Promise.all(servers.map(ask));
      if (differs !== undefined) expect(found, "listed as different, and equal").to.not.equal(expected);
      else if (!isShare) expect(found).to.equal(expected);
      else {
        const share = (text: string): number => text.split("a").length - 1;
        expect(share(found), found).to.be.closeTo(share(expected), 10);
      }
    });
  };

  for (const [index, row] of rows.entries()) {
    const { name, count = 1, fields = [], target = "x", method = "GET" } = row;
    const lines = [`${method} /r${index}/${target} HTTP/1.1`, "Host: rows.test", "Connection: close", ...fields];
    const body = method === "POST" ? "Content-Length: 5\r\n\r\nhello" : "\r\n";
    compare(name, (server) => answersOf(server, `${lines.join("\r\n")}\r\n${body}`, count), row);
  }
  for (const [index, [name, , target, differs]] of hosts.entries()) {
    const raw = `GET ${target} HTTP/1.1\r\nHost: h${index}.test\r\nConnection: close\r\n\r\n`;
    compare(
      `a virtual host that ${name}`,
      (server) => answersOf(server, raw, 4),
      differs === undefined ? {} : { differs },
    );
  }
});

/** Who answered, one after the other: letters, with the status where it is not 200. */
async function answersOf({ ports: [port] }: Server, raw: string, count: number): Promise<string> {
  const all: string[] = [];
  for (let i = 0; i < count; i++) {
    const sent = { host: "127.0.0.1", port, pieces: [raw], methods: ["GET"], end: false, probe: undefined };
    const { answers } = await talk(sent);
    const status = answers[0]?.statusLine.slice(9, 12) ?? "none";
    const letter = answers[0]?.body.charAt(0) ?? "";
    all.push(status === "200" ? letter : letter === "<" ? `[${status}]` : `[${status} ${letter}]`);
  }
  return all.join("");
}

/** A back end that answers each request with that text, its body read. */
async function startLetter(text: string | undefined): Promise<RawBackEnd> {
  const isWhole = (received: string): boolean =>
    /\r\n\r\n(?:hello)?$/.test(received) && !/: 5\r\n[^]*\r\n\r\n$/.test(received);
  return closing(
    await startBackEnd((connection) => {
      const socket: Socket = connection.socket;
      if (text === undefined || !isWhole(connection.received)) return;
      connection.received = "";
      socket.write(text);
    }),
  );
}
