// The skeleton on a machine without Python: all but the WSGI application works, and that one says what is missing.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { freePorts, runProgram, until, type Running } from "../support/running.js";
import { makeSkeleton, type Skeleton } from "../support/skeleton.js";

const modhost = fileURLToPath(new URL("../../bin/modhost", import.meta.url));

describe("a machine without Python", function () {
  this.timeout(60_000);
  let skeleton: Skeleton;
  let running: Running;
  /** Where the second group is. */
  let second: number;
  const get = (path: string, port = skeleton.port): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);

  before(async () => {
    skeleton = await makeSkeleton();
    [second = 0] = await freePorts(1);
    // A second group has a python-home that is a folder without an interpreter.
    mkdirSync(join(skeleton.root, "empty"));
    skeleton.edit(
      "sites-available/000-default.conf",
      (text) => `${text}
Listen ${second}
<VirtualHost *:${second}>
    WSGIDaemonProcess second python-home=${skeleton.root}/empty
    WSGIScriptAlias /second examples/wsgi/app.wsgi process-group=second application-group=%{GLOBAL}
    <Directory examples>
        Require all granted
    </Directory>
    WSGIScriptAlias /documented examples/wsgi/app.wsgi process-group=second application-group=%{GLOBAL}
    <Location /documented>
        ErrorDocument 503 "We are building."
    </Location>
</VirtualHost>
`,
    );
    running = runProgram([process.execPath, modhost, "-d", skeleton.root, "-DFOREGROUND"], {
      MODHOST_PYTHON: "/nowhere/python3",
    });
    await until("the server serves", () =>
      get("/").then(
        (response) => response.ok,
        () => false,
      ),
    );
  });
  after(async () => {
    await running.end();
    skeleton.remove();
  });

  for (const path of ["/", "/style.css", "/node", "/node-daemon"]) {
    it(`serves ${path}`, async () => {
      expect((await get(path)).status).to.equal(200);
    });
  }

  it("answers 503 with a page that says what is missing, and what to do about it", async () => {
    const response = await get("/wsgi");
    expect(response.status).to.equal(503);
    expect(response.headers.get("Content-Type")).to.match(/^text\/html/);
    const page = await response.text();
    expect(page).to.include("<h1>Service Unavailable</h1>");
    expect(page).to.include("no Python interpreter was found");
    expect(page).to.include("/nowhere/python3 was tried");
    expect(page).to.include("apt-get install python3");
    expect(page).to.include("python-home=");
    expect(page).not.to.include(skeleton.root);
  });

  it("says the same in the error log", async () => {
    await get("/wsgi");
    const pattern =
      /wsgi:error\].* daemon group "wsgi-example" is not available: no Python interpreter: \/nowhere\/python3/;
    await until("the log has it", () => pattern.test(running.output()));
  });

  it("does not show the path of a python-home to whoever asks", async () => {
    const response = await get("/second", second);
    expect(response.status).to.equal(503);
    const page = await response.text();
    expect(page).to.include("no Python interpreter in the python-home");
    expect(page).not.to.include(skeleton.root);
  });

  it("is warned of by -t, which takes the configuration all the same", async () => {
    const test = runProgram([process.execPath, modhost, "-d", skeleton.root, "-t"], {
      MODHOST_PYTHON: "/nowhere/python3",
    });
    await until("the verdict is there", () => test.output().includes("Syntax OK"));
    await test.end();
    expect(test.output()).to.match(/warning: WSGIDaemonProcess: no Python interpreter: \/nowhere\/python3 was tried/);
    expect(test.output()).to.match(/python-home: .*\/empty holds no bin\/python3/);
  });

  it("leaves the word to an ErrorDocument", async () => {
    const response = await get("/documented", second);
    expect(response.status).to.equal(503);
    expect(await response.text()).to.equal("We are building.");
  });
});
