// What `-t` tells of the Pythons of daemon groups: real interpreters, and programs in the place of broken ones.
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DaemonGroupSpec } from "../../src/api/index.js";
import { checkEmbeddedPython } from "../../src/process/embedded-check.js";
import { checkPythons, type PythonCheck } from "../../src/process/python-check.js";
import { findPython } from "../../src/process/python-interpreter.js";
import { daemonSpec, daemonUser, openFolder } from "../support/daemon-groups.js";

const pythonDaemon = fileURLToPath(new URL("../../python/modhost_wsgi", import.meta.url));

describe("the check of Pythons", function () {
  this.timeout(60_000);
  let folder: string;

  before(function () {
    if ("missing" in findPython(undefined)) this.skip();
  });
  beforeEach(() => (folder = openFolder()));
  afterEach(() => rmSync(folder, { recursive: true }));

  const check = (...specs: Partial<DaemonGroupSpec>[]): Promise<PythonCheck> =>
    checkPythons(
      specs.map((spec, index) => daemonSpec({ name: `g${index + 1}`, ...spec })),
      { user: daemonUser, group: undefined, environment: {}, pythonDaemon, nodeDaemon: "", nodeOptions: [] },
    );
  const faults = ({ errors, warnings }: PythonCheck): [string[], string[]] => [
    errors.map(({ message }) => message),
    warnings.map(({ message }) => message),
  ];
  const program = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    chmodSync(path, 0o755);
    return path;
  };

  it("names version, program and prefix, once for all groups of an interpreter", async () => {
    execFileSync("python3", ["-m", "venv", "--without-pip", join(folder, "venv")]);
    const found = await check({}, { pythonHome: join(folder, "venv") }, {});
    expect(faults(found)).to.deep.equal([[], []]);
    expect(found.notes).to.have.length(2);
    expect(found.notes[0]).to.match(/^Python 3\.\d+\.\d+, \/.*python3, prefix \/.*: daemon groups "g1", "g3"$/);
    expect(found.notes[1]).to.include(`prefix ${folder}/venv: daemon group "g2"`);
  });

  it("says why an interpreter does not run", async () => {
    const broken = program("broken", "#!/bin/sh\necho 'Fatal Python error: no encodings' >&2\nexit 1\n");
    const silent = program("silent", "#!/bin/sh\nexit 3\n");
    const crashing = program("crashing", "#!/bin/sh\nkill -SEGV $$\n");
    const found = await check(
      { pythonExecutable: broken },
      { pythonExecutable: silent },
      { pythonExecutable: crashing },
    );
    const [errors, warnings] = faults(found);
    expect(errors[0]).to.equal(
      `WSGIDaemonProcess: the Python of daemon group "g1", ${broken}, cannot be run: Fatal Python error: no encodings`,
    );
    expect(errors[1]).to.match(/daemon group "g2", .*silent, cannot be run: it ended with status 3, and said nothing$/);
    expect(errors[2]).to.match(/daemon group "g3", .*crashing, cannot be run: it was ended by SIGSEGV$/);
    expect([warnings, found.notes]).to.deep.equal([[], []]);
  });

  it("refuses a version that is too old, and one without what daemons need", async () => {
    const told = { implementation: "cpython", prefix: "/p", executable: "/p/python", closed: {}, lacking: {} };
    const answering = (name: string, answer: object): string =>
      program(name, `#!/bin/sh\ncat >/dev/null\necho '${JSON.stringify({ ...told, ...answer })}'\n`);
    const found = await check(
      { pythonExecutable: answering("old", { version: "3.7.1", missing: null }) },
      {
        pythonExecutable: answering("small", { version: "3.11.2", missing: "ModuleNotFoundError: No module named x" }),
      },
    );
    expect(faults(found)[0]).to.deep.equal([
      'WSGIDaemonProcess: daemon group "g1": Python 3.7.1 (/p/python) is too old: 3.8 or newer is needed',
      'WSGIDaemonProcess: daemon group "g2": Python 3.11.2 (/p/python) lacks modules of its own: ModuleNotFoundError: No module named x',
    ]);
  });

  it("warns of imports that are not there, but not where a script may find them itself", async () => {
    mkdirSync(join(folder, "lib"));
    writeFileSync(join(folder, "lib/present.py"), "raise SystemExit('is not imported')\n");
    const script = (name: string, text: string): string => program(name, text);
    const lacking = script("lacking.wsgi", "import os.path\nimport present\nfrom nowhere.to_be import seen\n");
    const careful = script("careful.wsgi", "try:\n    import nowhere\nexcept ImportError:\n    nowhere = None\n");
    const moving = script("moving.wsgi", "import sys\nsys.path.append('/x')\nimport nowhere\n");
    const torn = script("torn.wsgi", "import (\n");
    const preloads = [lacking, careful, moving, torn].map((path) => ({
      script: path,
      callable: "application",
      applicationGroup: "",
    }));
    const found = await check({ pythonPath: [join(folder, "lib")], preloads });
    const [errors, warnings] = faults(found);
    expect(errors).to.deep.equal([]);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.match(/lacking\.wsgi:3 imports nowhere, which .*python3 does not have$/);
  });

  it("finds the library for Python inside the server, where a line needs it", async () => {
    const who = { user: daemonUser, group: undefined };
    const spec = { pythonHome: undefined, pythonPath: [], multiprocess: false, variables: {}, preloads: [] };
    const neededBy = { directive: "WSGIScriptAlias", origin: { file: "test.conf", line: 3, column: 1 } };
    expect(await checkEmbeddedPython(spec, who)).to.deep.equal({ notes: [], warnings: [], errors: [] });
    const { notes, warnings } = await checkEmbeddedPython({ ...spec, neededBy }, who);
    // Either is there on a machine, or what is missing is said.
    expect([...notes, ...warnings.map(({ message }) => message)].join()).to.match(
      /^Python 3\.\d+\.\d+, \/.*libpython.*: inside the server$|^WSGIScriptAlias needs Python inside the server/,
    );
    const bare = program(
      "python3",
      `#!/bin/sh\necho '{"version": "3.99.1", "files": ["/no/such/libpython3.99.so"]}'\n`,
    );
    mkdirSync(join(folder, "home/bin"), { recursive: true });
    renameSync(bare, join(folder, "home/bin/python3"));
    const lacking = await checkEmbeddedPython({ ...spec, pythonHome: join(folder, "home"), neededBy }, who);
    expect(lacking.warnings[0]?.message).to.match(
      /^WSGIScriptAlias needs Python inside the server, and requests get 503: .*apt-get install libpython3\.99/,
    );
    expect(lacking.warnings[0]?.origin.line).to.equal(3);
  });

  it("refuses a home that its user cannot enter", async function () {
    if (process.getuid?.() !== 0) return this.skip();
    const closed = join(folder, "closed");
    mkdirSync(closed, { mode: 0o700 });
    const [errors] = faults(await check({ home: closed, user: "nobody" }));
    expect(errors).to.deep.equal([
      `WSGIDaemonProcess: option home: the user of daemon group "g1" cannot enter ${closed}: Permission denied`,
    ]);
  });

  it("leaves a home without interpreter to the configuration, refuses a home that is not there, and asks none for JavaScript", async () => {
    const found = await check(
      { pythonHome: folder },
      { home: join(folder, "none") },
      { preloads: [{ script: "/app.mjs", callable: "application", applicationGroup: "" }] },
    );
    const [errors, warnings] = faults(found);
    // Such a home is warned of with the configuration.
    expect(warnings).to.deep.equal([]);
    expect(errors).to.deep.equal([`WSGIDaemonProcess: home ${folder}/none is not a directory`]);
    expect(found.notes).to.deep.equal([]);
  });
});
