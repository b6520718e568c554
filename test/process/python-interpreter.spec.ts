import { expect } from "chai";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPython } from "../../src/process/python-interpreter.js";

describe("the Python interpreter", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "modhost-"));
    for (const [path, mode] of [
      ["venv/bin/python3", 0o755],
      ["old/bin/python", 0o755],
      ["broken/bin/python3", 0o644],
      ["path/python3", 0o755],
    ] as const) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), "", { mode });
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  const rows: [what: string, home: string | undefined, preferred: string, path: string, expected: RegExp][] = [
    ["of a python-home is its bin/python3", "venv", "path/python3", "path", /\/venv\/bin\/python3$/],
    ["of a python-home may be called bin/python", "old", "path/python3", "path", /\/old\/bin\/python$/],
    ["of a python-home is never another one", "broken", "path/python3", "path", /holds no interpreter that can be run/],
    [
      "of a python-home that is not there is missing",
      "none",
      "path/python3",
      "path",
      /none is not a directory.*-m venv/,
    ],
    ["is the distribution's first", undefined, "venv/bin/python3", "path", /\/venv\/bin\/python3$/],
    ["is the one on PATH then", undefined, "none", "path", /\/path\/python3$/],
    [
      "is missing when there is none",
      undefined,
      "none",
      "venv",
      /none and python3 on PATH were tried; install python3/,
    ],
    ["is looked for on PATH only where there is one", undefined, "none", "", /none was tried; install python3/],
  ];
  for (const [what, home, preferred, path, expected] of rows) {
    it(what, () => {
      const found = findPython(home && join(folder, home), path && join(folder, path), join(folder, preferred));
      expect("missing" in found ? found.missing : found.path).to.match(expected);
    });
  }
});
