// Configurations → whether they are taken: by `apache2 -t`, and by modhost.
import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compile } from "../../src/config/compile.js";
import { readConfiguration } from "../../src/config/expand.js";
import { foreignModules } from "../../src/config/owners.js";
import { modules } from "../../src/modules/index.js";
import { missingForApache } from "./servers.js";
import { verdicts, type Verdict } from "./verdicts.js";

/** What Apache said when it was last asked; GOLDEN=write asks it anew. */
const goldenFile = new URL("./golden/verdicts.json", import.meta.url);

const folder = "/usr/lib/apache2/modules";
const loaded = ["mpm_event", "authz_core", "authz_host", "alias", "dir", "env", "mime", "setenvif", "macro"];

function textOf({ text, bare }: Verdict, root: string): string {
  const loads = loaded.map((name) => `LoadModule ${name}_module ${folder}/mod_${name}.so`);
  const needed = [`ServerRoot "${root}"`, `DefaultRuntimeDir "${root}"`, `PidFile "${root}/pid"`];
  const more = [
    "ServerName main.test",
    `DocumentRoot "${root}/www"`,
    `ErrorLog "${root}/error.log"`,
    "Listen 127.0.0.1:8",
  ];
  const lines = bare ? needed : [...needed, ...loads, ...more];
  return `${lines.join("\n")}\n${text.replaceAll("@ROOT@", root).replaceAll("@MODULES@", folder)}`;
}

describe("a configuration is taken or refused as by Apache", function () {
  this.timeout(60_000);
  let root = "";

  const missing = missingForApache();
  const golden = JSON.parse(readFileSync(goldenFile, "utf8")) as Record<string, string>;
  const found: Record<string, string> = {};

  before(() => {
    if (missing === undefined) return;
    if (process.env["CI"] === "true") throw new Error(`nothing may be skipped here; missing: ${missing}`);
    console.log(`      Apache's verdicts are those of golden/verdicts.json; missing: ${missing}`);
  });
  after(() => {
    if (process.env["GOLDEN"] === "write") writeFileSync(goldenFile, `${JSON.stringify(found, undefined, 2)}\n`);
  });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "verdicts-"));
    mkdirSync(join(root, "www"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  for (const one of verdicts) {
    it(one.name + (one.differs === undefined ? "" : ` (differs: ${one.differs})`), () => {
      for (const [name, text] of Object.entries(one.files ?? {})) {
        mkdirSync(dirname(join(root, name)), { recursive: true });
        writeFileSync(join(root, name), text.replaceAll("@ROOT@", root));
      }
      const file = join(root, "main.conf");
      writeFileSync(file, textOf(one, root));
      const { verdict, stderr } =
        missing === undefined ? askApache(file, one) : { verdict: golden[one.name], stderr: "" };
      found[one.name] = verdict ?? "";
      if (process.env["GOLDEN"] !== "write") expect(verdict, "as in golden/verdicts.json").to.equal(golden[one.name]);
      const errors = faults(root, file, one);
      const shown = `Apache: ${stderr}\nmodhost: ${errors.join("\n") || "taken"}`;
      const isSame = (verdict === "taken") === (errors.length === 0);
      expect(isSame, shown).to.equal(one.differs === undefined);
      if (one.says) expect(errors.join("\n")).to.match(one.says);
    });
  }
});

function askApache(file: string, { arguments: given = [] }: Verdict): { verdict: string; stderr: string } {
  const { status, stderr } = spawnSync("/usr/sbin/apache2", ["-t", "-f", file, ...given], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"] ?? "", LANG: "C" },
  });
  return { verdict: status === 0 ? "taken" : "refused", stderr };
}

function faults(root: string, file: string, { arguments: given = [] }: Verdict): string[] {
  const names = modules.map((module) => ({ ...module, directives: Object.keys(module.directives) }));
  const of = (flag: string): string[] => given.filter((_word, index) => given[index - 1] === flag);
  const read = readConfiguration({
    ...{ serverRoot: root, file, environment: {}, modules: names, foreign: foreignModules(names) },
    ...{ defines: of("-D"), before: of("-C"), after: of("-c") },
  });
  const compiled = compile(read.tree, modules);
  return [...read.errors, ...compiled.errors].map(({ message, origin, detail }) => {
    const place = `${origin.file.replace(`${root}/`, "")}:${origin.line}`;
    const via = origin.via ? ` via ${origin.via.file.replace(`${root}/`, "")}:${origin.via.line}` : "";
    return `${place}${via}: ${message} ${detail.advice ?? ""}`;
  });
}
