import { renameSync, symlinkSync, utimesSync, writeFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { core } from "../../src/api/index.js";
import { compile } from "../../src/config/compile.js";
import { usable } from "../../src/modules/core/host-addresses.js";
import { faultsOf, serve, type Asked } from "../support/ask.js";

const settled = new Date(1_700_000_000_000);

/** Serves with the files' times set back, so that they are the same in each run. */
function serveOld(configuration: string, files: Readonly<Record<string, string>>): Asked {
  const asked = serve(configuration, { files });
  for (const name of Object.keys(files)) utimesSync(join(asked.root, name), settled, settled);
  return asked;
}

const fieldsOf = (headers: Iterable<[string, string]>) => [...headers].map(([name, value]) => `${name}: ${value}`);

describe("ErrorLog syslog", () => {
  for (const [target, complaint] of [
    ["syslog:nobody", "the facility must be auth, authpriv"],
    ['"syslog:user:my shop"', "the tag must be of printable ASCII"],
    [`"syslog:user:my'shop"`, "the tag must be of printable ASCII"],
  ] as const) {
    it(`refuses ${target}`, () => expect(faultsOf(`ErrorLog ${target}`).errors.join()).to.contain(complaint));
  }
});

describe("core, serving files", () => {
  const digits = "0123456789".repeat(10);
  const served = serveOld(
    `
<Location /none>
  FileETag None
</Location>
<Location /size>
  FileETag Size
</Location>
<Location /more>
  FileETag MTime
  FileETag +Size
</Location>
<Location /digest>
  FileETag Digest
  ContentDigest On
</Location>
<Location /charset>
  AddDefaultCharset UTF-8
</Location>
<Location /forced>
  ForceType Application/X-Forced
</Location>
<Location /no-ranges>
  MaxRanges none
</Location>
<Location /info>
  AcceptPathInfo On
</Location>`,
    Object.fromEntries(
      ["", "none/", "size/", "more/", "digest/", "charset/", "forced/", "no-ranges/", "info/"].map((folder) => [
        `htdocs/${folder}r.txt`,
        digits,
      ]),
    ),
  );

  const rows: readonly [path: string, fields: readonly string[]][] = [
    [
      "/r.txt",
      [
        "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT",
        'ETag: "64-60a24181e4000"',
        "Accept-Ranges: bytes",
        "Content-Type: text/plain",
      ],
    ],
    [
      "/none/r.txt",
      ["Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT", "Accept-Ranges: bytes", "Content-Type: text/plain"],
    ],
    ["/size/r.txt", ['ETag: "64"']],
    ["/more/r.txt", ['ETag: "64-60a24181e4000"']],
    ["/digest/r.txt", ['ETag: "KbDnh4JxZF//t+7H20p0c6HAC8E="', "Content-MD5: egiwfoRkFwPl8sg2qlmhcA=="]],
    ["/charset/r.txt", ["Content-Type: text/plain; charset=UTF-8"]],
    ["/forced/r.txt", ["Content-Type: application/x-forced"]],
    ["/no-ranges/r.txt", ["Accept-Ranges: none"]],
  ];
  for (const [path, fields] of rows) {
    it(`sends ${path} with ${fields.join(", ")}`, async () => {
      for (let time = 0; time < 2; time++) {
        const { status, headers, body } = await served.ask(path);
        expect(status).to.equal(200);
        expect(body).to.equal(digits);
        expect(fieldsOf(headers)).to.include.members(fields);
        if (path === "/none/r.txt") expect(headers.has("etag")).to.equal(false);
      }
    });
  }

  it("has INode in front of the other parts of a tag", async () => {
    const asked = serveOld("FileETag All", { "htdocs/a.txt": "a" });
    const inode = statSync(join(asked.root, "htdocs/a.txt")).ino.toString(16);
    expect((await asked.ask("/a.txt")).headers.get("etag")).to.equal(`"${inode}-1-60a24181e4000"`);
  });

  const methods: readonly [method: string, path: string, status: number, allow?: string][] = [
    ["GET", "/r.txt", 200],
    ["POST", "/r.txt", 200],
    ["HEAD", "/r.txt", 200],
    ["OPTIONS", "/r.txt", 200, "GET,POST,OPTIONS,HEAD,TRACE"],
    ["PUT", "/r.txt", 405, "GET,POST,OPTIONS,HEAD,TRACE"],
    ["DELETE", "/missing", 405, "GET,POST,OPTIONS,HEAD,TRACE"],
    ["get", "/r.txt", 501, "GET,POST,OPTIONS,HEAD,TRACE"],
    ["GET", "/missing", 404],
    ["POST", "/missing", 404],
    ["GET", "/r.txt/info", 404],
    ["GET", "/r.txt/", 404],
    ["GET", "/info/r.txt/info", 200],
  ];
  for (const [method, path, status, allow] of methods) {
    it(`answers ${method} ${path} with ${status}`, async () => {
      const answered = await served.ask(path, { method });
      expect(answered.status).to.equal(status);
      expect(answered.headers.get("allow")).to.equal(allow);
    });
  }

  it("sends a TRACE request back", async () => {
    const { status, headers, body } = await served.ask("/r.txt", { method: "TRACE", headers: { "X-A": "b" } });
    expect(status).to.equal(200);
    expect(headers.get("content-type")).to.equal("message/http");
    expect(body).to.equal("TRACE /r.txt HTTP/1.1\r\nHost: h.test\r\nX-A: b\r\n\r\n");
    expect((await served.ask("/r.txt", { method: "TRACE", body: "x" })).status).to.equal(413);
  });

  it("refuses TRACE where TraceEnable is off, and takes a body where it is extended", async () => {
    const off = await serve("TraceEnable off").ask("/", { method: "TRACE" });
    expect([off.status, off.headers.get("allow")]).to.deep.equal([405, ""]);
    const extended = await serve("TraceEnable extended").ask("/", { method: "TRACE", body: "abc" });
    expect(extended.body).to.match(/\r\n\r\nabc$/);
  });

  const parts: readonly [range: string, status: number, body: string, contentRange?: string][] = [
    ["bytes=0-4", 206, "01234", "bytes 0-4/100"],
    ["bytes=-3", 206, "789", "bytes 97-99/100"],
    ["bytes=100-", 416, ""],
    ["lines=1", 200, digits],
  ];
  for (const [range, status, body, contentRange] of parts) {
    it(`answers Range: ${range} with ${status}`, async () => {
      const answered = await served.ask("/r.txt", { headers: { Range: range } });
      expect(answered.status).to.equal(status);
      if (body) expect(answered.body).to.equal(body);
      expect(answered.headers.get("content-range")).to.equal(contentRange);
    });
  }

  it("sends several ranges as Apache writes them", async () => {
    const { headers, body } = await served.ask("/r.txt", { headers: { Range: "bytes=0-4,6-7" } });
    const boundary = /^multipart\/byteranges; boundary=(.+)$/.exec(headers.get("content-type") ?? "")?.[1];
    expect(body).to.equal(
      `\r\n--${boundary}\r\nContent-type: text/plain\r\nContent-range: bytes 0-4/100\r\n\r\n01234` +
        `\r\n--${boundary}\r\nContent-type: text/plain\r\nContent-range: bytes 6-7/100\r\n\r\n67\r\n--${boundary}--\r\n`,
    );
  });

  it("answers a condition that holds with 304 and no fields of the content", async () => {
    const { status, headers, body } = await served.ask("/r.txt", { headers: { "If-None-Match": "*" } });
    expect([status, body]).to.deep.equal([304, ""]);
    expect(fieldsOf(headers)).to.deep.equal([
      "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT",
      'ETag: "64-60a24181e4000"',
      "Accept-Ranges: bytes",
    ]);
  });

  it("answers a condition that fails with 412 and an empty body", async () => {
    const { status, headers, body } = await served.ask("/r.txt", { headers: { "If-Match": '"x"' } });
    expect([status, body, headers.get("content-type")]).to.deep.equal([412, "", "text/plain"]);
  });

  it("marks the tag of a file that has just changed as weak", async () => {
    const asked = serve("", { files: { "htdocs/new.txt": "new" } });
    expect((await asked.ask("/new.txt")).headers.get("etag")).to.match(/^W\/"3-[0-9a-f]+"$/);
  });

  it("sends what a file holds now, not what it held", async () => {
    const asked = serveOld("", { "htdocs/a.txt": "one" });
    const file = join(asked.root, "htdocs/a.txt");
    expect((await asked.ask("/a.txt")).body).to.equal("one");
    writeFileSync(file, "two");
    expect((await asked.ask("/a.txt")).body).to.equal("two");
    utimesSync(file, settled, settled);
    expect((await asked.ask("/a.txt")).body).to.equal("two");
    writeFileSync(`${file}.new`, "six");
    utimesSync(`${file}.new`, settled, settled);
    renameSync(`${file}.new`, file);
    expect((await asked.ask("/a.txt")).body).to.equal("six");
  });

  it("sends a large file as a slice of it", async () => {
    const large = "x".repeat(100_000);
    const asked = serveOld("", { "htdocs/large.bin": large });
    expect((await asked.ask("/large.bin")).body).to.equal(large);
    expect((await asked.ask("/large.bin", { headers: { Range: "bytes=99990-" } })).body).to.equal("x".repeat(10));
  });

  it("serves names that are not ASCII", async () => {
    const asked = serveOld('<Files "ü*.txt">\n  FileETag Size\n</Files>', { "htdocs/über.txt": "ü" });
    const { status, headers, body } = await asked.ask("/%c3%bcber.txt");
    expect([status, headers.get("etag"), body]).to.deep.equal([200, '"2"', "\u00c3\u00bc"]);
  });

  it("applies no condition of the client to an error document", async () => {
    const asked = serveOld("ErrorDocument 404 /gone.txt", { "htdocs/gone.txt": "gone" });
    const { status, body } = await asked.ask("/missing", { headers: { "If-None-Match": "*", Range: "bytes=0-1" } });
    expect([status, body]).to.deep.equal([404, "gone"]);
  });
});

describe("core, sections", () => {
  const asked = serve(
    `
FileETag None
<Directory ROOT/htdocs/a>
  ForceType x/directory
</Directory>
<Directory "ROOT/htdocs/[bc]">
  ForceType x/pattern
</Directory>
<Directory ~ "/d[0-9]/x$">
  ForceType x/regex
</Directory>
<DirectoryMatch "/e(?<n>[0-9])">
  ForceType x/match
</DirectoryMatch>
<Files "secret.*">
  ForceType x/files
</Files>
<Files ~ "^two\\.">
  ForceType x/files-regex
</Files>
<Location "/a/sub">
  ForceType x/location
</Location>
<Location "/*/star">
  ForceType x/star
</Location>
<LocationMatch "\\.(?i:PNG)$">
  ForceType None
</LocationMatch>`,
    {
      files: Object.fromEntries(
        [
          "a/x",
          "b/x",
          "d7/x",
          "e5/x",
          "a/secret.txt",
          "a/two.txt",
          "a/sub/x",
          "a/subx/x",
          "b/star",
          "a/p.png",
          "f/x",
        ].map((name) => [`htdocs/${name}`, "x"]),
      ),
    },
  );
  const rows: readonly [path: string, type: string | undefined][] = [
    ["/a/x", "x/directory"],
    ["/b/x", "x/pattern"],
    ["/d7/x", "x/regex"],
    ["/e5/x", "x/match"],
    ["/a/secret.txt", "x/files"],
    ["/a/two.txt", "x/files-regex"],
    ["/a/sub/x", "x/location"],
    ["/a/subx/x", "x/directory"],
    ["/b/star", "x/star"],
    ["/a/p.png", "image/png"],
    ["/f/x", undefined],
  ];
  for (const [path, type] of rows) {
    it(`gives ${path} the type ${type}`, async () => {
      expect((await asked.ask(path)).headers.get("content-type")).to.equal(type);
    });
  }
});

describe("the addresses of a name in a Listen line", () => {
  const interfaceOf = (address: string, internal: boolean) => {
    const family = address.includes(":") ? ("IPv6" as const) : ("IPv4" as const);
    const rest = { address, netmask: "", mac: "", cidr: null, internal };
    return family === "IPv6" ? { ...rest, family, scopeid: 0 } : { ...rest, family };
  };
  const [lo4, lo6] = [interfaceOf("127.0.0.1", true), interfaceOf("::1", true)];
  const [out4, out6] = [interfaceOf("192.0.2.1", false), interfaceOf("2001:db8::1", false)];
  const both = ["127.0.0.1", "::1"];
  const rows = [
    ["both kinds", [lo4, lo6, out4, out6], both, both],
    ["IPv4 alone outside", [lo4, lo6, out4], both, ["127.0.0.1"]],
    ["IPv6 alone outside", [lo4, lo6, out6], both, ["::1"]],
    ["no network", [lo4, lo6], both, both],
    ["no network, and no IPv6", [lo4], both, ["127.0.0.1"]],
    ["IPv4 alone, and a name of IPv6", [lo4, out4], ["::1"], ["::1"]],
  ] as const;
  for (const [machine, interfaces, addresses, expected] of rows) {
    it(`are, on a machine with ${machine}, ${expected.join(" and ")} of ${addresses.join(" and ")}`, () => {
      expect(usable(addresses, { all: [...interfaces] })).to.deep.equal(expected);
    });
  }
});

describe("a name that the system's name services alone have", () => {
  // Nobody has it in /etc/hosts: it is an address in a form of old, which they read.
  const name = "127.1";

  it("stands for its addresses in a Listen line", () => {
    const { server } = serve(`Listen ${name}:8081`);
    expect(server.listens.map(({ address, port }) => `${address} ${port}`)).to.include("127.0.0.1 8081");
  });

  it("stands for its addresses in a <VirtualHost>", () => {
    const { server } = serve(`<VirtualHost ${name}:8081>\nServerName other.test\n</VirtualHost>`);
    expect(server.virtualHosts.at(-1)?.addresses).to.deep.equal(["127.0.0.1:8081"]);
  });

  it("has for workers the addresses it had when the configuration was loaded", () => {
    const { server } = serve(`Listen ${name}:8081`);
    const readings = new Map([...server.readings].map(([about]) => [about, ["192.0.2.7"]]));
    const again = compile(server.tree, server.modules, { readings, unchecked: true });
    expect(again.server?.listens.map(({ address }) => address)).to.include("192.0.2.7");
  });
});

describe("Mutex", () => {
  it("takes a mechanism alone", () => expect(faultsOf("Mutex posixsem\nMutex file:/tmp").errors).to.deep.equal([]));
});

describe("core, directives", () => {
  const faults: readonly [configuration: string, expected: string][] = [
    ["ServerName a*b", 'Invalid ServerName "a*b" use ServerAlias to set multiple server names.'],
    ["ServerName x:99999", 'The port number "x:99999" is outside the appropriate range (i.e., 1..65535).'],
    ["ServerAlias a", "ServerAlias not allowed here"],
    ["Listen x", "Port must be specified"],
    ["Listen 1.2.3.4", "Port must be specified"],
    ["Listen 0", "Invalid address or port"],
    ["Listen 70000", "Invalid address or port"],
    ["Listen 81\nListen 81", "Cannot define multiple Listeners on the same IP:port"],
    ["Port 80", "Port was replaced with Listen in Apache 2.0"],
    ["Options Indexes +ExecCGI", "Either all Options must start with + or -, or no Option may."],
    ["Options Everything", "Illegal option Everything"],
    ["Options +None", "You may not use 'Options +None' or 'Options -None'."],
    ["Options Indexes None", "'Options None' must be the first Option given."],
    ["ErrorDocument 999 x", "Unsupported HTTP response code 999"],
    ["LogLevel loud", "must be a level"],
    ['Error "stop here"', "stop here"],
    ["Error", "The Error directive was used with no message."],
    ["<Directory />\n  AllowOverride Some\n</Directory>", "Illegal override option Some"],
    [
      "<Location />\n  <Limit TRACE>\n  </Limit>\n</Location>",
      "TRACE cannot be controlled by <Limit>, see TraceEnable",
    ],
    [
      "<Location />\n  <Limit GET>\n    <Limit GET>\n    </Limit>\n  </Limit>\n</Location>",
      "<Limit>: specifies methods already excluded",
    ],
    ["<Location />\n  <Files x>\n  </Files>\n</Location>", "<Files> cannot occur within <Location> section"],
    ["<VirtualHost *:x>\n</VirtualHost>", "The address or port is invalid"],
    ["<DirectoryMatch (>\n</DirectoryMatch>", "<DirectoryMatch>: regex "],
    ["<If a>\n</If>", '1: <If>: the expression ends where "(" is expected'],
    ["SetHandler proxy:unix:/x|%{y}", "SetHandler: the expression asks for a variable 'y'"],
    ["SetOutputFilter NOTHING", 'there is no filter "NOTHING"'],
    ["RegexDefaultOptions EXTENDED", "option 'EXTENDED' unknown, as in Apache"],
    ["DocumentRoot ROOT/nowhere", "DocumentRoot 'ROOT/nowhere' is not a directory, or is not readable"],
    ["ErrorLog nowhere/error.log", "Cannot access directory 'ROOT/nowhere'"],
    ["ChrootDir /srv", "the root of the file system cannot be changed"],
    ["MaxRanges 0", "must be default, unlimited, none, or a number above 0"],
    ["HttpProtocolOptions Lax", "must be one of Strict"],
    ["KeepAlive maybe", "must be On or Off"],
    ["LoadModule mpm_prefork_module modules/mod_mpm_prefork.so", "More than one MPM loaded: event, prefork"],
  ];
  for (const [configuration, expected] of faults) {
    it(`refuses ${configuration.replaceAll("\n", " ")}`, () => {
      const { errors } = faultsOf(configuration);
      expect(errors.join("\n")).to.include(expected);
      expect(errors).to.have.length(1);
    });
  }

  const warnings: readonly [configuration: string, expected: string][] = [
    ["<Directory ROOT>\n  AllowOverrideList Unheard\n</Directory>", "unrecognized directive"],
    ["<Directory ROOT>\n  AllowOverrideList Listen\n</Directory>", "may not stand in .htaccess"],
    ["<Location />\n  AllowOverride None\n</Location>", "Useless use of AllowOverride"],
    ["<Files x>\n  AllowOverrideList Redirect\n</Files>", "Useless use of AllowOverrideList"],
    ["DefaultType text/plain", "deprecated"],
    ["NameVirtualHost *", "has no effect"],
    ["ErrorDocument 401 http://x.test/", "401"],
    ["<VirtualHost *:80>\n  DocumentRoot ROOT/nowhere\n</VirtualHost>", "AH00112"],
    ["<VirtualHost no-such-host.invalid:80>\n</VirtualHost>", "Could not resolve host name"],
  ];
  for (const [configuration, expected] of warnings) {
    it(`warns of ${configuration.replaceAll("\n", " ")}`, () => {
      const { errors, warnings: found } = faultsOf(configuration);
      expect(errors).to.deep.equal([]);
      expect(found.join("\n")).to.include(expected);
    });
  }

  const values: readonly [configuration: string, setting: string, expected: unknown][] = [
    ["Timeout 30", "timeout", 30_000],
    ["KeepAliveTimeout 1500ms", "keepAliveTimeout", 1500],
    ["ServerTokens Minimal", "serverTokens", "Min"],
    ["ServerName https://a.test:8443", "serverName", { scheme: "https", host: "a.test", port: 8443 }],
    ["DocumentRoot ROOT/htdocs/", "documentRoot", "ROOT/htdocs"],
    ["LogLevel info wsgi:debug mod_ssl.c:trace1", "logLevels", { "": "info", wsgi: "debug", ssl: "trace1" }],
    ["LogLevel wsgi:debug\nLogLevel error", "logLevels", { "": "error" }],
    ["AddDefaultCharset On", "addDefaultCharset", "iso-8859-1"],
    ["AddDefaultCharset On\nAddDefaultCharset Off", "addDefaultCharset", undefined],
    ["MaxRanges unlimited", "maxRanges", Infinity],
    ["ErrorDocument 404 x\nErrorDocument 404 default", "errorDocuments", { 404: { kind: "default" } }],
    [
      "HttpProtocolOptions Unsafe\nHttpProtocolOptions Require1.0",
      "httpProtocolOptions",
      { strict: false, lenientMethods: true, allow09: false, written: ["strict", "allow09"] },
    ],
  ];
  for (const [configuration, setting, expected] of values) {
    it(`takes ${configuration.replaceAll("\n", ", ")}`, () => {
      const { server, root } = serve(configuration);
      const [main] = server.virtualHosts;
      const settings: Readonly<Record<string, unknown>> = main ? server.settings(core, main) : {};
      expect(JSON.parse(JSON.stringify([settings[setting]]).replaceAll(root, "ROOT"))).to.deep.equal(
        JSON.parse(JSON.stringify([expected])),
      );
    });
  }

  it("edits inherited Options by + and -", () => {
    const { server } = serve("Options Indexes\nOptions +ExecCGI -Indexes");
    const [main] = server.virtualHosts;
    const options = main && server.settings(core, main).options.plain;
    expect(Object.entries(options ?? {}).flatMap(([name, on]) => (on ? [name] : []))).to.deep.equal(["ExecCGI"]);
  });

  it("lets a virtual host have its own AllowEncodedSlashes only", async () => {
    const asked = serve("AllowEncodedSlashes On\n<VirtualHost *:80>\n</VirtualHost>", { files: { "htdocs/a/b": "b" } });
    expect((await asked.ask("/a%2fb")).status).to.equal(404);
  });

  it("sends the text of an ErrorDocument as it stands in the file", async () => {
    const { status, body } = await serve('ErrorDocument 404 "Nichts für ungut"').ask("/missing");
    expect([status, Buffer.from(body, "latin1").toString()]).to.deep.equal([404, "Nichts für ungut"]);
  });

  it("counts HEAD as GET in <Limit>", async () => {
    const asked = serve("<Location />\n  <Limit HEAD>\n    Require all denied\n  </Limit>\n</Location>", {
      files: { "htdocs/a": "a" },
    });
    for (const [method, status] of [
      ["GET", 403],
      ["HEAD", 403],
      ["POST", 200],
    ] as const) {
      expect((await asked.ask("/a", { method })).status, method).to.equal(status);
    }
  });

  it("follows links or not, by Options", async () => {
    const asked = serve("<Directory ROOT/htdocs/no>\n  Options -FollowSymLinks\n</Directory>", {
      files: { "htdocs/no/a": "a", "htdocs/yes/a": "a" },
    });
    for (const folder of ["no", "yes"]) symlinkSync("a", join(asked.root, "htdocs", folder, "link"));
    expect((await asked.ask("/yes/link")).status).to.equal(200);
    expect((await asked.ask("/no/link")).status).to.equal(403);
  });
});
