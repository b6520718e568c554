// Programs as filters: what they print as errors, what ends them, what is refused.
import { expect } from "chai";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { faultsOf, serve } from "../support/ask.js";
import { makeRoot, serveRoot, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const files = { "htdocs/a.txt": "a text\n" };
const through = (command: string, more = ""): string =>
  `ExtFilterDefine test cmd="${command}"\n<Directory ROOT/htdocs>\n  SetOutputFilter test\n  ${more}\n</Directory>`;

describe("mod_ext_filter", () => {
  it("writes standard error to the error log where LogStderr is set", async () => {
    const asked = serve(through("/bin/sh -c 'cat; echo oops >&2'", "ExtFilterOptions LogStderr"), { files });
    expect((await asked.ask("/a.txt")).body).to.equal("a text\n");
    await until("the line is there", () => asked.log.some(({ message }) => message === "oops"));
  });

  it("leaves it out where it is not", async () => {
    const asked = serve(through("/bin/sh -c 'echo oops >&2; cat'"), { files });
    expect((await asked.ask("/a.txt")).body).to.equal("a text\n");
    expect(asked.log.map(({ message }) => message)).to.not.include("oops");
  });

  it("breaks an answer off whose program is silent for Timeout", async () => {
    const asked = serve(`Timeout 1\n${through("/bin/sh -c 'sleep 60'")}`, { files });
    void asked.ask("/a.txt").catch(() => undefined);
    await until("it is", () => asked.log.some(({ message }) => message.startsWith("AH01466")));
  });

  it("gives a program that prints without end no more room than its reader takes", async () => {
    const asked = serve(through("/usr/bin/head -c 5000000 /dev/zero"), { files });
    expect((await asked.ask("/a.txt")).body).to.have.length(5_000_000);
  });

  for (const [line, reason] of [
    ["ExtFilterDefine a", /cmd=PROGRAM was expected/],
    ["ExtFilterDefine a cmd=tr", /must be the full path/],
    ['ExtFilterDefine a cmd="/usr/bin/tr', /must end in a quote/],
    ["ExtFilterDefine a mode=both cmd=/bin/cat", /must be output or input, found "both"/],
    ["ExtFilterDefine a type=x cmd=/bin/cat", /was expected, found "type=x"/],
    ["ExtFilterDefine a cmd=/bin/cat\nExtFilterDefine A cmd=/bin/cat", /is defined twice/],
    ["SetOutputFilter nobody-defined-it", /there is no filter "NOBODY-DEFINED-IT"/],
  ] as const) {
    it(`refuses ${line.replace("\n", ", ")}`, () => {
      expect(faultsOf(line).errors.join("\n")).to.match(reason);
    });
  }

  describe("a program whose client leaves", () => {
    let served: ServedRoot | undefined;
    afterEach(async () => {
      await served?.end();
      served = undefined;
    });

    it("is ended", async () => {
      const command = "/bin/sh -c 'echo $$ >@ROOT@/run/pid; echo started; exec sleep 600'";
      const { root, port } = await makeRoot(through(command).replace("<Directory ROOT/", "<Directory @ROOT@/"), {
        files,
        modules: ["ext_filter"],
      });
      chmodSync(join(root, "run"), 0o777);
      served = await serveRoot(root, port);
      const socket = connect(served.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write("GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n");
      const file = join(root, "run/pid");
      await until("the program runs", () => existsSync(file) && readFileSync(file, "utf8").endsWith("\n"));
      const pid = readFileSync(file, "utf8").trim();
      socket.resetAndDestroy();
      await until("the program is gone", () => !existsSync(`/proc/${pid}`));
    });
  });
});
