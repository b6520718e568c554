// Requests right after a 504 of request-timeout: none of them goes to the process that is being given up.
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { findPython } from "../../src/process/python-interpreter.js";
import { isAlive, TestGroup, until } from "../support/daemon-groups.js";
import { bodyOf, requestFor } from "../support/python-pool.js";

const pythonDaemon = fileURLToPath(new URL("../../python/modhost_wsgi", import.meta.url));

const application = `
import ctypes, os, signal, time

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/wedge":
        # Keeps the interpreter's lock.
        ctypes.PyDLL(None).sleep(60)
    elif path == "/stop":
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(60)
    elif path == "/sleep":
        time.sleep(float(environ["QUERY_STRING"]))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % os.getpid()]
`;

describe("a process that is given up", () => {
  let test: TestGroup;
  let stuck = 0;

  before(function () {
    if ("missing" in findPython(undefined)) this.skip();
  });

  afterEach(async () => {
    if (stuck > 0 && isAlive(stuck)) process.kill(stuck, "SIGKILL");
    stuck = 0;
    await test.stop();
  });

  for (const path of ["/wedge", "/stop", "/sleep?60"]) {
    it(`takes no request that comes after the 504: ${path}`, async () => {
      // Whatever went to it would wait for longer than the test does.
      test = new TestGroup({ threads: 4, requestTimeout: 1500, shutdownTimeout: 30_000 }, { pythonDaemon });
      const script = test.preload(application);
      // As two workers have them.
      const [one, other] = [test.client(), test.client()];
      test.group.start();
      const ask = async (client: typeof one, where: string): Promise<string> => {
        const { call, request } = requestFor({ script, path: where });
        const response = await client.run(call, request);
        return response.status === 200 ? (await bodyOf(response)).toString() : String(response.status);
      };
      // Connections of both that are open and idle, one of each thread but one.
      const first = await Promise.all([one, one, other].map((client) => ask(client, "/sleep?0.2")));
      const before = (stuck = Number(first[0]));
      expect(await ask(one, path)).to.equal("504");
      const later: Promise<string>[] = [];
      for (let i = 0; i < 40; i++) {
        later.push(ask(one, "/"));
        if (i % 4 === 3) await Promise.race(later.slice(-4));
      }
      expect((await Promise.all(later)).filter((pid) => Number(pid) === before)).to.deep.equal([]);
      // On a slow machine the next process may be overdue too, which is another matter.
      const overdue = test.logs.filter(({ message }) =>
        message.includes(`of process ${before} of daemon group "test", longer than`),
      );
      expect(overdue).to.have.length(1);
      await until(() => test.states.some(({ givenUp }) => givenUp?.includes(before)));
      expect(Number(await ask(other, "/"))).not.to.equal(before);
      if (isAlive(before)) process.kill(before, "SIGKILL");
      await until(() => test.state?.givenUp === undefined);
    });
  }
});
