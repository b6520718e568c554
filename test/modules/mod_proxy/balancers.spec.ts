import { expect } from "chai";
import { freePorts, until } from "../../support/running.js";
import {
  after,
  always,
  closeAll,
  closing,
  request,
  startBackEnd,
  startFront,
  type Front,
  type RawBackEnd,
} from "./front.js";

const answer = (text: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;

/** A front before back ends that answer with their letters: @A@, @B@, @C@ are their ports, @DEAD@ one without. */
async function several(
  configuration: string,
  letters = "ab",
): Promise<Front & { readonly backEnds: readonly RawBackEnd[]; readonly dead: number }> {
  const [dead = 0] = await freePorts(1);
  const backEnds: RawBackEnd[] = [];
  let text = configuration.replaceAll("@DEAD@", String(dead));
  for (const letter of letters) {
    const backEnd = closing(await startBackEnd(always(answer(letter))));
    backEnds.push(backEnd);
    text = text.replaceAll(`@${letter.toUpperCase()}@`, String(backEnd.port));
  }
  return { ...closing(await startFront(text)), backEnds, dead };
}

/** Who answered so many requests, in order. */
async function asked(front: Front, count: number, ...fields: readonly string[]): Promise<string> {
  let letters = "";
  for (let i = 0; i < count; i++) letters += (await front.send(request("GET /x", ...fields))).slice(-1);
  return letters;
}

const two = (lines = "", a = "", b = ""): string =>
  `<Proxy balancer://b>\nBalancerMember http://127.0.0.1:@A@ ${a}\nBalancerMember http://127.0.0.1:@B@ ${b}\n${lines}\n</Proxy>\nProxyPass / balancer://b/`;

/** Configuration, fields of the request, who answers six requests. Shares and order are Apache's. */
const shared: readonly (readonly [string, string, readonly string[], string])[] = [
  ["all alike", two(), [], "ababab"],
  ["a larger share", two("", "loadfactor=2"), [], "abaaba"],
  ["a disabled member", two("", "", "status=+D"), [], "aaaaaa"],
  ["a stopped member", two("", "status=+S"), [], "bbbbbb"],
  ["a draining member", two("", "status=N"), [], "bbbbbb"],
  ["a hot standby", two("", "", "status=+H"), [], "aaaaaa"],
  ["a hot standby for one that is disabled", two("", "status=+D", "status=+H"), [], "bbbbbb"],
  ["a spare", two("", "", "status=+R"), [], "aaaaaa"],
  ["a spare for one that is disabled", two("", "status=+D", "status=+R"), [], "bbbbbb"],
  ["a set behind another", two("", "lbset=1"), [], "bbbbbb"],
  ["by traffic", two("ProxySet lbmethod=bytraffic"), [], "ababab"],
  ["by what is under way", two("ProxySet lbmethod=bybusyness"), [], "ababab"],
  ["a session's cookie", two("ProxySet stickysession=S", "route=a", "route=b"), ["Cookie: x=1; S=1234.b"], "bbbbbb"],
  ["a session of nobody", two("ProxySet stickysession=S", "route=a", "route=b"), ["Cookie: S=1234.c"], "ababab"],
  [
    "a session of a draining member",
    two("ProxySet stickysession=S", "route=a status=N", "route=b"),
    ["Cookie: S=.a"],
    "aaaaaa",
  ],
  [
    "another separator",
    two("ProxySet stickysession=S stickysessionsep=:", "route=a", "route=b"),
    ["Cookie: S=1.2:b"],
    "bbbbbb",
  ],
  [
    "a redirect of a session",
    two("ProxySet stickysession=S", "route=a status=+D redirect=b", "route=b"),
    ["Cookie: S=.a"],
    "bbbbbb",
  ],
  ["parameters behind ProxyPass", `${two("", "route=a", "route=b")} stickysession=S`, ["Cookie: S=.b"], "bbbbbb"],
  [
    "parameters behind <Proxy>",
    two("", "route=a", "route=b").replace("b>", "b stickysession=S>"),
    ["Cookie: S=.b"],
    "bbbbbb",
  ],
  [
    "ProxySet beside the section",
    `${two("", "route=a", "route=b")}\nProxySet balancer://b stickysession=S`,
    ["Cookie: S=.b"],
    "bbbbbb",
  ],
  [
    "members beside the section",
    "BalancerMember balancer://b http://127.0.0.1:@A@\nProxyPass / balancer://b/",
    [],
    "aaaaaa",
  ],
  [
    "a balancer in a Location",
    `${two().replace(/ProxyPass.*/, "")}<Location />\nProxyPass balancer://b/\n</Location>`,
    [],
    "ababab",
  ],
  [
    "a rewriting rule",
    `${two().replace(/ProxyPass.*/, "")}RewriteEngine On\nRewriteRule ^/(.*) balancer://b/$1 [P]`,
    [],
    "ababab",
  ],
  ["a member that is not there", two().replace("@A@", "@DEAD@"), [], "bbbbbb"],
];

describe("mod_proxy_balancer", () => {
  afterEach(closeAll);

  for (const [what, configuration, fields, letters] of shared) {
    it(`asks ${letters} for ${what}`, async () => {
      expect(await asked(await several(configuration), 6, ...fields)).to.equal(letters);
    });
  }

  it("puts the path of the request behind that of the member", async () => {
    const front = await several(
      "<Proxy balancer://b>\nBalancerMember http://127.0.0.1:@A@/one\n</Proxy>\nProxyPass /x balancer://b/two",
      "a",
    );
    await front.send(request("GET /x/y?z"));
    expect(front.backEnds[0]?.received()).to.match(/^GET \/one\/two\/y\?z HTTP/);
  });

  it("takes the session from a path parameter too", async () => {
    const front = await several(`${two("", "route=a", "route=b")} stickysession=S|jsessionid`);
    expect((await front.send(request("GET /x;jsessionid=12.b"))).slice(-1)).to.equal("b");
    expect((await front.send(request("GET /x?jsessionid=12.b"))).slice(-1)).to.equal("b");
  });

  it("tells the environment whose session it is", async () => {
    const front = await several(
      `${two("ProxySet stickysession=S", "route=a", "route=b")}\nHeader set X-Route "%{BALANCER_WORKER_ROUTE}e" env=BALANCER_ROUTE_CHANGED`,
    );
    expect(await front.send(request("GET /"))).to.match(/\r\nX-Route: a\r\n/);
    expect(await front.send(request("GET /", "Cookie: S=.b"))).not.to.contain("X-Route");
  });

  it("maps redirects of all members back", async () => {
    const back = closing(
      await startBackEnd(
        (connection) =>
          void connection.socket.write(
            `HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${back.port}/in/y\r\nContent-Length: 0\r\n\r\n`,
          ),
      ),
    );
    const front = closing(
      await startFront(
        `<Proxy balancer://b>\nBalancerMember http://127.0.0.1:${back.port}/in\n</Proxy>\nProxyPass /x balancer://b\nProxyPassReverse /x balancer://b`,
      ),
    );
    expect(await front.send(request("GET /x/a"))).to.match(/\r\nLocation: http:\/\/front.test:81\/x\/y\r\n/);
  });

  it("sends a body to another member when one cannot be reached", async () => {
    const back = closing(await startBackEnd(after("hello", answer("a"))));
    const [dead = 0] = await freePorts(1);
    const front = closing(
      await startFront(
        `<Proxy balancer://b>\nBalancerMember http://127.0.0.1:${dead}\nBalancerMember http://127.0.0.1:${back.port}\n</Proxy>\nProxyPass / balancer://b/`,
      ),
    );
    const talk = front.open();
    talk.socket.write(request("POST /", "Content-Length: 5"));
    await until("the member has the head", () => back.received().includes("\r\n\r\n"));
    talk.socket.write("hello");
    await until("the answer is there", () => talk.hasEnded());
    expect(talk.received()).to.match(/a$/);
  });

  it("answers 503 where nobody is left, and tries all again with the next request", async () => {
    const front = await several(two().replace("@A@", "@DEAD@").replace("@B@", "@DEAD@"));
    expect(await front.send(request("GET /"))).to.match(/^HTTP\/1.1 503 /);
    closing(await startBackEnd(always(answer("z")), { port: front.dead, host: "127.0.0.1" }));
    expect((await front.send(request("GET /"))).slice(-1)).to.equal("z");
  });

  it("leaves a member alone that was in error, as long as retry says", async () => {
    const front = await several(two("", "retry=3600").replace("@A@", "@DEAD@"));
    expect(await asked(front, 2)).to.equal("bb");
    closing(await startBackEnd(always(answer("z")), { port: front.dead, host: "127.0.0.1" }));
    expect(await asked(front, 4)).to.equal("bbbb");
  });

  it("asks a member again at once with retry=0", async () => {
    const front = await several(two("", "retry=0").replace("@A@", "@DEAD@"));
    expect(await asked(front, 2)).to.equal("bb");
    closing(await startBackEnd(always(answer("z")), { port: front.dead, host: "127.0.0.1" }));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await asked(front, 4)).to.contain("z");
  });

  it("does not fail over where nofailover says so", async () => {
    const front = await several(`${two("", "route=a status=+D", "route=b")} stickysession=S nofailover=On`);
    expect(await front.send(request("GET /", "Cookie: S=.a"))).to.match(/^HTTP\/1.1 503 /);
  });

  it("takes the statuses of failonstatus for errors", async () => {
    const bad = closing(await startBackEnd(always("HTTP/1.1 500 No\r\nContent-Length: 1\r\n\r\nx")));
    const front = await several(`${two().replace("@A@", String(bad.port))} failonstatus=500`);
    expect(await asked(front, 4)).to.equal("xbbb");
  });

  it("has balancers of its own in each virtual host, and those of the main server", async () => {
    const front = await several(
      "<Proxy balancer://m>\nBalancerMember http://127.0.0.1:@A@\n</Proxy>\n<VirtualHost *>\nServerName front.test\n" +
        "<Proxy balancer://o>\nBalancerMember http://127.0.0.1:@B@\n</Proxy>\nProxyPass /m balancer://m\nProxyPass / balancer://o/\n</VirtualHost>",
    );
    expect((await front.send(request("GET /m/x"))).slice(-1)).to.equal("a");
    expect((await front.send(request("GET /x"))).slice(-1)).to.equal("b");
  });
});
