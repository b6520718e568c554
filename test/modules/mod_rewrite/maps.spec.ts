// Maps that change or fail while they are asked: text files, and programs that die or write what nobody asked for.
import { expect } from "chai";
import { chmodSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogEntry, Request } from "../../../src/api/index.js";
import { MapProgram } from "../../../src/modules/mod_rewrite/map-program.js";
import { serve } from "../../support/ask.js";
import { until } from "../../support/running.js";

describe("maps of mod_rewrite", () => {
  let folder = "";
  let program: MapProgram | undefined;
  const entries: LogEntry[] = [];
  const request = { log: () => undefined } as unknown as Request;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "maps-"));
    entries.length = 0;
  });
  afterEach(() => {
    program?.stop();
    program = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  function begin(script: string): MapProgram {
    const path = join(folder, "map.sh");
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    const begun = new MapProgram(path, []);
    begun.start({ write: (entry: LogEntry) => void entries.push(entry) } as unknown as Parameters<
      MapProgram["start"]
    >[0]);
    program = begun;
    return begun;
  }

  it("have the value of a text file that has changed", async () => {
    const asked = serve(
      "RewriteEngine On\nRewriteMap m txt:ROOT/map.txt\nRewriteRule ^/(.*)$ http://e.test/${m:$1|none} [R]",
      {
        files: { "map.txt": "a one\n" },
      },
    );
    const located = async (): Promise<string | undefined> => (await asked.ask("/a")).headers.get("location");
    expect(await located()).to.equal("http://e.test/one");
    writeFileSync(join(asked.root, "map.txt"), "a two\nb three\n");
    utimesSync(join(asked.root, "map.txt"), 1, 1);
    expect(await located()).to.equal("http://e.test/two");
    rmSync(join(asked.root, "map.txt"));
    expect(await located()).to.be.oneOf(["http://e.test/none", "http://e.test/two"]);
  });
  it("start a program anew that has died, and give nothing in between", async () => {
    const map = begin('read -r line; echo "$line at $$"');
    const first = await map.ask("a", request);
    expect(first).to.match(/^a at \d+$/);
    await until("its end is logged", () => entries.some(({ message }) => /ended \(0\)/.test(message)));
    let second: string | undefined;
    await until("another answers", async () => (second = await map.ask("b", request)) !== undefined);
    expect(second).to.match(/^b at \d+$/);
    expect(second?.slice(2)).to.not.equal(first?.slice(2));
  });
  it("take no line of a program for the answer to a later key", async () => {
    const map = begin('while read -r line; do printf "%s\\nmore\\n" "$line"; done');
    expect(await map.ask("a", request)).to.equal("a");
    expect(await map.ask("b", request)).to.equal("b");
  });
  it("ask nothing of several lines", () => {
    expect(begin("cat").ask("a\nb", request)).to.equal(undefined);
  });
  it("end a program that writes without end", async () => {
    const map = begin("read -r line; while :; do printf xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done");
    expect(await map.ask("a", request)).to.equal(undefined);
    expect(entries.map(({ message }) => message).join()).to.match(/wrote a value of more than 65536 bytes/);
  });
  it("log a program that cannot be started", async () => {
    program = new MapProgram(join(folder, "none"), []);
    program.start({ write: (entry: LogEntry) => void entries.push(entry) } as unknown as Parameters<
      MapProgram["start"]
    >[0]);
    await until("that is logged", () => entries.some(({ message }) => /AH00654/.test(message)));
    expect(await program.ask("a", request)).to.equal(undefined);
  });
});
