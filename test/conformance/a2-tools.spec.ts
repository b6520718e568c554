// The same commands of the a2 family in two copies of Debian's server root, one by Debian's tools, one by ours → the same
// words, exit statuses, links and markers.
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { runToEnd, tool, type Ended } from "../support/tool.js";

const debian = "/etc/apache2";
const debianTools = "/usr/sbin";

/** A command, or a change of the root made by hand between two. */
type Step = string | ((root: string) => void);

/** Rows of steps; each row starts from a fresh copy. */
const rows: readonly [what: string, steps: readonly Step[]][] = [
  ["a module", ["a2enmod expires", "a2enmod expires", "a2dismod expires", "a2dismod expires"]],
  ["a module with a conf", ["a2enmod info", "a2dismod info"]],
  ["dependencies", ["a2enmod proxy_http", "a2dismod proxy", "a2dismod -f proxy"]],
  ["dependencies in a row", ["a2enmod ssl", "a2dismod socache_shmcb", "a2dismod -f socache_shmcb"]],
  ["conflicts", ["a2enmod mpm_prefork", "a2dismod mpm_event", "a2enmod mpm_prefork", "a2enmod mpm_worker"]],
  ["several names", ["a2enmod expires headers rewrite", "a2dismod headers nonesuch rewrite"]],
  ["globs", ["a2enmod proxy_*", "a2dismod nonesuch*", "a2ensite *"]],
  ["suffixes", ["a2enmod expires.load", "a2ensite default-ssl.conf", "a2enconf charset.conf"]],
  ["quietly", ["a2enmod -q expires", "a2enmod -q expires", "a2enmod -q proxy_http", "a2dismod -q expires"]],
  ["a site", ["a2ensite default-ssl", "a2dissite 000-default", "a2dissite 000-default", "a2ensite nonesuch"]],
  ["a conf", ["a2disconf charset", "a2enconf charset", "a2enconf charset", "a2enconf nonesuch"]],
  ["essential modules", ["a2dismod -f alias", "a2dismod alias", "a2enmod alias"]],
  [
    "for a maintainer script",
    ["a2enmod -m expires", "a2dismod -m expires", "a2enmod expires", "a2dismod -m -q expires"],
  ],
  ["a purge", ["a2enmod expires", "a2dismod -p expires", "a2dismod -p nonesuch", "a2dismod -p -q expires"]],
  [
    "a link to nowhere",
    [
      (root) => symlinkSync("../mods-available/gone.load", join(root, "mods-enabled/gone.load")),
      "a2enmod gone",
      "a2dismod gone",
      "a2dismod gone",
    ],
  ],
  [
    "a link elsewhere",
    [
      (root) => symlinkSync("../mods-available/headers.load", join(root, "mods-enabled/expires.load")),
      "a2enmod expires",
      "a2dismod expires",
    ],
  ],
  [
    "a file in place of a link",
    [
      (root) => writeFileSync(join(root, "sites-enabled/default-ssl.conf"), ""),
      "a2ensite default-ssl",
      "a2dissite default-ssl",
    ],
  ],
  [
    "a conf that was left behind",
    [
      "a2enmod info",
      (root) => unlinkSync(join(root, "mods-enabled/info.load")),
      "a2dismod info",
      "a2enmod info",
      (root) => unlinkSync(join(root, "mods-enabled/info.conf")),
      "a2enmod info",
    ],
  ],
  [
    "headers of sites",
    [
      (root) => writeFileSync(join(root, "sites-available/shop.conf"), "# Depends: rewrite\n\n# Depends: expires\n"),
      "a2ensite shop",
      "a2enmod rewrite",
      "a2ensite shop",
    ],
  ],
  ["patterns with a suffix", ["a2ensite *.conf", "a2dissite *.conf", "a2ensite nothing? *-ssl nonesuch*.conf"]],
  ["cgi", ["a2enmod cgi", "a2dismod cgi cgid", "a2dismod mpm_event", "a2enmod mpm_prefork", "a2enmod cgi"]],
  [
    "a purge of what is not there",
    ["a2enmod -p nonesuch", "a2dismod expires", "a2dismod -p expires", "a2dissite -p x"],
  ],
  [
    "a dependant of what is not enabled",
    [
      "a2enmod ssl",
      (root) => unlinkSync(join(root, "mods-enabled/socache_shmcb.load")),
      "a2dismod socache_shmcb",
      "a2dismod -q -f socache_shmcb",
    ],
  ],
  [
    "a dependency that is missing",
    [
      (root) => writeFileSync(join(root, "mods-available/odd.load"), "# Depends: nonesuch expires\n"),
      "a2enmod odd",
      "a2enmod -q odd",
    ],
  ],
  [
    "headers that are none",
    [
      (root) => writeFileSync(join(root, "sites-available/shop.conf"), "#Depends: rewrite\n# depends: rewrite\n"),
      "a2ensite shop",
    ],
  ],
  [
    "a link to nowhere, quietly",
    [
      (root) => symlinkSync("../mods-available/gone.load", join(root, "mods-enabled/gone.load")),
      (root) => symlinkSync("../mods-available/gone.load", join(root, "mods-enabled/expires.load")),
      "a2dismod -q gone",
      "a2enmod -q expires",
    ],
  ],
  ["a folder that is missing", [(root) => rmSync(join(root, "conf-enabled"), { recursive: true }), "a2enconf charset"]],
  [
    "folders that envvars names",
    [
      (root) => appendFileSync(join(root, "envvars"), `export APACHE_SITES_ENABLED=${root}/conf-enabled\n`),
      "a2ensite default-ssl",
      "a2dissite default-ssl",
    ],
  ],
  ["an unknown option", ["a2enmod --nonsense expires"]],
];

describe("the a2 tools, beside Debian's", function () {
  this.timeout(120_000);
  const roots: string[] = [];
  before(function () {
    if (existsSync(join(debianTools, "a2enmod")) && existsSync(join(debian, "mods-available"))) return;
    const remedy = "Debian's a2enmod is missing: apt-get install apache2";
    if (process.env["CI"] === "true") throw new Error(`nothing may be skipped here; ${remedy}`);
    console.log(`      skipped, ${remedy}`);
    this.skip();
  });
  afterEach(() => {
    for (const root of roots.splice(0)) rmSync(root, { recursive: true });
  });

  /** A copy of Debian's server root as its package leaves it, whatever is enabled on this machine. */
  function copy(): string {
    const root = mkdtempSync(join(tmpdir(), "modhost-a2-beside-"));
    roots.push(root);
    for (const name of [
      "mods-available",
      "sites-available",
      "conf-available",
      "apache2.conf",
      "ports.conf",
      "envvars",
    ]) {
      cpSync(join(debian, name), join(root, name), { recursive: true });
    }
    for (const kind of ["mods", "sites", "conf"]) mkdirSync(join(root, `${kind}-enabled`));
    const enabled = [
      "mods:mpm_event.load",
      "mods:alias.load",
      "mods:alias.conf",
      "sites:000-default.conf",
      "conf:charset.conf",
    ];
    for (const each of enabled) {
      const [kind, name] = each.split(":");
      if (existsSync(join(root, `${kind}-available/${name}`)))
        symlinkSync(`../${kind}-available/${name}`, join(root, `${kind}-enabled/${name}`));
    }
    return root;
  }

  const environmentOf = (root: string): Record<string, string> => ({
    APACHE_CONFDIR: root,
    MODHOST_ROOT: root,
    APACHE_STATE_DIRECTORY: join(root, "state"),
  });

  const byDebian = (words: readonly string[], root: string): Promise<Ended> =>
    runToEnd([join(debianTools, words[0] ?? ""), ...words.slice(1)], { environment: environmentOf(root) });
  const byOurs = (words: readonly string[], root: string): Promise<Ended> =>
    tool(words[0] ?? "", words.slice(1), { environment: environmentOf(root) });

  for (const [what, steps] of rows) {
    it(`do the same: ${what}`, async () => {
      const [theirs, own] = [copy(), copy()];
      for (const step of steps) {
        if (typeof step !== "string") {
          step(theirs);
          step(own);
          continue;
        }
        const words = step.split(" ");
        const [expected, found] = await Promise.all([byDebian(words, theirs), byOurs(words, own)]);
        expect(told(found, own), step).to.deep.equal(told(expected, theirs));
        expect(links(own), step).to.deep.equal(links(theirs));
      }
    });
  }

  it("a2query answers the same", async () => {
    const root = copy();
    // Debian's asks in /etc/apache2 alone: a copy of it asks here.
    const query = join(root, "a2query");
    const text = readFileSync(join(debianTools, "a2query"), "utf8")
      .replace('"/var/lib/apache2"', JSON.stringify(join(root, "state")))
      .replace('"/etc/apache2"', JSON.stringify(root));
    writeFileSync(query, text);
    chmodSync(query, 0o755);
    for (const command of [
      "a2enmod -m -q expires",
      "a2enmod -q headers",
      "a2dismod -q alias -f",
      "a2dismod -m -q expires",
    ]) {
      await byOurs(command.split(" "), root);
    }
    for (const asked of [
      "-m headers",
      "-m alias",
      "-m expires",
      "-m nonesuch",
      "-m",
      "-s",
      "-s 000-default",
      "-c charset",
      "-q -m headers",
      "-q -m alias",
      "-qm headers",
      "-qmalias",
      "-mheaders -s000-default",
      "-M",
      "-s default-ssl.conf",
      "-m headers -m alias",
      "-s 000-default -c nonesuch",
      "-c charset -m nonesuch",
    ]) {
      const [expected, found] = [
        await runToEnd([query, ...asked.split(" ")]),
        await byOurs(["a2query", ...asked.split(" ")], root),
      ];
      expect(told(found, root), asked).to.deep.equal(told(expected, root));
    }
  });
});

/** What a tool said and its exit status; which command takes the change over is the server's own. */
function told({ status, out, err }: Ended, root: string): { status: Ended["status"]; out: string[]; err: string[] } {
  const lines = (text: string): string[] =>
    text
      .replaceAll(root, "@ROOT@")
      .replace(/^ {2}(systemctl|service|modhostctl) .*$/gm, "  the command")
      .split("\n")
      // Debian's own advice on SSL names a file of its package.
      .filter((line) => line !== "" && !line.includes("README.Debian"));
  // Of an unknown option Debian's says that alone.
  return { status, out: lines(out), err: lines(err).filter((line) => !line.startsWith("Usage: ")) };
}

/** Links with their targets, and markers. */
function links(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const kind of ["mods", "sites", "conf"]) {
    if (!existsSync(join(root, `${kind}-enabled`))) continue;
    for (const name of readdirSync(join(root, `${kind}-enabled`))) {
      const path = join(root, `${kind}-enabled`, name);
      found[`${kind}/${name}`] = lstatSync(path).isSymbolicLink() ? readlinkSync(path) : "a file";
    }
  }
  const state = join(root, "state");
  if (!existsSync(state)) return found;
  for (const each of readdirSync(state, { recursive: true, withFileTypes: true })) {
    if (each.isFile()) found[`state ${join(each.parentPath, each.name).slice(state.length)}`] = "marked";
  }
  return found;
}
