// A module of somebody else's, named in LoadModule → its directives in force, in a running server and in every check.
import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeRoot, serveRoot, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const program = fileURLToPath(new URL("../../bin/modhost", import.meta.url));
const example = readFileSync(new URL("../../examples/modules/mod_maintenance.js", import.meta.url), "utf8");
const configuration = `
LoadModule maintenance_module own/mod_maintenance.js
MaintenanceRetryAfter 60
<Directory @ROOT@/htdocs>
    AllowOverride All
</Directory>
<Location /shop>
    MaintenanceFile run/closed
</Location>
`;
const files = {
  "own/mod_maintenance.js": example,
  "own/package.json": '{ "type": "module" }',
  "htdocs/shop/index.html": "the shop",
  "htdocs/index.html": "the house",
};

function check(root: string, ...more: string[]): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "-d", root, ...more], { encoding: "utf8" });
  return { status, text: stdout + stderr };
}

describe("a module that others wrote", () => {
  let server: ServedRoot | undefined;
  let folder: string | undefined;

  afterEach(async () => {
    await server?.end();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    server = folder = undefined;
  });

  async function rootWith(text: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
    const { root } = await makeRoot(text, { files: { ...files, ...more } });
    folder = root;
    return root;
  }

  it("acts on requests, in .htaccess files too, and goes on after a reload", async () => {
    const { root, port } = await makeRoot(configuration, { files });
    server = await serveRoot(root, port);
    const url = (path: string): string => `http://127.0.0.1:${port}${path}`;
    expect((await fetch(url("/shop/"))).status).to.equal(200);
    writeFileSync(join(root, "run/closed"), "");
    const refused = await fetch(url("/shop/"));
    expect([refused.status, refused.headers.get("retry-after")]).to.deep.equal([503, "60"]);
    expect((await fetch(url("/"))).status).to.equal(200);
    writeFileSync(join(root, "htdocs/shop/.htaccess"), "MaintenanceRetryAfter 7\n");
    await until("the .htaccess file acts", async () => {
      const { headers } = await fetch(url("/shop/"));
      return headers.get("retry-after") === "7";
    });
    expect(check(root, "-k", "graceful").status).to.equal(0);
    // The connection kept from before ends with the worker it led to, perhaps just as it is used again.
    await until("it acts after the reload", async () => {
      const response = await fetch(url("/shop/")).catch(() => undefined);
      return response?.status === 503;
    });
    await until("the log says so", () => server?.errors().includes("[maintenance:info]") === true);
  });

  it("is listed, explained and checked like any other", async () => {
    const root = await rootWith(configuration);
    expect(check(root, "-t")).to.deep.include({ status: 0 });
    expect(check(root, "-M").text).to.include(" maintenance_module (shared)\n");
    const explained = spawnSync(
      process.execPath,
      [
        fileURLToPath(new URL("../../bin/modhostctl", import.meta.url)),
        "-d",
        root,
        "explain",
        "http://localhost/shop/",
      ],
      { encoding: "utf8" },
    );
    expect(explained.stdout)
      .to.include("mod_maintenance")
      .and.to.match(/apache2\.conf:\d+/);
  });

  it("may be a package that is installed in the server root", async () => {
    const root = await rootWith(configuration.replace("own/mod_maintenance.js", "@example/maintenance"), {
      "node_modules/@example/maintenance/package.json": '{ "type": "module", "exports": "./main.js" }',
      "node_modules/@example/maintenance/main.js": example,
    });
    expect(check(root, "-t")).to.deep.include({ status: 0 });
  });

  const refusals: readonly (readonly [what: string, line: string, source: string, message: RegExp])[] = [
    ["no such file", "LoadModule x_module own/none.js", "", /own\/none\.js: it cannot be loaded: Cannot find module/],
    [
      "no such package",
      "LoadModule x_module no-such-thing",
      "",
      /neither modhost nor Apache has a module x_module, and there is no file/,
    ],
    ["a fault of syntax", "LoadModule x_module own/x.js", "export default {", /own\/x\.js: it cannot be loaded: /],
    ["a fault when it runs", "LoadModule x_module own/x.js", "throw new Error('no luck')", /cannot be loaded: no luck/],
    [
      "no module",
      "LoadModule x_module own/x.js",
      "export default 5",
      /neither what defineModule gives, nor a function/,
    ],
    [
      "another version",
      "LoadModule x_module own/x.js",
      "export const apiVersion = 99; export default 5",
      /written for version 99 of the API, and this is version 1/,
    ],
    ["another symbol", "LoadModule x_module own/mod_maintenance.js", "", /it is maintenance_module, not x_module/],
    [
      "a name of ours",
      "LoadModule proxy_module own/x.js",
      "export default (m) => m.defineModule({ name: 'mod_proxy', summary: '', settings: {}, directives: () => ({}) })",
      /mod_proxy is a module of modhost's own/,
    ],
    [
      "a directive of ours",
      "LoadModule x_module own/x.js",
      "export default (m) => m.defineModule({ name: 'mod_x', summary: '', settings: {}, directives: (d) => ({ ProxyPass: {} }) })",
      /ProxyPass is a directive of mod_proxy already/,
    ],
  ];
  for (const [what, line, source, message] of refusals) {
    it(`is refused with the reason: ${what}`, async () => {
      const root = await rootWith(`${line}\n`, { "own/x.js": source });
      const { status, text } = check(root, "-t");
      expect(text).to.match(message);
      expect(text).to.match(/apache2\.conf:\d+:\d+/);
      expect(status).to.equal(1);
    });
  }

  it("that has changed is checked as it was, and -k graceful says so", async () => {
    const { root, port } = await makeRoot(configuration, { files });
    server = await serveRoot(root, port);
    utimesSync(join(root, "own/mod_maintenance.js"), new Date(), new Date(Date.now() + 60_000));
    check(root, "-k", "graceful");
    await until("it is said", () => server?.errors().includes("has changed since it was loaded") === true);
  });
});
