// A day's recycling in some minutes: thousands of processes replaced under load, without one failed request or anything left behind.
import { expect } from "chai";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { TestGroup, until } from "../support/daemon-groups.js";
import { bodyOf, requestFor } from "../support/python-pool.js";

const pythonDaemon = fileURLToPath(new URL("../../python/modhost_wsgi", import.meta.url));
/** A day in which one process ends every 43 seconds; each costs about 0.1 s of processor time. REPLACEMENTS sets another number. */
const replacements = Number(process.env["REPLACEMENTS"] ?? 2000);
/** Each starts one process at a time. */
const groups = 3;

const application = `
import os
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
`;

const descriptors = (): number => readdirSync("/proc/self/fd").length;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes that are still referred to, of JavaScript and of buffers. */
function memory(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe("a daemon group whose processes are replaced again and again", function () {
  this.timeout(3_600_000);

  it(`loses no request in ${replacements} replacements, and leaves nothing behind`, async () => {
    const tests = Array.from(
      { length: groups },
      () => new TestGroup({ processes: 3, threads: 2, maximumRequests: 10, socketTimeout: 30_000 }, { pythonDaemon }),
    );
    const pids = new Set<string>();
    const failures: string[] = [];
    let before: { readonly descriptors: number; readonly memory: number } | undefined;
    const load = async (test: TestGroup): Promise<void> => {
      const script = test.preload(application);
      const client = test.client();
      test.group.start();
      await test.serving();
      const ask = async (): Promise<void> => {
        while (pids.size < replacements) {
          const { call, request } = requestFor({ script });
          const response = await client.run(call, request);
          const text = String(await bodyOf(response));
          if (response.status === 200) pids.add(text);
          else failures.push(`${response.status} ${text}`);
          test.logs.length = 0;
          test.states.length = 0;
          if (!before && pids.size > Math.min(50, replacements / 2)) {
            before = { descriptors: descriptors(), memory: memory() };
          }
        }
      };
      await Promise.all(Array.from({ length: 3 }, ask));
    };
    await Promise.all(tests.map(load));
    expect(failures).to.deep.equal([]);
    if (!before) return expect.fail("too few processes were replaced to compare with");
    const first = before;
    // What is being replaced just now has a few.
    expect(descriptors()).to.be.below(first.descriptors + 40 * groups);
    // Supervisor and worker are one process here: a kilobyte left behind by each replacement would show.
    expect(memory() - first.memory).to.be.below(1_000_000 + 1000 * replacements);
    await Promise.all(tests.map((test) => test.stop()));
    await until(() => descriptors() < first.descriptors);
  });
});
