// The a2 tools in a temporary server root.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { a2 } from "../../src/tools/a2.js";

describe("the a2 tools", () => {
  let root: string;
  let answer: string;

  beforeEach(() => {
    answer = "blog";
    root = mkdtempSync(join(tmpdir(), "modhost-a2-"));
    writeFileSync(join(root, "apache2.conf"), "");
    for (const kind of ["mods", "conf", "sites"]) {
      mkdirSync(join(root, `${kind}-available`));
      mkdirSync(join(root, `${kind}-enabled`));
    }
    writeFileSync(join(root, "mods-available/alias.load"), "LoadModule alias_module modules/mod_alias.so\n");
    writeFileSync(join(root, "mods-available/alias.conf"), "");
    writeFileSync(join(root, "mods-available/core2.load"), "# Depends: alias\n");
    writeFileSync(join(root, "mods-available/worker.load"), "# Conflicts: event\n");
    writeFileSync(join(root, "mods-available/event.load"), "");
    writeFileSync(join(root, "sites-available/shop.conf"), "# Depends: alias\n");
    writeFileSync(join(root, "sites-available/blog.conf"), "");
    writeFileSync(join(root, "conf-available/charset.conf"), "");
  });

  afterEach(() => rmSync(root, { recursive: true }));

  async function run(tool: string, ...args: string[]): Promise<{ status: number; out: string[]; err: string[] }> {
    const out: string[] = [];
    const err: string[] = [];
    const io = {
      out: (line: string) => out.push(line),
      err: (line: string) => err.push(line),
      ask: () => Promise.resolve(answer),
    };
    const status = await a2(tool, ["-d", root, ...args], io);
    return { status, out, err };
  }

  const link = (path: string): string | undefined =>
    lstatSync(join(root, path), { throwIfNoEntry: false }) ? readlinkSync(join(root, path)) : undefined;

  it("enables a site by a relative link and says how to take it over", async () => {
    const { status, out } = await run("a2ensite", "blog.conf");
    expect(status).to.equal(0);
    expect(link("sites-enabled/blog.conf")).to.equal("../sites-available/blog.conf");
    expect(out).to.deep.equal([
      "Enabling site blog.",
      "To activate the new configuration, you need to run:",
      `  modhostctl -d ${root} graceful`,
    ]);
  });

  it("enables a module with its .conf and what it depends on", async () => {
    const { status, out } = await run("a2enmod", "core2");
    expect(status).to.equal(0);
    expect(out[0]).to.equal("Considering dependency alias for core2:");
    expect(link("mods-enabled/alias.conf")).to.equal("../mods-available/alias.conf");
    expect(link("mods-enabled/core2.load")).to.equal("../mods-available/core2.load");
  });

  it("refuses a module that conflicts with an enabled one", async () => {
    await run("a2enmod", "event");
    const { status, err } = await run("a2enmod", "worker");
    expect(status).to.equal(1);
    expect(err[0]).to.include("Module event is enabled - cannot proceed due to conflicts");
    expect(link("mods-enabled/worker.load")).to.equal(undefined);
  });

  it("enables modules that need each other, and disables them", async () => {
    writeFileSync(join(root, "mods-available/left.load"), "# Depends: right\n");
    writeFileSync(join(root, "mods-available/right.load"), "# Depends: left\n");
    expect((await run("a2enmod", "left")).status).to.equal(0);
    expect(link("mods-enabled/right.load")).not.to.equal(undefined);
    expect((await run("a2dismod", "-f", "left")).status).to.equal(0);
    expect(link("mods-enabled/right.load")).to.equal(undefined);
  });

  it("refuses a site whose module is not enabled", async () => {
    const { status, err } = await run("a2ensite", "shop");
    expect(status).to.equal(1);
    expect(err).to.deep.equal(["WARNING: Module alias is not enabled, but shop depends on it, aborting"]);
  });

  it("goes on after a name that does not exist, and fails in the end", async () => {
    const { status, err } = await run("a2ensite", "nowhere", "blog");
    expect(status).to.equal(1);
    expect(err).to.deep.equal(["ERROR: Site nowhere does not exist!"]);
    expect(link("sites-enabled/blog.conf")).to.equal("../sites-available/blog.conf");
  });

  it("says when a name is enabled already", async () => {
    await run("a2ensite", "blog");
    expect((await run("a2ensite", "blog")).out).to.deep.equal(["Site blog already enabled"]);
  });

  it("does not touch a real file in the enabled folder", async () => {
    writeFileSync(join(root, "sites-enabled/blog.conf"), "mine");
    const { status, err } = await run("a2ensite", "blog");
    expect(status).to.equal(1);
    expect(err[0]).to.match(/is a real file, not touching it$/);
  });

  it("replaces a dangling link", async () => {
    symlinkSync("../sites-available/gone.conf", join(root, "sites-enabled/blog.conf"));
    expect((await run("a2ensite", "blog")).status).to.equal(0);
    expect(link("sites-enabled/blog.conf")).to.equal("../sites-available/blog.conf");
  });

  it("disables a site, and a dangling one", async () => {
    await run("a2ensite", "blog");
    expect((await run("a2dissite", "blog")).out[0]).to.equal("Site blog disabled.");
    symlinkSync("../sites-available/gone.conf", join(root, "sites-enabled/gone.conf"));
    expect((await run("a2dissite", "gone")).status).to.equal(0);
    expect(existsSync(join(root, "sites-enabled/gone.conf"))).to.equal(false);
  });

  it("refuses to disable a module others depend on, unless forced", async () => {
    await run("a2enmod", "core2");
    const { status, err } = await run("a2dismod", "alias");
    expect(status).to.equal(1);
    expect(err).to.deep.equal(["ERROR: The following modules depend on alias and need to be disabled first: core2"]);
    expect((await run("a2dismod", "-f", "alias")).status).to.equal(0);
    expect((await run("a2dismod", "alias")).out).to.deep.equal(["Module alias already disabled"]);
    expect(link("mods-enabled/core2.load")).to.equal(undefined);
    expect(link("mods-enabled/alias.conf")).to.equal(undefined);
  });

  it("takes wildcards, and asks when no name is given", async () => {
    expect((await run("a2enconf", "ch*")).status).to.equal(0);
    expect(link("conf-enabled/charset.conf")).to.equal("../conf-available/charset.conf");
    const { out } = await run("a2ensite");
    expect(out[0]).to.equal("Your choices are: blog shop");
    expect(link("sites-enabled/blog.conf")).to.equal("../sites-available/blog.conf");
    expect((await run("a2ensite", "x*")).err).to.deep.equal(["ERROR: No site found matching x*!"]);
  });

  it("asks for a phrase before it disables an essential module", async () => {
    await run("a2enmod", "alias");
    const refused = await run("a2dismod", "alias", "event");
    expect(refused.status).to.equal(1);
    expect(refused.out[0]).to.equal("WARNING: The following essential module will be disabled.");
    expect(refused.out.at(-1)).to.equal("Aborting");
    expect(link("mods-enabled/alias.load")).not.to.equal(undefined);
    answer = "Yes, do as I say!";
    expect((await run("a2dismod", "alias")).status).to.equal(0);
    expect(link("mods-enabled/alias.load")).to.equal(undefined);
  });

  it("exits with 2 on an unknown option", async () => {
    for (const [option, name] of [
      ["--nonsense", "nonsense"],
      ["-z", "z"],
    ] as const) {
      const { status, err } = await run("a2ensite", option);
      expect(status).to.equal(2);
      expect(err[0]).to.equal(`Unknown option: ${name}`);
    }
  });

  it("says which link it could not make", async () => {
    rmSync(join(root, "sites-enabled"), { recursive: true });
    const { status, err } = await run("a2ensite", "blog");
    expect(status).to.equal(2);
    expect(err).to.deep.equal([`Could not create ${root}/sites-enabled/blog.conf: No such file or directory`]);
  });

  it("never takes /etc/apache2 by itself", async () => {
    const err: string[] = [];
    const io = { out: () => undefined, err: (line: string) => err.push(line), ask: () => Promise.resolve("") };
    const before = process.cwd();
    process.chdir(tmpdir());
    try {
      expect(await a2("a2ensite", ["x"], io)).to.equal(1);
    } finally {
      process.chdir(before);
    }
    expect(err[0]).to.include("MODHOST_ROOT");
  });
});
