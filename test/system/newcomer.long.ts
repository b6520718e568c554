// A fresh copy of the checkout → `npm start`, the landing page, Ctrl-C.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { freePorts, runProgram, until, type Running } from "../support/running.js";

const checkout = fileURLToPath(new URL("../../", import.meta.url));

describe("npm start", function () {
  this.timeout(240_000);
  let folder: string;
  let port: number;
  let running: Running;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "modhost-checkout-"));
    const files = execFileSync("git", ["ls-files", "-z"], { cwd: checkout, encoding: "utf8" }).split("\0");
    for (const file of files.filter((name) => name !== "")) {
      cpSync(join(checkout, file), join(folder, file), { verbatimSymlinks: true });
    }
    symlinkSync(join(checkout, "node_modules"), join(folder, "node_modules"));
    [port = 0] = await freePorts(1);
    for (const file of ["ports.conf", "sites-available/000-default.conf"]) {
      const text = readFileSync(join(folder, file), "utf8");
      writeFileSync(join(folder, file), text.replaceAll("8080", String(port)));
    }
  });
  after(async () => {
    await running.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it("builds and serves the checkout until Ctrl-C, and leaves nothing", async () => {
    running = runProgram(["npm", "--prefix", folder, "start"], { npm_config_update_notifier: "false" });
    const status = (path: string): Promise<number> =>
      fetch(`http://localhost:${port}${path}`).then(
        (response) => response.status,
        () => 0,
      );
    // Building takes its time on a busy machine.
    await built(running);
    await until("it serves", async () => {
      if (running.child.exitCode !== null) throw new Error(`npm start ended:\n${running.output()}`);
      return (await status("/")) !== 0;
    });
    for (const path of ["/", "/node", "/node-daemon", "/wsgi"]) expect(await status(path), path).to.equal(200);
    process.kill(-(running.child.pid ?? 0), "SIGINT");
    expect(await running.exit).to.be.oneOf([0, 130, "SIGINT"]);
    await until("nothing of it is left", () => running.family().length === 0);
    expect(running.output()).to.include("AH00491: caught SIGINT, shutting down");
    expect(running.output()).not.to.match(/error|Error|npm ERR/);
  });
});

/** Waits until npm has gone on from the build to the server, or ended. */
async function built(running: Running): Promise<void> {
  while (!running.output().includes("-DFOREGROUND")) {
    if (running.child.exitCode !== null) throw new Error(`npm start ended:\n${running.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
