// The server root of Debian's package apache2, untouched, and with each of its modules: what modhost says of it, beside Apache.
import { expect } from "chai";
import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { get } from "node:http";
import { hostname } from "node:os";
import { join } from "node:path";
import { foreignModules } from "../../src/config/owners.js";
import { modules } from "../../src/modules/index.js";
import { readServer } from "../../src/process/load.js";
import { a2 } from "../../src/tools/a2.js";
import { makeDebianRoot, missingDebianRoot, type DebianRoot } from "../support/debian-root.js";
import { freePorts } from "../support/running.js";
import { runToEnd, tool, type Ended } from "../support/tool.js";

describe("Debian's apache2, as its package leaves it", function () {
  this.timeout(120_000);
  let debian: DebianRoot;

  before(function () {
    const missing = missingDebianRoot();
    if (missing === undefined) return;
    if (process.env["CI"] === "true") throw new Error(`nothing may be skipped here; ${missing}`);
    console.log(`      skipped, ${missing}`);
    this.skip();
  });
  beforeEach(() => {
    debian = makeDebianRoot();
    chmodSync(debian.root, 0o755);
  });
  afterEach(() => debian.remove());

  const ours = (args: readonly string[]): Promise<Ended> => tool("modhostctl", ["-d", debian.root, ...args]);
  const theirs = (args: readonly string[]): Promise<Ended> =>
    runToEnd(["/usr/sbin/apache2ctl", ...args], { environment: { APACHE_CONFDIR: debian.root } });

  /** Both listings, line by line; Apache lists mutexes in any order. */
  async function compare(args: readonly string[]): Promise<Ended> {
    const [expected, found] = await Promise.all([theirs(args), ours(args)]);
    const comparable = ({ status, out, err }: Ended): unknown => {
      const lines = out.split("\n");
      const inAnyOrder = (line: string): boolean => line.startsWith("Mutex ");
      return {
        status,
        err: err.replace(/^AH00558: \w+:/gm, "AH00558:"),
        mutexes: lines.filter(inAnyOrder).sort(),
        lines: lines.filter((line) => !inAnyOrder(line)),
      };
    };
    expect(comparable(found)).to.deep.equal(comparable(expected));
    return found;
  }

  const listings = [
    "-t",
    "configtest",
    "-S",
    "-M",
    "-l",
    "-t -D DUMP_VHOSTS",
    "-t -D DUMP_RUN_CFG",
    "-t -D DUMP_INCLUDES",
  ];
  for (const args of [...listings, "-t -D DUMP_MODULES", "-S -D MORE"]) {
    it(`has Apache's lines for ${args}, without a ServerName`, () => compare(args.split(" ")));
  }

  for (const args of listings) {
    it(`has Apache's lines for ${args}, with a ServerName and more sites`, async () => {
      debian.edit("apache2.conf", (text) => `ServerName main.test\n${text}`);
      await a2("a2ensite", ["-d", debian.root, "-q", "default-ssl"], silent);
      debian.edit("sites-available/default-ssl.conf", (text) =>
        args.includes("-D") || /^-[SM]/.test(args)
          ? text
          : text.replaceAll(/SSLCertificate\w+\s+\/.*/g, "SSLEngine off"),
      );
      await a2("a2enmod", ["-d", debian.root, "-q", "ssl", "rewrite", "proxy_balancer", "auth_digest"], silent);
      debian.edit(
        "sites-available/000-default.conf",
        (text) => `${text}<VirtualHost *:80>\nServerName b.test\nServerAlias c.test *.c.test\n</VirtualHost>\n`,
      );
      await compare(args.split(" "));
    });
  }

  it("has the lines of -V that are looked for", async () => {
    const [expected, found] = await Promise.all([theirs(["-V"]), ours(["-V"])]);
    const value = ({ out }: Ended, name: string): string | undefined =>
      new RegExp(`^ -D ${name}="(.*)"$`, "m").exec(out)?.[1];
    expect(value(found, "SERVER_CONFIG_FILE")).to.equal(value(expected, "SERVER_CONFIG_FILE"));
    expect(value(found, "HTTPD_ROOT")).to.equal(debian.root);
    const kept = (out: string): string[] =>
      out
        .split("\n")
        .filter((line) => /^(Server's Module|Server MPM|Architecture| {2}thre| {4}forked|Server comp)/.test(line));
    expect(kept(found.out)).to.deep.equal(kept(expected.out));
    const version = (out: string): string | undefined => /^Server version: .*\bApache\/([\d.]+)/m.exec(out)?.[1];
    expect(version(found.out)).to.match(/^2\.4\.\d+$/);
    const built = /^Server built: {3}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/m;
    expect(found.out).to.match(built);
    expect(expected.out).to.match(built);
  });

  it("is served as it stands, but for its port", async () => {
    const [port = 0] = await freePorts(1);
    debian.edit("ports.conf", (text) => text.replace(/^Listen 80$/m, `Listen 127.0.0.1:${port}`));
    debian.edit("sites-available/000-default.conf", (text) => text.replace("*:80", `*:${port}`));
    expect(await ours(["start"])).to.include({ status: 0, out: "" });
    try {
      const page = await body(port, "/");
      expect(page).to.equal(readFileSync("/var/www/html/index.html", "utf8"));
      expect(await body(port, "/server-status?auto")).to.match(/^ServerMPM: event$/m);
      expect(await ours(["graceful"])).to.include({ status: 0 });
      expect(await body(port, "/")).to.equal(page);
    } finally {
      expect(await ours(["stop"])).to.include({ status: 0 });
    }
    expect(readFileSync(join(debian.root, "log/access.log"), "latin1")).to.match(/ "GET \/ HTTP\/1\.1" 200 /);
  });

  it("goes by the name that Apache gives a server without one", async () => {
    const { err } = await compare(["-S"]);
    if (err !== "") expect(err).to.not.include(`using ${hostname()}.`);
  });

  describe("loads, or says clearly what is missing, with", () => {
    // Debian's a2enmod knows the module under another name than its symbol.
    const absent = new Set(Object.keys(foreignModules(modules)));
    const names = missingDebianRoot()
      ? []
      : readdirSync("/etc/apache2/mods-available").flatMap((file) => /^(.*)\.load$/.exec(file)?.[1] ?? []);

    for (const name of names) {
      it(name, async () => {
        if (name.startsWith("mpm_")) await a2("a2dismod", ["-d", debian.root, "-q", "-f", "mpm_event"], silent);
        expect(await a2("a2enmod", ["-d", debian.root, "-q", name], silent)).to.equal(0);
        const { tree, errors, warnings } = readServer({
          serverRoot: debian.root,
          file: join(debian.root, "apache2.conf"),
          environment: { ...process.env },
          modules,
          ...{ before: [], after: [], defines: [], debug: false, trust: false, own: [] },
        });
        const without = tree.modules.filter(({ symbol }) => absent.has(symbol)).map(({ symbol }) => symbol);
        const told = warnings.flatMap(({ message }) => /modhost has no (\w+):/.exec(message)?.[1] ?? []);
        expect(told).to.have.members(without);
        expect(
          warnings.every(({ detail }) => detail.advice !== undefined),
          "each says what does its work",
        ).to.equal(true);
        const owned = errors.map(({ message, detail }) => `${message} ${detail.advice ?? ""}`);
        for (const text of owned) {
          expect(text).to.match(/^Invalid command .* (mod_\w+) owns this directive, and modhost does not have it\. \w/);
        }
        if (without.length === 0) expect(owned).to.deep.equal([]);
        const found = tree.modules.map(({ symbol }) => symbol);
        // Debian's a2enmod takes cgid for cgi where the MPM has threads.
        const file = `mods-available/${name === "cgi" ? "cgid" : name}.load`;
        expect(found).to.include(/LoadModule (\w+) /.exec(readFileSync(join(debian.root, file), "utf8"))?.[1]);
      });
    }

    it("all that modhost has, at once, line by line beside Apache", async () => {
      const own = names.filter((name) => {
        const text = readFileSync(join(debian.root, `mods-available/${name}.load`), "utf8");
        return (
          !name.startsWith("mpm_") &&
          [...text.matchAll(/LoadModule (\w+)/g)].every(([, symbol = ""]) => !absent.has(symbol))
        );
      });
      expect(own).to.have.length.greaterThan(80);
      expect(await a2("a2enmod", ["-d", debian.root, "-q", ...own], silent)).to.equal(0);
      for (const args of ["-t", "-M", "-S"]) await compare([args]);
    });
  });
});

const silent = { out: () => undefined, err: () => undefined, ask: () => Promise.resolve("") };

function body(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      response.once("end", () => {
        resolve(text);
      });
    }).once("error", reject);
  });
}
