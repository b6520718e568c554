// A day's recycling in some minutes: thousands of processes replaced under load, without one failed request or anything left behind.
import { expect } from "chai";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { TestGroup, until } from "../support/daemon-groups.js";
import { bodyOf, requestFor } from "../support/python-pool.js";

const pythonDaemon = fileURLToPath(new URL("../../python/modhost_wsgi", import.meta.url));
/** Fewer for a short look. */
const replacements = Number(process.env["REPLACEMENTS"] ?? 600);

const application = `
import os
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
`;

const descriptors = (): number => readdirSync("/proc/self/fd").length;

describe("a daemon group whose processes are replaced again and again", function () {
  this.timeout(3_600_000);

  it(`loses no request in ${replacements} replacements, and leaves nothing behind`, async () => {
    const test = new TestGroup(
      { processes: 3, threads: 2, maximumRequests: 20, socketTimeout: 30_000 },
      { pythonDaemon },
    );
    const script = test.preload(application);
    const { group } = test;
    const client = test.client();
    group.start();
    await test.serving();
    const pids = new Set<string>();
    const failures: string[] = [];
    let before = 0;
    const ask = async (): Promise<void> => {
      while (pids.size < replacements) {
        const { call, request } = requestFor({ script });
        const response = await client.run(call, request);
        const text = String(await bodyOf(response));
        if (response.status === 200) pids.add(text);
        else failures.push(`${response.status} ${text}`);
        test.logs.length = 0;
        test.states.length = 0;
        if (before === 0 && pids.size > Math.min(50, replacements / 2)) before = descriptors();
      }
    };
    await Promise.all(Array.from({ length: 6 }, ask));
    expect(failures).to.deep.equal([]);
    // What is being replaced just now has a few.
    expect(descriptors()).to.be.below(before + 40);
    await test.stop();
    await until(() => descriptors() < before);
  });
});
