import { expect } from "chai";
import { faultsOf } from "../support/ask.js";
import { closeAll, ok, pair, request, type RawBackEnd } from "./mod_proxy/front.js";

/** What the back end was asked, by its request line. */
function lineOf({ backEnd }: { backEnd: RawBackEnd }): string {
  return /^[^\r]*/.exec(backEnd.received())?.[0] ?? "";
}

/** Fields of a message as lines, without the status or request line. */
function fieldsOf(text: string): string[] {
  return (text.split("\r\n\r\n")[0] ?? "").split("\r\n").slice(1);
}

/** Configuration, target, what the back end is asked for; undefined: nothing. As Apache does, where it is not said otherwise. */
const mapped: readonly (readonly [string, string, string | undefined])[] = [
  ["ProxyPass / B/", "/a/b?c=d", "/a/b?c=d"],
  ["ProxyPass / B/", "/", "/"],
  ["ProxyPass / B/x/", "/a", "/x/a"],
  ["ProxyPass /app B", "/app/x", "/x"],
  ["ProxyPass /app B", "/app", "/"],
  ["ProxyPass /app B", "/apple", undefined],
  ["ProxyPass /app B/in", "/app", "/in"],
  ["ProxyPass /app B/x/", "/app/y", "/x//y"],
  ["ProxyPass /app/ B/in/", "/app", undefined],
  ["ProxyPass /in/not !\nProxyPass /in B/in", "/in/not/x", undefined],
  ["ProxyPass /in/not !\nProxyPass /in B/in", "/in/x", "/in/x"],
  ["ProxyPass /a B/one\nProxyPass /a/b B/two", "/a/b", "/one/b"],
  ["<VirtualHost *>\nProxyPass /a B/own\n</VirtualHost>\nProxyPass /a/b B/main", "/a/b", "/main"],
  ["ProxyPass / B/\nAlias /x ROOT/htdocs", "/x", "/x"],
  ["ProxyPass /a B/ noquery", "/a?b", "/"],
  ["<Location /loc>\nProxyPass B/l\n</Location>", "/loc/x", "/l/x"],
  ["ProxyPass / B/\n<Location /loc>\nProxyPass !\n</Location>", "/loc/x", undefined],
  ["<LocationMatch ^/lm/(.*)$>\nProxyPass B/q/$1\n</LocationMatch>", "/lm/x", "/q/x"],
  ["ProxyPassMatch ^/m/(.*)\\.gif$ B/img/$1?z=1", "/m/a%20b.gif?k=v", "/img/a%20b%3Fz=1?k=v"],
  ["ProxyPassMatch ^/n/ B", "/n/x", "/n/x"],
  ["ProxyPassMatch ^/n(/.*)$ B$1", "/n/x/y", "/x/y"],
  ["ProxyPass ~ ^/(x.*)$ B/t/$1", "/xyz", "/t/xyz"],
  ["SetEnvIf Request_URI ^/keep no-proxy\nProxyPass / B/", "/keep", undefined],
  ["ProxyPass / B/\n<Location /x>\nSetHandler default-handler\n</Location>", "/x", "/x"],
  // The path goes on byte for byte; Apache encodes it anew.
  ["ProxyPass / B/", '/%41%c3%a9/[x]|"<>~?q=%41|{}&?y', '/%41%c3%a9/[x]|"<>~?q=%41|{}&?y'],
  ["ProxyPass /a%20b B/", "/a%20b/%7e", undefined],
  ['ProxyPass "/a b" B/c', "/%61%20b/%7e", "/c/%7e"],
  ["AllowEncodedSlashes NoDecode\nProxyPass / B/", "/a%2Fb%25", "/a%2Fb%25"],
  // Where the path is not what access rules saw, they decide.
  ["ProxyPass / B/", "/a/../b//c/./%20\xe9", "/b/c/%20%E9"],
  ["ProxyPass / B/ nocanon", "/b//c/./%20", "/b//c/./%20"],
];

/** Lines and their faults. */
const refused: readonly (readonly [string, string])[] = [
  ["ProxyPass /", "1: ProxyPass: needs a path and a URL outside of <Location>"],
  ["ProxyPass / foo", '1: ProxyPass: URL must be absolute, found "foo"'],
  ["ProxyPass / http:///x", '1: ProxyPass: URL must be absolute, found "http:///x"'],
  ["ProxyPass x http://h/", '1: ProxyPass: the path must start with "/", found "x"'],
  [
    "ProxyPass / ajp://h/",
    "1: ProxyPass: ajp:// cannot be used: AJP back ends are not supported: let Tomcat speak http",
  ],
  ["ProxyPass / h2://h/", "1: ProxyPass: h2:// cannot be used: HTTP/2 back ends are not supported: write https://"],
  ["ProxyPass / gopher://h/", "1: ProxyPass: gopher:// cannot be used: there is no such scheme of back ends"],
  ["ProxyPass / http://u:p@h/", '1: ProxyPass: a user and password are not sent to back ends, found "http://u:p@h/"'],
  ["ProxyPass / http://h:99999/", '1: ProxyPass: a port is a number from 1 to 65535, found "http://h:99999/"'],
  [
    "ProxyPass / unix:/run/x.sock",
    '1: ProxyPass: a Unix socket needs a URL behind it: unix:/path|http://localhost/, found "unix:/run/x.sock"',
  ],
  ["ProxyPass / http://h/ foo=bar", '1: ProxyPass: unknown parameter foo, found "foo=bar"'],
  ["ProxyPass / http://h/ foo", '1: ProxyPass: a parameter must be of the form key=value, found "foo"'],
  [
    "ProxyPass / http://h/ timeout=abc",
    '1: ProxyPass: timeout must be a number of seconds from 1 to 1000000000, found "timeout=abc"',
  ],
  [
    "ProxyPass / http://h/ upgrade=web+socket+and+more",
    '1: ProxyPass: upgrade must be the name of a protocol, ANY or NONE, found "upgrade=web+socket+and+more"',
  ],
  [
    "ProxyPass / http://h/ loadfactor=101",
    '1: ProxyPass: loadfactor must be a number from 1 to 100, found "loadfactor=101"',
  ],
  ["<Directory /tmp>\nProxyPass http://h/\n</Directory>", "2: ProxyPass: cannot occur within <Directory> section"],
  [
    "<Location /a>\nProxyPass /b http://h/\n</Location>",
    '2: ProxyPass: takes no path in a <Location>, whose own it is, found "/b"',
  ],
  ["ProxyPassReverse /x", "1: ProxyPassReverse: needs a path and a URL when not in a <Location>"],
  ["ProxyTimeout 0", '1: ProxyTimeout: seconds must be a whole number of at least 1, found "0"'],
  ["ProxyVia foo", '1: ProxyVia: switch must be one of Off, On, Full, Block, found "foo"'],
  ["<Proxy http://h/* max=3>\n</Proxy>", "1: <Proxy>: takes parameters behind one URL only, without wildcards"],
  [
    "ProxyPass / http://h/ lbmethod=byrequests",
    '1: ProxyPass: unknown parameter lbmethod, found "lbmethod=byrequests": it belongs to a balancer://',
  ],
  [
    "ProxyPass / balancer://b lbmethod=heartbeat",
    '1: ProxyPass: lbmethod must not be heartbeat: its reports come by multicast, which is not taken, found "lbmethod=heartbeat"',
  ],
  ["BalancerMember http://h/", "1: BalancerMember: must stand in <Proxy balancer://name>, or name that balancer first"],
  [
    "<Proxy balancer://b>\nBalancerMember balancer://c\n</Proxy>",
    '2: BalancerMember: a balancer cannot be a member, found "balancer://c"',
  ],
  [
    "<Proxy balancer://b>\nBalancerMember http://h/ status=+X\n</Proxy>",
    '2: BalancerMember: status must be made of the letters DSIRHENC, + and -, found "status=+X"',
  ],
  ["ProxySet max=3", "1: ProxySet: needs a URL in front of its parameters when not in a <Proxy>"],
  ["ProxyBadHeader Ignore", '1: ProxyBadHeader: must be IsError: bad responses are not passed on, found "Ignore"'],
];

/** Sections, target, status. */
const guarded: readonly (readonly [string, string, number])[] = [
  ["<Proxy *>\nRequire all denied\n</Proxy>", "/x", 403],
  ["<Proxy http://127.0.0.1:@PORT@/no>\nRequire all denied\n</Proxy>", "/no/x", 403],
  ["<Proxy http://127.0.0.1:@PORT@/no>\nRequire all denied\n</Proxy>", "/nothing", 403],
  ["<Proxy http://127.0.0.1:@PORT@/no>\nRequire all denied\n</Proxy>", "/%6eo", 403],
  ["<Proxy http://127.0.0.1:@PORT@/no>\nRequire all denied\n</Proxy>", "/yes", 200],
  ["<Proxy http://*/a*z>\nRequire all denied\n</Proxy>", "/a/b/z", 403],
  ["<Proxy http://*/a*z>\nRequire all denied\n</Proxy>", "/a/zz/b", 200],
  ["<Proxy ~ /deep$>\nRequire all denied\n</Proxy>", "/x/deep", 403],
  ["<ProxyMatch /deep$>\nRequire all denied\n</ProxyMatch>", "/x/deep", 403],
  ["<Proxy *>\nRequire all denied\n</Proxy>\n<Location /open>\nRequire all granted\n</Location>", "/open", 200],
  ["<Directory />\nRequire all denied\n</Directory>", "/x", 200],
];

/** A field of the response under a configuration, and what the client gets. */
const reversed: readonly (readonly [string, string, string])[] = [
  [
    "ProxyPassReverse / http://127.0.0.1:@PORT@/",
    "Location: http://127.0.0.1:@PORT@/x?y",
    "Location: http://front.test:81/x?y",
  ],
  [
    "ProxyPassReverse /a HTTP://127.0.0.1:@PORT@/b",
    "Content-Location: http://127.0.0.1:@PORT@/b/c",
    "Content-Location: http://front.test:81/a/c",
  ],
  ["ProxyPassReverse / http://127.0.0.1:@PORT@/", "Location: http://other/", "Location: http://other/"],
  ["ProxyPassReverse / http://127.0.0.1:@PORT@/", "Location: /relative", "Location: /relative"],
  ["ProxyPassReverse /a /b", "Location: http://any/b/c", "Location: http://front.test:81/a/c"],
  ["ProxyPassReverse / http://127.0.0.1:@PORT@/", "Link: http://127.0.0.1:@PORT@/x", "Link: http://127.0.0.1:@PORT@/x"],
  [
    "<Location />\nProxyPassReverse http://127.0.0.1:@PORT@/\n</Location>",
    "Location: http://127.0.0.1:@PORT@/x",
    "Location: http://front.test:81/x",
  ],
  ["ProxyPassReverseCookiePath /in /out", "Set-Cookie: a=1; Path=/in", "Set-Cookie: a=1; Path=/out"],
  [
    "ProxyPassReverseCookiePath /in /out",
    "Set-Cookie: a=1; path=/in/deep; HttpOnly",
    "Set-Cookie: a=1; path=/out; HttpOnly",
  ],
  ["ProxyPassReverseCookiePath /in /out", "Set-Cookie: a=1; path=/x", "Set-Cookie: a=1; path=/x"],
  [
    "ProxyPassReverseCookieDomain back.test f.test",
    "Set-Cookie: a=1; domain=BACK.test",
    "Set-Cookie: a=1; domain=f.test",
  ],
  [
    "ProxyPassReverseCookieDomain back.test f.test",
    "Set-Cookie: a=1; domain=.back.test",
    "Set-Cookie: a=1; domain=.back.test",
  ],
];

describe("mod_proxy", () => {
  afterEach(closeAll);

  describe("mapping", () => {
    for (const [configuration, target, wanted] of mapped) {
      it(`asks for ${wanted ?? "nothing"} on ${target} by ${configuration.replaceAll("\n", "; ")}`, async () => {
        const front = await pair(ok, configuration.replaceAll("B", "http://127.0.0.1:@PORT@"));
        await front.send(request(`GET ${target}`));
        expect(lineOf(front)).to.equal(wanted === undefined ? "" : `GET ${wanted} HTTP/1.1`);
      });
    }

    for (const [configuration, error] of refused) {
      it(`refuses ${configuration.replaceAll("\n", "; ")}`, () => {
        expect(faultsOf(configuration).errors).to.deep.equal([error]);
      });
    }

    for (const [configuration, target, status] of guarded) {
      it(`answers ${target} with ${status} under ${configuration.replaceAll("\n", "; ")}`, async () => {
        const front = await pair(ok, `${configuration}\nProxyPass / http://127.0.0.1:@PORT@/`);
        expect(await front.send(request(`GET ${target}`))).to.match(new RegExp(`^HTTP/1.1 ${status} `));
      });
    }

    it("never lets the path run into the port", async () => {
      const front = await pair(
        ok,
        "ProxyPass /a/ http://127.0.0.1:@PORT@\nProxyPassMatch ^/b(.*)$ http://127.0.0.1:@PORT@$1",
      );
      for (const target of ["/a/00", "/b@127.0.0.1", "/b.example"]) {
        const answer = await front.send(request(`GET ${target}`));
        expect(answer).to.match(/^HTTP\/1.1 500 Proxy Error/);
        expect(answer).to.contain("DNS lookup failure for: ");
      }
      expect(front.backEnd.connections).to.have.length(0);
    });

    it("takes the host from the request where the URL says so", async () => {
      const front = await pair(ok, "ProxyPassMatch ^/host/([^/]*)/(.*)$ http://$1.0.0.1:@PORT@/$2");
      expect(await front.send(request("GET /host/127/x"))).to.match(/ok$/);
      expect(lineOf(front)).to.equal("GET /x HTTP/1.1");
      expect(await front.send(request("GET /host/u@127/x"))).to.match(/^HTTP\/1.1 500/);
    });

    it("warns of lines that never match, and of a slash that is missing", () => {
      const text = "ProxyPass /a http://h/\nProxyPass /a/b http://h/b\nProxyPass /c/ http://h";
      expect(faultsOf(text).warnings.filter((warning) => warning.includes("ProxyPass"))).to.deep.equal([
        '3: ProxyPass: "/c/" ends with a slash and the URL does not: write a slash at the end of both, or of neither',
        "2: The ProxyPass directive will never match because an earlier ProxyPass takes its path",
      ]);
    });

    it("warns of parameters that an earlier line with the same back end overrules", () => {
      const text = `ProxyPass /a http://h/ timeout=5
ProxyPass /b http://H/ timeout=6
ProxyPass /c http://h/c timeout=5
<Location /d>
ProxyPass http://h/d upgrade=websocket
</Location>
ProxyPass /e http://h/e
ProxyPass /f http://h:81/ timeout=7
ProxyPass /g http://other/deep timeout=8
ProxyPass /h http://other/ timeout=9`;
      const warnings = faultsOf(text).warnings.filter((warning) => warning.includes("the same back end"));
      expect(warnings.map((warning) => warning.slice(0, 60))).to.deep.equal([
        "2: the parameters of this ProxyPass are not used: an earlier",
        "5: the parameters of this ProxyPass are not used: an earlier",
      ]);
    });

    it("accepts the parameters people write", () => {
      const { errors } = faultsOf(
        "ProxyPass / http://h/ retry=0 timeout=1000ms connectiontimeout=5 max=10 acquire=500 ttl=60 keepalive=On " +
          "disablereuse=Off enablereuse=on min=1 smax=2 flushpackets=on flushwait=10 iobuffersize=8192 nocanon",
      );
      expect(errors).to.deep.equal([]);
    });
  });

  describe("the request", () => {
    const client = [
      "X-A: 1",
      "x-a: 2",
      "TE: trailers",
      "Trailer: X-T",
      "Upgrade: h2c",
      "Keep-Alive: timeout=5",
      "Proxy-Connection: keep-alive",
      "X-Hop: hop",
      "Connection: X-Hop",
      "Authorization: Basic eDp5",
      "Max-Forwards: 5",
    ];

    it("has the fields from end to end, and those mod_proxy adds", async () => {
      const front = await pair(ok);
      await front.send(request("GET /", ...client));
      expect(fieldsOf(front.backEnd.received())).to.deep.equal([
        `Host: 127.0.0.1:${front.backEnd.port}`,
        "X-A: 1",
        "x-a: 2",
        "Authorization: Basic eDp5",
        "Max-Forwards: 4",
        "X-Forwarded-For: 127.0.0.1",
        "X-Forwarded-Host: front.test:81",
        "X-Forwarded-Server: main.test",
        "Connection: Keep-Alive",
      ]);
    });

    it("continues the lists of the proxies before", async () => {
      const front = await pair(ok, "ProxyVia On\nProxyPass / http://127.0.0.1:@PORT@/");
      await front.send(
        request("GET /", "X-Forwarded-For: 9.9.9.9", "X-Forwarded-Host: o", "Via: 1.0 x", "X-Forwarded-Proto: https"),
      );
      expect(fieldsOf(front.backEnd.received()).slice(1)).to.deep.equal([
        "X-Forwarded-For: 9.9.9.9, 127.0.0.1",
        "X-Forwarded-Host: o, front.test:81",
        "Via: 1.0 x, 1.1 main.test:81",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Server: main.test",
        "Connection: Keep-Alive",
      ]);
    });

    it("keeps Host and adds nothing where it is told to", async () => {
      const front = await pair(ok, "ProxyPreserveHost On\nProxyAddHeaders Off\nProxyPass / http://127.0.0.1:@PORT@/");
      await front.send(request("GET /"));
      expect(fieldsOf(front.backEnd.received())).to.deep.equal(["Host: front.test:81", "Connection: Keep-Alive"]);
    });

    for (const [value, status] of [
      ["0", 400],
      ["abc", 400],
      ["1", 200],
    ] as const) {
      it(`is answered with ${status} for Max-Forwards: ${value}`, async () => {
        const front = await pair(ok);
        expect(await front.send(request("GET /", `Max-Forwards: ${value}`))).to.match(
          new RegExp(`^HTTP/1.1 ${status} `),
        );
      });
    }
  });

  describe("the response", () => {
    it("has the fields of the back end, Date and Server among them, and none of one connection", async () => {
      const front = await pair(
        "HTTP/1.1 299 Very Fine\r\nServer: back/1\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nX-B: 1\r\nX-B: 2\r\nSet-Cookie: a=1\r\n" +
          "Set-Cookie: b=2\r\nContent-Type: Text/Html\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=7\r\n" +
          "Upgrade: foo\r\nTrailer: X\r\nProxy-Authenticate: Basic\r\nVary: a\r\nVary: b\r\nContent-Length: 2\r\n\r\nok",
      );
      expect(await front.send(request("GET /"))).to.equal(
        "HTTP/1.1 299 Very Fine\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nServer: back/1\r\nX-B: 1\r\nX-B: 2\r\nContent-Type: Text/Html\r\n" +
          "Vary: a,b\r\nContent-Length: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: close\r\n\r\nok",
      );
    });

    for (const [configuration, field, wanted] of reversed) {
      it(`turns ${field} into ${wanted} by ${configuration.replaceAll("\n", "; ")}`, async () => {
        const front = await pair(
          ({ socket }) =>
            socket.write(
              `HTTP/1.1 302 Found\r\n${field.replaceAll("@PORT@", String(front.backEnd.port))}\r\nContent-Length: 0\r\n\r\n`,
            ),
          `ProxyPass / http://127.0.0.1:@PORT@/\n${configuration}`,
        );
        expect(fieldsOf(await front.send(request("GET /")))).to.include(
          wanted.replaceAll("@PORT@", String(front.backEnd.port)),
        );
      });
    }

    it("is a page of this server's own where ProxyErrorOverride says so", async () => {
      const reply = "HTTP/1.1 404 Nope\r\nX-Z: 1\r\nContent-Length: 3\r\n\r\nabc";
      const all = await pair(
        reply,
        'ProxyErrorOverride On\nErrorDocument 404 "own"\nProxyPass / http://127.0.0.1:@PORT@/',
      );
      expect(await all.send(request("GET /"))).to.match(/^HTTP\/1.1 404 Nope\r\n(?![^]*X-Z)[^]*own$/);
      const some = await pair(reply, "ProxyErrorOverride On 500 503\nProxyPass / http://127.0.0.1:@PORT@/");
      expect(await some.send(request("GET /"))).to.match(/^HTTP\/1.1 404 Nope\r\n[^]*X-Z: 1\r\n[^]*abc$/);
    });

    it("takes the type and the charset this server knows where the back end gives none", async () => {
      const front = await pair(ok, "AddType text/weird .weird\nProxyPass / http://127.0.0.1:@PORT@/");
      expect(fieldsOf(await front.send(request("GET /x.weird")))).to.include("Content-Type: text/weird");
      const html = await pair(
        ok.replace("OK\r\n", "OK\r\nContent-Type: text/html\r\n"),
        "AddDefaultCharset utf-8\nProxyPass / http://127.0.0.1:@PORT@/",
      );
      expect(fieldsOf(await html.send(request("GET /")))).to.include("Content-Type: text/html; charset=utf-8");
    });

    for (const [name, method, reply] of [
      ["an answer to HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 200\r\nContent-Type: text/plain\r\n\r\n"],
      ["a 204", "GET", "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n"],
      ["a 304", "GET", 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n'],
    ] as const) {
      it(`is ${name} without a body, and the connection to the back end is kept`, async () => {
        const front = await pair(reply);
        const answers = [await front.send(request(`${method} /`)), await front.send(request(`${method} /`))];
        for (const answer of answers) expect(answer).to.match(/\r\n\r\n$/);
        expect(fieldsOf(answers[0] ?? "")).to.include(fieldsOf(reply).at(-1));
        expect(front.backEnd.connections).to.have.length(1);
      });
    }
  });
});
