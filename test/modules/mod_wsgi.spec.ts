// What mod_wsgi asks of applications, and what it makes of their answers.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { answer, Headers, type DaemonGroupSpec } from "../../src/api/index.js";
import { answering, faultsOf, refusing, serve, type Ask, type Asked } from "../support/ask.js";

const files = {
  "app.wsgi": "",
  "app.js": "",
  "apps/one.wsgi": "",
  "apps/two.wsgi": "",
  "htdocs/index.html": "index",
  "htdocs/in.wsgi": "",
};
const embedded = "WSGIScriptAlias /app ROOT/app.wsgi\n";
const daemon = "WSGIDaemonProcess g\nWSGIProcessGroup g\nWSGIScriptAlias /app ROOT/app.wsgi\n";

async function environOf(
  configuration: string,
  target: string,
  ask: Ask = {},
): Promise<Readonly<Record<string, string>>> {
  const served = serve(configuration, { files });
  const { status } = await served.ask(target, ask);
  const call = served.calls[0];
  if (!call) throw new Error(`no application was run: ${status} ${served.log.map(({ message }) => message).join()}`);
  const whole = { ...call.constant, ...call.environ };
  const shown = Object.entries(whole).map(([name, value]) => [name, value.replaceAll(served.root, "ROOT")]);
  return Object.fromEntries(shown) as Record<string, string>;
}

describe("WSGIScriptAlias", () => {
  /** Configuration, target, script, SCRIPT_NAME and PATH_INFO; or a status. */
  const rows: readonly (readonly [string, string, readonly [string, string, string] | number])[] = [
    ["WSGIScriptAlias /app ROOT/app.wsgi", "/app", ["app.wsgi", "/app", ""]],
    ["WSGIScriptAlias /app ROOT/app.wsgi", "/app/", ["app.wsgi", "/app", "/"]],
    ["WSGIScriptAlias /app ROOT/app.wsgi", "/app/a//b/../c", ["app.wsgi", "/app", "/a/c"]],
    ["WSGIScriptAlias /app ROOT/app.wsgi", "/apple", 404],
    ["WSGIScriptAlias /app app.wsgi", "/app", ["app.wsgi", "/app", ""]],
    ["WSGIScriptAlias / ROOT/app.wsgi", "/", ["app.wsgi", "", "/"]],
    ["WSGIScriptAlias / ROOT/app.wsgi", "/a/b", ["app.wsgi", "", "/a/b"]],
    ["WSGIScriptAlias /x/ ROOT/app.wsgi", "/x/", ["app.wsgi", "/x/", ""]],
    ["WSGIScriptAlias /x/ ROOT/app.wsgi", "/x/env", 404],
    ["WSGIScriptAlias /d ROOT/apps", "/d/one.wsgi/foo", ["apps/one.wsgi", "/d/one.wsgi", "/foo"]],
    ["WSGIScriptAlias /d ROOT/apps", "/d", 301],
    ["WSGIScriptAlias /d/ ROOT/apps/", "/d/two.wsgi", ["apps/two.wsgi", "/d/two.wsgi", ""]],
    [
      "WSGIScriptAlias /a ROOT/apps/one.wsgi\nWSGIScriptAlias /a/b ROOT/apps/two.wsgi",
      "/a/b",
      ["apps/one.wsgi", "/a", "/b"],
    ],
    ["WSGIScriptAlias / ROOT/apps/one.wsgi\nAlias /index ROOT/htdocs/index.html", "/index", 200],
    ["WSGIScriptAliasMatch ^/s/([a-z]+) ROOT/apps/$1.wsgi", "/s/one", ["apps/one.wsgi", "/s/one", ""]],
    ["WSGIScriptAliasMatch ^/s/([a-z]+)(.*) ROOT/apps/$1.wsgi$2", "/s/two/x/y", ["apps/two.wsgi", "/s/two", "/x/y"]],
    ["WSGIScriptAliasMatch ^/s/([a-z]+) ROOT/apps/$1.wsgi", "/s/two/x/y", ["apps/two.wsgi", "/s/two", "/x/y"]],
    ["WSGIScriptAlias /app ROOT/none.wsgi", "/app", 404],
    ["WSGIScriptAlias /app ROOT/app.wsgi\n<Location /app>\nAcceptPathInfo Off\n</Location>", "/app/x", 404],
    ["<Files app.wsgi>\nRequire all denied\n</Files>\nWSGIScriptAlias /app ROOT/app.wsgi", "/app", 403],
    ["<Files in.wsgi>\nSetHandler wsgi-script\n</Files>", "/in.wsgi", 403],
    [
      "<Files in.wsgi>\nSetHandler wsgi-script\nOptions +ExecCGI\n</Files>",
      "/in.wsgi/x",
      ["htdocs/in.wsgi", "/in.wsgi", "/x"],
    ],
  ];
  for (const [configuration, target, expected] of rows) {
    it(`maps ${target} by ${configuration.replaceAll("\n", "; ")}`, async () => {
      const served = serve(configuration, { files });
      const { status } = await served.ask(target);
      const [call] = served.calls;
      if (typeof expected === "number") return expect([status, call]).to.deep.equal([expected, undefined]);
      const environ: Readonly<Record<string, string>> = { ...call?.constant, ...call?.environ };
      return expect([call?.script, environ["SCRIPT_NAME"], environ["PATH_INFO"]]).to.deep.equal([
        `${served.root}/${expected[0]}`,
        ...expected.slice(1),
      ]);
    });
  }

  it("tries the aliases of a virtual host before the main server's", async () => {
    const served = serve(
      "WSGIScriptAlias /a ROOT/apps/one.wsgi\n<VirtualHost *>\nServerName h.test\nWSGIScriptAlias / ROOT/apps/two.wsgi\n</VirtualHost>",
      { files },
    );
    await served.ask("/a");
    expect(served.calls[0]?.script).to.equal(`${served.root}/apps/two.wsgi`);
  });

  /** Text of the line behind the script, and the error. */
  const refused: readonly (readonly [string, string])[] = [
    ["process-group", 'options are key=value, found "process-group"'],
    ["process-group=", 'option process-group needs a value behind "="'],
    ["foo=bar", "option foo does not exist"],
    ["pass-authorization=maybe", 'option pass-authorization must be On or Off, found "maybe"'],
    ["process-group=g application-group=a", 'no WSGIDaemonProcess defines the process group "g"'],
  ];
  for (const [options, error] of refused) {
    it(`does not load with ${options}`, () => {
      const { errors } = faultsOf(`WSGIScriptAlias / ROOT/app.wsgi ${options}`, { files });
      expect(errors).to.deep.equal([`1: WSGIScriptAlias: ${error}`]);
    });
  }

  it("warns of scripts that are not there and of groups that nobody defines", () => {
    const { warnings, errors } = faultsOf("WSGIScriptAlias / ROOT/none.wsgi process-group=g", { files });
    expect(errors).to.deep.equal([]);
    expect(warnings).to.deep.equal([
      '1: WSGIScriptAlias: no WSGIDaemonProcess defines the process group "g"; requests for it get 500',
      "1: WSGIScriptAlias: the script ROOT/none.wsgi does not exist",
    ]);
  });
});

describe("a request for an application", () => {
  it("carries an environ like mod_wsgi's", async () => {
    const environ = await environOf(`ServerAdmin me@x\n${embedded}`, "/app/p?q=1", {
      headers: { "X-Two-Words": "v", X_Under: "no", "X.Dot": "no", Proxy: "no", Cookie: "a=1" },
    });
    const { SERVER_SOFTWARE: software, UNIQUE_ID: unique, ...others } = environ;
    const { "mod_wsgi.request_id": id, "mod_wsgi.request_start": start, ...rest } = others;
    expect(unique).to.have.lengthOf(24);
    expect(software).to.match(/^modhost\//);
    expect(id).to.have.lengthOf(24);
    expect(Number(start)).to.be.closeTo(Date.now() / 1000, 60);
    expect(rest).to.deep.equal({
      REQUEST_METHOD: "GET",
      REQUEST_URI: "/app/p?q=1",
      REQUEST_SCHEME: "http",
      SCRIPT_NAME: "/app",
      PATH_INFO: "/p",
      QUERY_STRING: "q=1",
      SERVER_PROTOCOL: "HTTP/1.1",
      SERVER_NAME: "h.test",
      SERVER_PORT: "80",
      SERVER_ADDR: "127.0.0.1",
      SERVER_ADMIN: "me@x",
      REMOTE_ADDR: "127.0.0.1",
      REMOTE_PORT: "50000",
      DOCUMENT_ROOT: "ROOT/htdocs",
      CONTEXT_PREFIX: "",
      CONTEXT_DOCUMENT_ROOT: "ROOT/htdocs",
      SCRIPT_FILENAME: "ROOT/app.wsgi",
      HTTP_HOST: "h.test",
      HTTP_X_TWO_WORDS: "v",
      HTTP_COOKIE: "a=1",
      "wsgi.url_scheme": "http",
      "mod_wsgi.process_group": "",
      "mod_wsgi.application_group": "main.test|/app",
      "mod_wsgi.callable_object": "application",
      "mod_wsgi.request_handler": "wsgi-script",
      "mod_wsgi.handler_script": "",
      "mod_wsgi.script_name": "/app",
      "mod_wsgi.path_info": "/p",
      "mod_wsgi.listener_host": "127.0.0.1",
      "mod_wsgi.listener_port": "80",
      "mod_wsgi.server_pid": String(process.pid),
      "mod_wsgi.connection_id": "connection-0",
    });
  });

  /** Configuration, target, request, and keys of the environ; undefined for those that must not be there. */
  const rows: readonly (readonly [string, string, Ask, Readonly<Record<string, string | undefined>>])[] = [
    ["", "/app", { headers: { Authorization: "Basic x" } }, { HTTP_AUTHORIZATION: undefined }],
    [
      "WSGIPassAuthorization On",
      "/app",
      { headers: { Authorization: "Basic x", "Proxy-Authorization": "y" } },
      { HTTP_AUTHORIZATION: "Basic x", HTTP_PROXY_AUTHORIZATION: undefined },
    ],
    [
      "<Location />\nCGIPassAuth On\n</Location>",
      "/app",
      { headers: { Authorization: "a", "Proxy-Authorization": "y" } },
      { HTTP_AUTHORIZATION: "a", HTTP_PROXY_AUTHORIZATION: "y" },
    ],
    [
      "",
      "/app",
      { method: "POST", body: "abc", headers: { "Content-Type": "text/x" } },
      {
        REQUEST_METHOD: "POST",
        CONTENT_LENGTH: "3",
        CONTENT_TYPE: "text/x",
        HTTP_CONTENT_LENGTH: undefined,
        HTTP_CONTENT_TYPE: undefined,
      },
    ],
    ["WSGIChunkedRequest On", "/app", { method: "POST", body: "abc", chunked: true }, { CONTENT_LENGTH: undefined }],
    ["", "/app", { method: "HEAD" }, { REQUEST_METHOD: "HEAD" }],
    ["WSGIMapHEADToGET On", "/app", { method: "HEAD" }, { REQUEST_METHOD: "GET" }],
    ["", "/app", { secure: true }, { "wsgi.url_scheme": "https", REQUEST_SCHEME: "https", HTTPS: undefined }],
    ["SetEnv HTTPS on", "/app", {}, { "wsgi.url_scheme": "https", HTTPS: undefined }],
    ["SetEnv HTTPS off", "/app", {}, { "wsgi.url_scheme": "http", HTTPS: undefined }],
    [
      "SetEnv PATH_INFO x\nSetEnv SERVER_ADMIN y\nSetEnv OWN z",
      "/app/p",
      {},
      { PATH_INFO: "/p", SERVER_ADMIN: "[no address given]", OWN: "z" },
    ],
    ["", "/app/%e9%2B?%zz", {}, { PATH_INFO: "/\xe9+", QUERY_STRING: "%zz", REQUEST_URI: "/app/%e9%2B?%zz" }],
    ["WSGICallableObject app", "/app", {}, { "mod_wsgi.callable_object": "app" }],
    ["SetEnv NAME app\nWSGICallableObject %{ENV:NAME}", "/app", {}, { "mod_wsgi.callable_object": "app" }],
    ["WSGICallableObject %{OTHER}", "/app", {}, { "mod_wsgi.callable_object": "application" }],
    ["WSGIApplicationGroup %{GLOBAL}", "/app", {}, { "mod_wsgi.application_group": "" }],
    ["WSGIApplicationGroup name", "/app", {}, { "mod_wsgi.application_group": "name" }],
    ["WSGIApplicationGroup %{SERVER}", "/app", {}, { "mod_wsgi.application_group": "main.test" }],
    [
      "WSGIApplicationGroup %{HOST}",
      "/app",
      { headers: { Host: "H.test:8080" } },
      { "mod_wsgi.application_group": "h.test:8080" },
    ],
    [
      "WSGIApplicationGroup %{HOST}",
      "/app",
      { headers: { Host: "h.test:443" } },
      { "mod_wsgi.application_group": "h.test" },
    ],
    [
      "WSGIApplicationGroup %{RESOURCE}",
      "/app/x",
      { headers: { Host: "h.test:81" } },
      { "mod_wsgi.application_group": "main.test:81|/app" },
    ],
    [
      "SetEnv WHICH %{SERVER}\nWSGIApplicationGroup %{ENV:WHICH}",
      "/app",
      {},
      { "mod_wsgi.application_group": "main.test" },
    ],
    [
      "<Location /app>\nWSGIApplicationGroup inner\n</Location>\nWSGIApplicationGroup outer",
      "/app",
      {},
      { "mod_wsgi.application_group": "inner" },
    ],
    [
      "ErrorDocument 404 /app/gone",
      "/none?q",
      {},
      { PATH_INFO: "/gone", REQUEST_URI: "/none?q", REDIRECT_STATUS: "404", REDIRECT_URL: "/none", QUERY_STRING: "" },
    ],
    [
      "WSGITrustedProxyHeaders X-Forwarded-For X-Forwarded-Proto",
      "/app",
      { headers: { "X-Forwarded-For": "192.0.2.9, 10.0.0.1", "X-Forwarded-Proto": "https", "X-Real-IP": "6.6.6.6" } },
      { REMOTE_ADDR: "192.0.2.9", "wsgi.url_scheme": "https", HTTP_X_REAL_IP: undefined },
    ],
    [
      "WSGITrustedProxyHeaders X-Forwarded-For\nWSGITrustedProxies 127.0.0.0/8 10.0.0.0/8",
      "/app",
      { headers: { "X-Forwarded-For": "6.6.6.6, 192.0.2.9, 10.0.0.1" } },
      { REMOTE_ADDR: "192.0.2.9", HTTP_X_FORWARDED_FOR: "192.0.2.9, 10.0.0.1" },
    ],
    [
      "WSGITrustedProxyHeaders X-Forwarded-For\nWSGITrustedProxies 10.0.0.0/8",
      "/app",
      { headers: { "X-Forwarded-For": "6.6.6.6" } },
      { REMOTE_ADDR: "127.0.0.1", HTTP_X_FORWARDED_FOR: undefined },
    ],
    [
      "WSGITrustedProxyHeaders X-Forwarded-For X-Forwarded-Port",
      "/app",
      { headers: { "X-Forwarded-For": "garbage, 192.0.2.9", "X-Forwarded-Port": "80; x" } },
      { REMOTE_ADDR: "127.0.0.1", SERVER_PORT: "80" },
    ],
    [
      "WSGITrustedProxyHeaders X-Real-IP",
      "/app",
      { headers: { "X-Real-IP": "localhost" } },
      { REMOTE_ADDR: "127.0.0.1" },
    ],
    [
      "WSGITrustedProxyHeaders X-Forwarded-Host X-Forwarded-Port X-Script-Name",
      "/app",
      { headers: { "X-Forwarded-Host": "pub.test", "X-Forwarded-Port": "444", "X-Script-Name": "/pub" } },
      {
        HTTP_HOST: "pub.test",
        SERVER_PORT: "444",
        SCRIPT_NAME: "/pub",
        "mod_wsgi.mount_point": "/pub",
        "mod_wsgi.script_name": "/app",
      },
    ],
  ];
  for (const [configuration, target, ask, expected] of rows) {
    it(`carries ${JSON.stringify(expected)} under ${configuration.replaceAll("\n", "; ") || "nothing"}`, async () => {
      const environ = await environOf(embedded + configuration, target, ask);
      const found = Object.fromEntries(Object.keys(expected).map((name) => [name, environ[name]]));
      expect(found).to.deep.equal(expected);
    });
  }

  it("joins fields that came more than once", async () => {
    const served = serve(embedded, { files });
    await served.ask("/app", { headers: { Accept: "a", ACCEPT: "b", cookie: "x=1", Cookie: "y=2" } });
    expect(served.calls[0]?.environ).to.include({ HTTP_ACCEPT: "a, b", HTTP_COOKIE: "x=1, y=2" });
  });

  it("has the same constant part as others of its mount", async () => {
    const served = serve(embedded, { files });
    await served.ask("/app/a");
    await served.ask("/app/b?c");
    await served.ask("/app", { secure: true });
    const [first, second, third] = served.calls.map(({ constant }) => constant);
    expect(first).to.equal(second);
    expect(first).not.to.equal(third);
    for (const name of Object.keys(first ?? {})) expect(served.calls[0]?.environ).not.to.have.property(name);
  });

  /** Configuration, request and status of what is refused before an application runs, with the code in the log. */
  const refused: readonly (readonly [string, Ask, number, string])[] = [
    [embedded, { method: "POST", body: "x", chunked: true }, 411, "WSGI0139"],
    [`${embedded}LimitRequestBody 2`, { method: "POST", body: "xyz" }, 413, "AH01588"],
    [`${embedded}WSGIRestrictEmbedded On`, {}, 500, "WSGI0143"],
    [`${embedded}WSGIProcessGroup none`, {}, 500, "WSGI0151"],
    [`${embedded}WSGIProcessGroup %{ENV:NONE}`, {}, 500, "WSGI0151"],
    [`${daemon}WSGIRestrictProcess %{GLOBAL}`, {}, 500, "WSGI0149"],
    [`${embedded}WSGIRestrictProcess other`, {}, 500, "WSGI0149"],
    [
      `<VirtualHost *>\nServerName h.test\nWSGIScriptAlias /app ROOT/app.wsgi\nWSGIProcessGroup g\n</VirtualHost>
<VirtualHost *>\nServerName other.test\nWSGIDaemonProcess g\n</VirtualHost>`,
      {},
      500,
      "WSGI0152",
    ],
  ];
  for (const [configuration, ask, status, code] of refused) {
    it(`is refused with ${status} and ${code}`, async () => {
      const served = serve(configuration, { files });
      expect((await served.ask("/app", ask)).status).to.equal(status);
      expect(served.calls).to.deep.equal([]);
      expect(served.log.filter(({ message }) => message.startsWith(code))).to.have.lengthOf(1);
    });
  }

  for (const [configuration, group] of [
    [daemon, "g"],
    [`${daemon}WSGIRestrictProcess g`, "g"],
    [`${daemon}WSGIRestrictEmbedded On`, "g"],
    [`${embedded}WSGIRestrictProcess %{GLOBAL}`, ""],
    ["WSGIRestrictEmbedded On\nWSGIScriptAlias /app ROOT/app.js", ""],
    ["WSGIDaemonProcess g\nWSGIScriptAlias /app ROOT/app.wsgi process-group=g callable-object=%{ENV:X}", "g"],
    [
      "WSGIDaemonProcess g\nSetEnvIf Host . WHICH=g\nWSGIProcessGroup %{ENV:WHICH}\nWSGIScriptAlias /app ROOT/app.wsgi",
      "g",
    ],
    [
      "WSGIDaemonProcess g\nWSGIScriptAlias /app ROOT/app.wsgi\n<Directory ROOT>\nWSGIProcessGroup g\n</Directory>",
      "g",
    ],
  ] as const) {
    it(`goes to process group "${group}" by ${configuration.replaceAll("\n", "; ")}`, async () => {
      const served = serve(configuration, { files });
      await served.ask("/app");
      expect(served.calls[0]?.processGroup).to.equal(group);
    });
  }
});

describe("the answer of an application", () => {
  const ask = (served: Asked) => served.ask("/app");
  const fields = (headers: Headers) => [...headers].filter(([name]) => name !== "Content-Length");

  /** Fields as the application gives them, and as they are sent by a daemon. */
  const tidied: readonly (readonly [[string, string][], [string, string][]])[] = [
    [[["Content-Type", "TEXT/Plain; Charset=X"]], [["Content-Type", "text/plain; Charset=X"]]],
    [
      [
        ["X-A", "1"],
        ["x-a", "2"],
      ],
      [["X-A", "1, 2"]],
    ],
    [
      [
        ["Set-Cookie", "a"],
        ["Set-Cookie", "b"],
      ],
      [
        ["Set-Cookie", "a"],
        ["Set-Cookie", "b"],
      ],
    ],
    [
      [
        ["Location", "http://a/"],
        ["Location", "http://b/"],
      ],
      [["Location", "http://b/"]],
    ],
    [
      [
        ["X-A", "1"],
        ["Set-Cookie", "a"],
        ["X-A", "2"],
        ["Set-Cookie", "b"],
      ],
      [
        ["X-A", "1, 2"],
        ["Set-Cookie", "a"],
        ["Set-Cookie", "b"],
      ],
    ],
    [
      [
        ["X-A", "1"],
        ["Set-Cookie", "a"],
        ["X-B", "2"],
        ["Location", "http://x/"],
      ],
      [
        ["Location", "http://x/"],
        ["X-A", "1"],
        ["X-B", "2"],
        ["Set-Cookie", "a"],
      ],
    ],
    [
      [
        ["Vary", "Accept"],
        ["Vary", "Cookie, accept"],
      ],
      [["Vary", "Accept,Cookie"]],
    ],
    [
      [
        ["Content-Type", "text/plain"],
        ["Content-Type", "text/html"],
      ],
      [["Content-Type", "text/html"]],
    ],
    [[["Last-Modified", "nonsense"]], [["Last-Modified", "Thu, 01 Jan 1970 00:00:00 GMT"]]],
    [[["Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT"]], [["Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT"]]],
  ];
  for (const [given, sent] of tidied) {
    it(`is tidied from ${JSON.stringify(given)}`, async () => {
      const application = answering(200, given);
      expect(fields((await ask(serve(daemon, { files, application }))).headers)).to.deep.equal(sent);
      expect(fields((await ask(serve(embedded, { files, application }))).headers)).to.deep.equal(given);
    });
  }

  it("has no Last-Modified in the future", async () => {
    const application = answering(200, [["Last-Modified", "Fri, 01 Jan 2100 00:00:00 GMT"]]);
    const { headers } = await ask(serve(daemon, { files, application }));
    expect(Date.parse(headers.get("last-modified") ?? "")).to.be.at.most(Date.now());
  });

  it("takes its status from a Status field, from daemons only", async () => {
    const application = answering(200, [["Status", "404 Nope"]]);
    expect(await ask(serve(daemon, { files, application }))).to.include({ status: 404 });
    expect(await ask(serve(embedded, { files, application }))).to.include({ status: 200 });
  });

  it("is that of another path where a daemon's 200 has a Location", async () => {
    const application = answering(200, [["Location", "/index.html"]]);
    expect((await ask(serve(daemon, { files, application }))).body).to.equal("index");
    expect((await ask(serve(embedded, { files, application }))).body).to.equal("");
  });

  it("passes a Location through that is a URL, or has another status", async () => {
    for (const [status, location] of [
      [200, "http://x/"],
      [302, "/index.html"],
    ] as const) {
      const served = serve(daemon, { files, application: answering(status, [["Location", location]], "own") });
      const answered = await ask(served);
      expect([answered.status, answered.headers.get("location"), answered.body]).to.deep.equal([
        status,
        location,
        "own",
      ]);
    }
  });

  for (const [status, sent] of [
    [404, 404],
    [503, 503],
    // A status Apache does not know is sent as 500: test/conformance, "WSGIErrorOverride and 418".
    [418, 418],
    [200, 200],
  ] as const) {
    it(`of status ${status} is refused as ${sent} under WSGIErrorOverride, unless it is a success`, async () => {
      const application = answering(status, [["X-Own", "1"]], "own");
      const answered = await ask(serve(`${daemon}WSGIErrorOverride On`, { files, application }));
      expect(answered.status).to.equal(sent);
      expect(answered.body === "own").to.equal(status === 200);
      expect(answered.headers.has("x-own")).to.equal(status === 200);
      const without = await ask(serve(`${embedded}WSGIErrorOverride On`, { files, application }));
      expect([without.status, without.body]).to.deep.equal([status, "own"]);
    });
  }

  it("is the server's where the application could not be run", async () => {
    const answered = await ask(serve(daemon, { files, application: refusing(504) }));
    expect(answered.status).to.equal(504);
    expect(answered.body).to.include("504 Gateway Timeout");
  });

  it("may come late", async () => {
    const application = () =>
      Promise.resolve(
        answer(
          201,
          new Headers([
            ["X-A", "1"],
            ["X-A", "2"],
          ]),
          Buffer.from("late"),
        ),
      );
    const answered = await ask(serve(daemon, { files, application }));
    expect([answered.status, answered.headers.get("x-a"), answered.body]).to.deep.equal([201, "1, 2", "late"]);
  });
});

describe("WSGIDaemonProcess", () => {
  const specs = (configuration: string): readonly DaemonGroupSpec[] =>
    serve(configuration, { files }).server.daemonGroups;

  it("has mod_wsgi's defaults", () => {
    const [spec] = specs("Timeout 77\nWSGIDaemonProcess g");
    const { origin, ...rest } = spec ?? { origin: undefined };
    expect(origin?.file).to.match(/httpd\.conf$/);
    expect(rest).to.deep.equal({
      name: "g",
      virtualHost: 0,
      processes: 1,
      multiprocess: false,
      threads: 15,
      user: undefined,
      group: undefined,
      umask: undefined,
      home: undefined,
      chroot: undefined,
      lang: undefined,
      locale: undefined,
      pythonHome: undefined,
      pythonExecutable: undefined,
      envFile: undefined,
      preload: undefined,
      pythonPath: [],
      displayName: undefined,
      maximumRequests: 0,
      requestTimeout: 0,
      queueTimeout: 0,
      shutdownTimeout: 5000,
      gracefulTimeout: 15_000,
      startupTimeout: 0,
      connectTimeout: 15_000,
      socketTimeout: 77_000,
      listenBacklog: 100,
      socketUser: undefined,
      restartInterval: 0,
      inactivityTimeout: 0,
      deadlockTimeout: 300_000,
      interruptTimeout: 0,
      evictionTimeout: 0,
      cpuTimeLimit: 0,
      memoryLimit: 0,
      virtualMemoryLimit: 0,
      stackSize: 0,
      cpuPriority: 0,
      switchInterval: 0,
      pythonEggs: undefined,
      supplementaryGroups: undefined,
      sendBufferSize: 0,
      receiveBufferSize: 0,
      pythonOptions: [],
      pythonHashSeed: undefined,
      restricted: ["signal"],
      endsInterpreter: true,
      scriptUser: undefined,
      scriptGroup: undefined,
      serverMetrics: false,
      responseSocketTimeout: 0,
      headerBufferSize: 0,
      requestBufferSize: 1_048_576,
      responseBufferSize: 8_388_608,
      socketPrefix: undefined,
      preloads: [],
      interpreters: [],
    });
  });

  /** Options, and what they set. */
  const options: readonly (readonly [string, Partial<DaemonGroupSpec>])[] = [
    ["processes=1", { processes: 1, multiprocess: true }],
    ["threads=0", { threads: 0 }],
    ["processes=3 threads=4", { processes: 3, threads: 4, multiprocess: true }],
    ["user=www-data group=www-data umask=0007", { user: "www-data", group: "www-data", umask: 7 }],
    ["home=/tmp lang=en_US.UTF-8 locale='C.UTF-8'", { home: "/tmp", lang: "en_US.UTF-8", locale: "C.UTF-8" }],
    ["python-home=/usr python-path=/a:/b", { pythonHome: "/usr", pythonPath: ["/a", "/b"] }],
    ["python-executable=/bin/sh env-file=/etc/passwd", { pythonExecutable: "/bin/sh", envFile: "/etc/passwd" }],
    ["preload=/etc/passwd", { preload: "/etc/passwd" }],
    ["chroot=/etc/ home=/srv preload=/etc/passwd", { chroot: "/etc", home: "/srv", preload: "/passwd" }],
    ["display-name=%{GROUP}", { displayName: "(wsgi:g)" }],
    ['display-name="two words"', { displayName: "two words" }],
    [
      "request-timeout=60 queue-timeout=1 startup-timeout=2",
      { requestTimeout: 60_000, queueTimeout: 1000, startupTimeout: 2000 },
    ],
    ["shutdown-timeout=0 graceful-timeout=3", { shutdownTimeout: 0, gracefulTimeout: 3000 }],
    [
      "connect-timeout=4 socket-timeout=5 listen-backlog=6",
      { connectTimeout: 4000, socketTimeout: 5000, listenBacklog: 6 },
    ],
    ["maximum-requests=7 socket-user=#33", { maximumRequests: 7, socketUser: "#33" }],
    ["socket-timeout=0", { socketTimeout: 60_000 }],
    [
      "deadlock-timeout=60 inactivity-timeout=70 restart-interval=80",
      { deadlockTimeout: 60_000, inactivityTimeout: 70_000, restartInterval: 80_000 },
    ],
    ["interrupt-timeout=2 eviction-timeout=3", { interruptTimeout: 2000, evictionTimeout: 3000 }],
    ["cpu-time-limit=5 cpu-priority=-3", { cpuTimeLimit: 5, cpuPriority: -3 }],
    ["memory-limit=1000000 virtual-memory-limit=2000000", { memoryLimit: 1_000_000, virtualMemoryLimit: 2_000_000 }],
    ["stack-size=524288 switch-interval=0.01", { stackSize: 524_288, switchInterval: 0.01 }],
    [
      "python-eggs=/tmp/eggs supplementary-groups=games,#20",
      { pythonEggs: "/tmp/eggs", supplementaryGroups: ["games", "#20"] },
    ],
    ["send-buffer-size=0 receive-buffer-size=4096", { sendBufferSize: 0, receiveBufferSize: 4096 }],
    ["script-user=root server-metrics=On", { scriptUser: "root", serverMetrics: true }],
    ["script-group=#0 response-socket-timeout=3", { scriptGroup: "#0", responseSocketTimeout: 3000 }],
    ["socket-timeout=9", { socketTimeout: 9000, responseSocketTimeout: 9000 }],
    // As mod_wsgi-express writes what it was not told.
    [
      "python-path='' supplementary-groups='' lang='' locale='' python-home='' python-eggs='' display-name=''",
      {
        ...{ pythonPath: [], supplementaryGroups: [], lang: undefined, locale: undefined, pythonHome: undefined },
        ...{ pythonEggs: undefined, displayName: undefined },
      },
    ],
    ["header-buffer-size=8192 response-buffer-size=65536", { headerBufferSize: 8192, responseBufferSize: 65_536 }],
  ];
  for (const [text, expected] of options) {
    it(`reads ${text}`, () => {
      expect(specs(`WSGIDaemonProcess g ${text}`)[0]).to.deep.include(expected);
    });
  }

  /** Options, and the error. */
  const refused: readonly (readonly [string, string])[] = [
    ["threads=x", 'option threads must be a whole number, found "x"'],
    ["threads=65534", 'option threads must be from 0 to 65533, found "65534"'],
    ["processes=0", 'option processes must be from 1 to 1000, found "0"'],
    ["request-timeout=abc", 'option request-timeout must be a whole number of seconds, found "abc"'],
    ["request-timeout=-1", 'option request-timeout must be a whole number of seconds, found "-1"'],
    ["request-timeout=1.5", 'option request-timeout must be a whole number of seconds, found "1.5"'],
    ["umask=9", 'option umask must be an octal number, found "9"'],
    ["home=rel", 'option home must be an absolute path, found "rel"'],
    ["send-buffer-size=100", 'option send-buffer-size must be 0 or at least 512, found "100"'],
    ["thread=5", "option thread does not exist"],
    ["threads=", 'option threads needs a value behind "="'],
    ["user=''", 'option user needs a value behind "="'],
    ["home=''", 'option home needs a value behind "="'],
    ["threads", 'options are key=value, found "threads"'],
    ["user=root", "option user must not be root"],
    ["chroot=srv", 'option chroot must be an absolute path, found "srv"'],
    ["chroot=/no/such/folder", "option chroot: /no/such/folder is not a directory"],
    ["chroot=/usr preload=/etc/passwd", "option preload: /etc/passwd is not inside of the chroot /usr"],
    ["memory-limit=1M", 'option memory-limit must be a whole number, found "1M"'],
    ["stack-size=1", 'option stack-size must be at least 32768, found "1"'],
    ["switch-interval=0", 'option switch-interval must be a number above 0, found "0"'],
    ["python-executable=/no/such/python", "option python-executable: /no/such/python cannot be run"],
    ["python-executable=/usr", "option python-executable: /usr cannot be run"],
    ["python-executable=python3", 'option python-executable must be an absolute path, found "python3"'],
    [
      "python-executable=/usr/bin/python3 python-home=/usr",
      "option python-executable names the interpreter, and python-home a folder with another: give one of them",
    ],
    ["env-file=/no/such/file", "option env-file: /no/such/file is no file that can be read"],
    ["preload=/tmp", "option preload: /tmp is no file that can be read"],
    ["python-home=/no/such/folder", "option python-home: /no/such/folder does not exist"],
    ["user=nobody-at-all", 'option user: "nobody-at-all" is unknown'],
    ["script-user=nobody-at-all", 'option script-user: "nobody-at-all" is unknown'],
    ["script-user=root script-group=root", "options script-user and script-group exclude each other: give one of them"],
    ["group=nobody-at-all", 'option group: "nobody-at-all" is unknown'],
  ];
  for (const [text, error] of refused) {
    it(`refuses ${text}`, () => {
      expect(faultsOf(`WSGIDaemonProcess g ${text}`).errors).to.deep.equal([`1: WSGIDaemonProcess: ${error}`]);
    });
  }

  it("is warned of where it has no threads, and nothing to run without them", () => {
    expect(faultsOf("WSGIDaemonProcess g threads=0").warnings).to.deep.equal([
      '1: WSGIDaemonProcess: option threads=0: group "g" takes no requests, and no WSGIImportScript names what it is to run',
    ]);
    const text =
      "WSGIDaemonProcess g threads=0\nWSGIImportScript /etc/passwd process-group=g application-group=%{GLOBAL}";
    expect(faultsOf(text).warnings).to.deep.equal([]);
  });

  it("is warned of a longer response-flush-delay than mod_wsgi's", () => {
    const warnings = ["0", "5", "6"].map(
      (delay) => faultsOf(`WSGIDaemonProcess g response-flush-delay=${delay}`).warnings,
    );
    const warning = "1: WSGIDaemonProcess: option response-flush-delay has no effect: output is sent as it comes";
    expect(warnings).to.deep.equal([[], [], [warning]]);
  });

  it("is warned of a virtual environment whose Python has gone, or that has none", () => {
    const folder = mkdtempSync(join(tmpdir(), "modhost-home-"));
    try {
      mkdirSync(join(folder, "bin"));
      const remedy = `; requests get 503. Make it with "python3 -m venv ${folder}"`;
      const start = `1: WSGIDaemonProcess: option python-home: ${folder}`;
      const warnings = (): readonly string[] => faultsOf(`WSGIDaemonProcess g python-home=${folder}`).warnings;
      expect(warnings()).to.deep.equal([`${start} holds no bin/python3 or bin/python that can be run${remedy}`]);
      symlinkSync("/no/such/python3.9", join(folder, "bin/python3"));
      const gone = "has a bin/python3 that is a link to /no/such/python3.9, which is not there";
      expect(warnings()).to.deep.equal([`${start} ${gone}${remedy}`]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("refuses a name that is taken", () => {
    expect(faultsOf("WSGIDaemonProcess g\nWSGIDaemonProcess g").errors[0]).to.match(
      /^2: WSGIDaemonProcess: name "g" is taken by ROOT\/httpd\.conf:\d+$/,
    );
  });

  it("falls back to the directives of the server", () => {
    const [spec] = specs("WSGIDaemonProcess g\nWSGIPythonHome /usr\nWSGIPythonPath /a:/b\nWSGISocketPrefix run/x");
    expect(spec).to.deep.include({ pythonHome: "/usr", pythonPath: ["/a", "/b"] });
    expect(spec?.socketPrefix).to.match(/^\/.*\/run\/x$/);
  });

  it("loads at start what its aliases name for certain", () => {
    const served = serve(
      `WSGIDaemonProcess g
WSGIDaemonProcess h
WSGIScriptAlias /a ROOT/apps/one.wsgi process-group=g application-group=%{GLOBAL}
WSGIScriptAlias /b ROOT/apps/two.wsgi process-group=g application-group=x callable-object=app
WSGIScriptAlias /c ROOT/apps/two.wsgi process-group=g
WSGIScriptAlias /d ROOT/apps process-group=g application-group=x
WSGIScriptAlias /e ROOT/none.wsgi process-group=g application-group=x
WSGIScriptAliasMatch ^/f/(.*) ROOT/apps/$1 process-group=g application-group=x
<VirtualHost *>
ServerName v.test
WSGIProcessGroup h
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias / ROOT/app.wsgi
</VirtualHost>`,
      { files },
    );
    const shown = served.server.daemonGroups.map(({ name, preloads }) => [
      name,
      ...preloads.map(({ script, applicationGroup, callable }) => [
        script.replace(served.root, ""),
        applicationGroup,
        callable,
      ]),
    ]);
    expect(shown).to.deep.equal([
      ["g", ["/apps/one.wsgi", "", "application"], ["/apps/two.wsgi", "x", "app"]],
      ["h", ["/app.wsgi", "", "application"]],
    ]);
  });

  it("belongs to the virtual host it stands in", () => {
    const [spec] = specs("<VirtualHost *>\nServerName v.test\nWSGIDaemonProcess g\n</VirtualHost>");
    expect(spec?.virtualHost).to.equal(1);
  });
});

describe("directives without effect", () => {
  it("are warned of where mod_wsgi has dropped them", () => {
    const { errors, warnings } = faultsOf(
      "WSGILazyInitialization On\nWSGINewRelicConfigFile /x\nWSGINewRelicEnvironment staging\nWSGIAcceptMutex default",
    );
    expect(errors).to.deep.equal([]);
    expect(warnings).to.deep.equal([
      "1: WSGILazyInitialization: was removed from mod_wsgi and has no effect: take the line away: Python always starts in the process that uses it",
      "2: WSGINewRelicConfigFile: was removed from mod_wsgi and has no effect: take the line away, and call newrelic.agent.initialize() with that file at the top of the script",
      "3: WSGINewRelicEnvironment: was removed from mod_wsgi and has no effect: take the line away, and give newrelic.agent.initialize() that environment at the top of the script",
    ]);
  });

  const rows: readonly (readonly [text: string, warnings: readonly string[]])[] = [
    ["WSGIPassApacheRequest On", ["1: WSGIPassApacheRequest: has no effect: there is no such record here"]],
    ["WSGIPassApacheRequest Off", []],
    [
      "WSGICaseSensitivity Off",
      ["1: WSGICaseSensitivity: has no effect: file names are what the system says they are"],
    ],
    ["WSGICaseSensitivity On", []],
    ["WSGIEnableSendfile On", []],
    [
      "<WSGIInterpreterOptions process-group=%{GLOBAL}>\nWSGISwitchInterval 0.01\n</WSGIInterpreterOptions>",
      [
        "1: <WSGIInterpreterOptions>: WSGISwitchInterval has no effect in it: inside the server all interpreters share one lock",
      ],
    ],
    [
      "<WSGIInterpreterOptions process-group=site>\nWSGIPerInterpreterGIL On\n</WSGIInterpreterOptions>",
      [
        "2: WSGIPerInterpreterGIL: has no effect: each application group of a daemon group has processes of its own; inside the server all share one lock",
      ],
    ],
  ];
  for (const [text, expected] of rows) {
    it(`${expected.length > 0 ? "warn of" : "say nothing of"} ${text.replaceAll("\n", " ")}`, () => {
      expect(faultsOf(text)).to.deep.include({ errors: [], warnings: expected });
    });
  }

  /** What mod_wsgi refuses in directives that have no effect here is refused all the same. */
  const refused: readonly (readonly [text: string, error: RegExp])[] = [
    ["WSGIAcceptMutex semaphore", /^1: WSGIAcceptMutex: .*default.*flock.*found "semaphore"/],
    ["WSGITelemetryService /run/t.sock", /^1: WSGITelemetryService: target .*must be unix: and a path/],
    ["WSGITelemetryService unix:/run/t.sock interval=0.1", /^1: WSGITelemetryService: interval .*0\.5 seconds or more/],
    ["WSGISlowRequests soon", /^1: WSGISlowRequests: seconds .*must be a number of seconds/],
    ["WSGISlowRequests -1", /^1: WSGISlowRequests: seconds .*must be a number of seconds/],
    ["WSGITelemetryOptions CaptureCookies", /^1: WSGITelemetryOptions: option .*must be None, All/],
    ["WSGISocketRotation perhaps", /^1: WSGISocketRotation: .*found "perhaps"/],
    ["WSGIPythonOptimize much", /^1: WSGIPythonOptimize: expected a whole number, found "much"/],
    ["WSGIPythonHashSeed 4294967296", /^1: WSGIPythonHashSeed: expected random or a number from 0 to 4294967295/],
    ["WSGISwitchInterval 0", /^1: WSGISwitchInterval: expected a number of seconds above 0/],
    ["WSGITrustedProxies localhost", /^1: WSGITrustedProxies: .*must be an address or address\/bits/],
    ["WSGIReloadMechanism Process", /^1: Invalid command 'WSGIReloadMechanism'/],
  ];
  for (const [text, error] of refused) {
    it(`and others refuse ${text}`, () => {
      const { errors } = faultsOf(text);
      expect(errors).to.have.length(1);
      expect(errors[0]).to.match(error);
    });
  }

  for (const text of [
    "WSGIAcceptMutex posixsem",
    "WSGISocketRotation Off",
    "WSGIVerboseDebugging Off",
    "<Location />\nWSGIGroupAuthoritative Off\n</Location>",
  ]) {
    it(`say nothing of ${text.replaceAll("\n", " ")}`, () => {
      expect(faultsOf(text)).to.deep.include({ errors: [], warnings: [] });
    });
  }

  it("warn of what is sent to nobody", () => {
    const text = `WSGITelemetryService unix:/run/t.sock interval=2
WSGISlowRequests 0.5
WSGITelemetryOptions +CaptureUserAgent
WSGIVerboseDebugging On`;
    expect(faultsOf(text).errors).to.deep.equal([]);
    expect(faultsOf(text).warnings.map((line) => line.split(":")[1])).to.deep.equal([
      " WSGITelemetryService",
      " WSGISlowRequests",
      " WSGITelemetryOptions",
      " WSGIVerboseDebugging",
    ]);
  });
});
