// What modhost understands of its arguments.
import { expect } from "chai";
import { readCommandLine, type Command } from "../../src/process/command-line.js";

describe("the command line", () => {
  const rows: [string, Partial<Command>][] = [
    ["", { action: "start", signals: false, foreground: false, test: false }],
    ["-DFOREGROUND", { defines: ["FOREGROUND"], foreground: true }],
    ["-D FOREGROUND -D a", { defines: ["FOREGROUND", "a"], foreground: true }],
    ["-d /srv -f site.conf", { serverRoot: "/srv", file: "site.conf" }],
    ["-d/srv -fsite.conf", { serverRoot: "/srv", file: "site.conf" }],
    ["-k graceful-stop", { action: "graceful-stop", signals: true }],
    ["-kstop", { action: "stop", signals: true }],
    ["-t", { test: true }],
    ["-S", { test: true, defines: ["DUMP_VHOSTS", "DUMP_RUN_CFG"] }],
    ["-M", { test: true, defines: ["DUMP_MODULES"] }],
    ["-DDUMP_INCLUDES", { test: true }],
    ["-X", { debug: true, foreground: true, defines: ["DEBUG"] }],
    ["-C Listen\u00a080 -c odd", { before: ["Listen\u00a080"], after: ["odd"] }],
    ["-v", { dump: "version" }],
    ["-V", { dump: "settings" }],
    ["-l", { dump: "compiled in" }],
    ["-L", { dump: "directives" }],
    ["-e debug -E /tmp/start.log", { startupLevel: "debug", startupFile: "/tmp/start.log" }],
    ["-tT", { test: true }],
  ];
  for (const [line, expected] of rows) {
    it(`understands "${line}"`, () => {
      expect(readCommandLine(line === "" ? [] : line.split(" "))).to.deep.include(expected);
    });
  }

  for (const [line, wrong] of [
    ["-z", "modhost: illegal option -- z"],
    ["-k nonsense", "modhost: illegal option -- k"],
    ["-e nonsense", "modhost: illegal option -- e"],
    ["-h", ""],
    ["leftover", ""],
    ["--root /srv", ""],
  ] as const) {
    it(`shows usage for "${line}"`, () => {
      expect(readCommandLine(line.split(" "))).to.deep.equal({ wrong });
    });
  }
});
