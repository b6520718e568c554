// a2query, and the markers that tell it who enabled and disabled.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { a2 } from "../../src/tools/a2.js";
import { a2query } from "../../src/tools/a2query.js";

describe("a2query", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "modhost-a2query-"));
    writeFileSync(join(root, "apache2.conf"), "");
    for (const kind of ["mods", "conf", "sites"]) {
      mkdirSync(join(root, `${kind}-available`));
      mkdirSync(join(root, `${kind}-enabled`));
    }
    for (const name of ["env", "mpm_event", "mpm_worker"]) writeFileSync(join(root, `mods-available/${name}.load`), "");
    for (const name of ["blog", "shop"]) writeFileSync(join(root, `sites-available/${name}.conf`), "");
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const tell = (run: (io: Parameters<typeof a2query>[1]) => number | Promise<number>) => async () => {
    const lines: string[] = [];
    const say = (line: string): void => void lines.push(line);
    const status = await run({ out: say, err: say, ask: () => Promise.resolve("") });
    return `${status} ${lines.join("\n")}`;
  };
  const query = (...args: string[]): Promise<string> => tell((io) => a2query(["-d", root, ...args], io))();
  const change = (tool: string, ...args: string[]): Promise<string> =>
    tell((io) => a2(tool, ["-d", root, ...args], io))();

  it("tells who enabled a site, and who disabled it", async () => {
    expect(await query("-s", "blog")).to.equal("1 No site matches blog");
    await change("a2ensite", "blog");
    expect(await query("-s", "blog.conf")).to.equal("0 blog (enabled by site administrator)");
    await change("a2dissite", "blog");
    expect(await query("-s", "blog")).to.equal("32 No site matches blog (disabled by site administrator)");
    await change("a2ensite", "-m", "blog");
    expect(await query("-s", "blog")).to.equal("0 blog (enabled by maintainer script)");
    await change("a2dissite", "-m", "blog");
    expect(await query("-s", "blog")).to.equal("33 No site matches blog (disabled by maintainer script)");
  });

  it("keeps one marker of a name, and none after -p", async () => {
    await change("a2ensite", "blog");
    await change("a2dissite", "-m", "blog");
    const markers = (): string[] =>
      readdirSync(join(root, "run/state/site"), { recursive: true, encoding: "utf8" }).filter((file) =>
        file.includes("/"),
      );
    expect(markers()).to.deep.equal(["disabled_by_maint/blog"]);
    await change("a2ensite", "-p", "blog");
    expect(markers()).to.deep.equal([]);
    expect(await query("-s", "blog")).to.equal("0 blog (enabled by unknown)");
  });

  it("lists all that are enabled, dangling links too", async () => {
    await change("a2ensite", "blog", "shop");
    rmSync(join(root, "sites-available/shop.conf"));
    symlinkSync("../sites-available/odd.conf", join(root, "sites-enabled/odd.conf"));
    expect((await query("-s")).split("\n").length).to.equal(3);
    expect(await query("-s")).to.match(/^0 .*shop \(enabled by site administrator\)/s);
  });

  it("stops at the first that is missing", async () => {
    await change("a2ensite", "blog");
    expect(await query("-c", "nonesuch", "-s", "shop")).to.equal("1 No site matches shop");
  });

  it("takes the last of several names of one kind", async () => {
    await change("a2ensite", "blog");
    expect(await query("-s", "shop", "-s", "blog")).to.match(/^0 blog/);
  });

  it("strips the three letters that Debian's strips", async () => {
    await change("a2enmod", "env");
    expect(await query("-m", "env.load")).to.equal("0 env (enabled by site administrator)");
    expect(await query("-m", "mod_env")).to.equal("1 No module matches _env");
  });

  it("names the multi-processing module, and refuses two of them", async () => {
    expect(await query("-M")).to.equal("0 invalid");
    await change("a2enmod", "mpm_event");
    expect(await query("-M")).to.equal("0 event");
    await change("a2enmod", "mpm_worker");
    expect(await query("-M")).to.match(/^1 There is more than one MPM loaded/);
  });

  it("says nothing with -q", async () => {
    await change("a2ensite", "blog");
    expect(await query("-q", "-s", "blog")).to.equal("0 ");
    expect(await query("-q", "-s", "shop")).to.equal("1 ");
  });

  it("shows its usage without an option, and for one it does not know", async () => {
    expect(await query()).to.match(/^0 Usage: a2query/);
    expect(await query("-z")).to.match(/^0 Unknown option: z\nUsage: a2query/);
  });
});
