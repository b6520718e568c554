// The package as npm makes it → installed in an empty folder, a server root written by it, and served.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { freePorts, runProgram, until, type Running } from "../support/running.js";
import { runToEnd, type Ended } from "../support/tool.js";

const checkout = fileURLToPath(new URL("../../", import.meta.url));

describe("the package", function () {
  this.timeout(180_000);
  let folder: string;
  let root: string;
  let port: number;
  let running: Running | undefined;
  const run = (...command: string[]): Promise<Ended> => runToEnd(command, { cwd: join(folder, "app") });
  const status = (path: string): Promise<number> =>
    fetch(`http://localhost:${port}${path}`).then(
      (response) => response.status,
      () => 0,
    );

  before(async () => {
    // A folder that is closed to all others, as root's home often is: it is to be served all the same.
    folder = mkdtempSync(join(tmpdir(), "modhost-package-"));
    mkdirSync(join(folder, "app"));
    root = join(folder, "app/site");
    const packed = await runToEnd(["npm", "pack", "--ignore-scripts", "--json", "--pack-destination", folder], {
      cwd: checkout,
    });
    expect(packed.status, packed.err).to.equal(0);
    const [tarball = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
    const installed = await run("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", join("..", tarball));
    expect(installed.status, installed.err).to.equal(0);
  });
  afterEach(async () => {
    await running?.end();
    running = undefined;
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("holds what it needs, and no tests", () => {
    const inside = join(folder, "app/node_modules/modhost");
    const names = readdirSync(inside);
    expect(names).to.include.members(["README.md", "apache2.conf", "bin", "dist", "python", "docs", "htdocs"]);
    for (const name of ["test", "src", "bench"]) expect(names).not.to.include(name);
    const { types } = (JSON.parse(readFileSync(join(inside, "package.json"), "utf8")) as Package).exports["."];
    expect(existsSync(join(inside, types))).to.equal(true);
  });

  it("writes a server root", async () => {
    // A second try begins anew.
    rmSync(root, { recursive: true, force: true });
    const { status: done, out, err } = await run("npx", "modhost", "init", "site");
    expect(done, err).to.equal(0);
    expect(out).to.include("npx modhost -d site -DFOREGROUND");
    [port = 0] = await freePorts(1);
    for (const file of ["ports.conf", "sites-available/000-default.conf"]) {
      const text = readFileSync(join(root, file), "utf8");
      writeFileSync(join(root, file), text.replaceAll("8080", String(port)));
    }
    expect((await run("npx", "modhost", "-d", "site", "-t")).err).to.match(/Syntax OK\n$/);
  });

  it("serves it in the foreground", async () => {
    running = runProgram(["npm", "exec", "--prefix", join(folder, "app"), "--", "modhost", "-d", root, "-DFOREGROUND"]);
    await until("it serves", async () => (await status("/")) !== 0);
    for (const path of ["/", "/node", "/node-daemon", "/wsgi"]) expect(await status(path), path).to.equal(200);
    process.kill(-(running.child.pid ?? 0), "SIGINT");
    expect(await running.exit).to.be.oneOf([0, 130, "SIGINT"]);
    await until("nothing of it is left", () => running?.family().length === 0);
  });

  it("serves it in the background", async () => {
    running = runProgram(["npm", "exec", "--prefix", join(folder, "app"), "--", "modhost", "-d", root]);
    expect(await running.exit, running.output()).to.equal(0);
    for (const path of ["/", "/node", "/node-daemon", "/wsgi"]) expect(await status(path), path).to.equal(200);
    const asked = await run("npx", "modhostctl", "-d", "site", "status");
    expect(asked.out).to.match(/^modhost\/.*: serving, /);
    expect((await run("npx", "modhostctl", "-d", "site", "stop")).status).to.equal(0);
    expect(await status("/")).to.equal(0);
    await until("all have ended", () => running?.family().length === 0);
  });
});

interface Package {
  readonly exports: { readonly ".": { readonly types: string } };
}
