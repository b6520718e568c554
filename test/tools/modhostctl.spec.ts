// What modhostctl does by itself: completion for shells, help on directives, the order of fullstatus.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { completionFor } from "../../src/tools/completion.js";
import { modhostctl } from "../../src/tools/modhostctl.js";

const bin = fileURLToPath(new URL("../../bin", import.meta.url));

describe("modhostctl", () => {
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), "modhostctl-"));
    writeFileSync(join(root, "apache2.conf"), "");
    for (const folder of ["mods-available", "mods-enabled", "sites-available"]) mkdirSync(join(root, folder));
    for (const file of ["mods-available/alias.load", "mods-available/env.load", "mods-enabled/env.load"]) {
      writeFileSync(join(root, file), "");
    }
    writeFileSync(join(root, "sites-available/shop.conf"), "");
    mkdirSync(join(root, "sites-enabled"));
    writeFileSync(
      join(root, "sites-enabled/shop.conf"),
      "WSGIDaemonProcess shop threads=2\n# WSGIDaemonProcess old\n<VirtualHost *:80>\n  wsgidaemonprocess desk\n</VirtualHost>\n",
    );
  });
  after(() => rmSync(root, { recursive: true }));

  /** Exit status and lines; the runs of modhost, which end with these statuses, are kept in `runs`. */
  async function run(
    args: readonly string[],
    statuses: readonly number[] = [],
  ): Promise<{ status: number; text: string; runs: string[] }> {
    const lines: string[] = [];
    const runs: string[] = [];
    const say = (line: string): void => void lines.push(line);
    const io = { out: say, err: say, ask: () => Promise.resolve("") };
    const status = await modhostctl(["-d", root, ...args], io, (given) => {
      runs.push(given.slice(2).join(" "));
      return statuses[runs.length - 1] ?? 0;
    });
    return { status, text: lines.join("\n"), runs };
  }

  it("shows status, virtual hosts and modules with fullstatus, and nothing more of a server that does not run", async () => {
    expect(await run(["fullstatus"])).to.deep.include({ status: 0, runs: ["-k status", "-S", "-M"] });
    expect(await run(["fullstatus"], [3])).to.deep.equal({ status: 3, text: "", runs: ["-k status"] });
  });

  it("hands on the main file that is named, wherever it stands, and leaves the root to modhost", async () => {
    const given: string[] = [];
    const silent = { out: () => undefined, err: () => undefined, ask: () => Promise.resolve("") };
    const keep = (args: readonly string[]): number => (given.push(args.join(" ")), 0);
    for (const args of [
      ["-f", "/x.conf", "configtest"],
      ["explain", "-f", "/x.conf", "http://a.test/"],
      ["-d", root, "-f/x", "-S"],
    ]) {
      await modhostctl(args, silent, keep);
    }
    expect(given).to.deep.equal(["-f /x.conf -t", "explain -f /x.conf http://a.test/", `-d ${root} -f /x -S`]);
  });

  it("prints the help of a directive in any case, and of a section without its brackets", async () => {
    expect((await run(["help", "directoryindex"])).text).to.match(
      /^DirectoryIndex: .*\n\n {2}Syntax: +DirectoryIndex .*\n/,
    );
    const { status, text } = await run(["help", "Directory"]);
    expect(text).to.match(/^<Directory>: /);
    expect(text).to.match(/^ {2}Syntax: +<Directory .*> \.\.\. <\/Directory>$/m);
    expect(status).to.equal(0);
  });

  it("names the nearest directive where there is none", async () => {
    expect(await run(["help", "DirctoryIndex"])).to.deep.include({
      status: 1,
      text: 'modhostctl help: there is no directive "DirctoryIndex"; did you mean DirectoryIndex?',
    });
  });

  it("says which module of Apache owns a directive that is not here", async () => {
    const { status, text } = await run(["help", "DavLockDB"]);
    expect(status).to.equal(1);
    expect(text).to.match(
      /^modhostctl help: DavLockDB is a directive of mod_dav_fs, which modhost does not have\. WebDAV/,
    );
  });

  it("knows bash and zsh alone", async () => {
    expect((await run(["completion", "fish"])).status).to.equal(1);
    expect((await run(["completion", "zsh"])).text).to.include("compdef _modhostctl modhostctl");
  });

  const env = { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}` };
  const functionOf = (tool: string): string =>
    tool === "modhostctl" ? "_modhostctl" : tool === "a2query" ? "_modhost_a2query" : "_modhost_a2";
  const completions: readonly (readonly [line: string, words: string])[] = [
    ["modhostctl gra", "graceful graceful-stop"],
    ["modhostctl completion ", "bash zsh"],
    ["modhostctl explain --me", "--method"],
    ["a2enmod ", "alias env"],
    ["a2enmod al", "alias"],
    ["a2dismod ", "env"],
    ["a2ensite ", "shop"],
    ["a2ensite -d @ROOT@ s", "shop"],
    ["a2enmod -", "-q -f -m -p -d"],
    ["a2query -m ", "env"],
    ["a2query -", "-m -s -c -v -a -M -q -h -d"],
    ["modhostctl restart-group ", "desk shop"],
    ["modhostctl -t -D DUMP_V", "DUMP_VHOSTS"],
    ["modhostctl help DocumentR", "DocumentRoot"],
  ];
  for (const [line, expected] of completions) {
    it(`completes "${line}" in bash`, () => {
      const words = line.replace("@ROOT@", root).split(" ");
      const [tool = ""] = words;
      const script = `${completionFor("bash")}
COMP_WORDS=(${words.map((word) => `"${word}"`).join(" ")})
COMP_CWORD=${words.length - 1}
${functionOf(tool)}
echo "\${COMPREPLY[*]}"`;
      const { stdout, stderr } = spawnSync("bash", ["-c", script], { cwd: root, encoding: "utf8", env });
      expect(stderr).to.equal("");
      expect(stdout.trim()).to.equal(expected);
    });
  }

  for (const [line, expected] of completions) {
    it(`completes "${line}" in zsh`, function () {
      const words = line.replace("@ROOT@", root).split(" ");
      const [tool = ""] = words;
      const current = words.at(-1) ?? "";
      // Outside of the line editor compadd cannot be called: a function of its name says what it is given.
      const script = `compdef() { : }
compadd() { [ "$1" = -- ] && shift; for word in "$@"; do case "$word" in "${current}"*) echo "$word" ;; esac; done }
${completionFor("zsh")}
words=(${words.map((word) => `"${word}"`).join(" ")})
CURRENT=${words.length}
${functionOf(tool)}`;
      const { stdout, stderr, error } = spawnSync("zsh", ["-f", "-c", script], { cwd: root, encoding: "utf8", env });
      if (error && process.env["CI"] !== "true") return this.skip();
      expect(stderr).to.equal("");
      expect(stdout.trim().split("\n").join(" ")).to.equal(expected);
    });
  }

  for (const shell of ["bash", "zsh"]) {
    it(`writes what ${shell} can read`, function () {
      const found = spawnSync(shell, ["-n"], { input: completionFor(shell), encoding: "utf8" });
      if (found.error && process.env["CI"] !== "true") return this.skip();
      expect(found.stderr).to.equal("");
      expect(found.status).to.equal(0);
    });
  }
});
