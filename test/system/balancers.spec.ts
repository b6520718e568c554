// Balancers under a supervisor with several HTTP workers: what one of them learns, all go by.
import { expect } from "chai";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { ownerOf, startLetter, type Letter } from "../support/letters.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const modules = [
  "proxy",
  "proxy_http",
  "slotmem_shm",
  "proxy_balancer",
  "proxy_hcheck",
  "lbmethod_byrequests",
  "log_config",
];

/** What each balancer is made of; @A@, @B@ and @C@ are the ports of back ends of its own. */
const balancers = {
  checked:
    "BalancerMember http://127.0.0.1:@A@ hcmethod=GET hcuri=/health hcinterval=100ms\nBalancerMember http://127.0.0.1:@B@",
  failing: "BalancerMember http://127.0.0.1:@A@ retry=3600\nBalancerMember http://127.0.0.1:@B@",
  tried: "BalancerMember http://127.0.0.1:@A@ retry=1\nBalancerMember http://127.0.0.1:@B@",
  changing:
    "BalancerMember http://127.0.0.1:@A@ retry=0\nBalancerMember http://127.0.0.1:@B@ retry=0\nBalancerMember http://127.0.0.1:@C@ retry=0",
  sticky:
    "BalancerMember http://127.0.0.1:@A@ route=a retry=0\nBalancerMember http://127.0.0.1:@B@ route=b retry=0\nProxySet stickysession=S",
  standby: "BalancerMember http://127.0.0.1:@A@ retry=0\nBalancerMember http://127.0.0.1:@C@ status=+H",
  managed: "BalancerMember http://127.0.0.1:@A@\nBalancerMember http://127.0.0.1:@B@\nProxySet growth=1",
  draining:
    "BalancerMember http://127.0.0.1:@A@ route=a status=+N\nBalancerMember http://127.0.0.1:@B@ route=b\nProxySet stickysession=S",
} as const;
type Name = keyof typeof balancers;

describe("balancers of several workers", function () {
  this.timeout(60_000);
  let served: ServedRoot;
  const back = new Map<Name, readonly [Letter, Letter, Letter]>();
  /** Which process each health check came from. */
  const checkers: number[] = [];
  let isWell = true;

  before(async () => {
    let text = `LogFormat "%P %U" pids
CustomLog run/access.log pids
BalancerPersist On
<Location /manager>
  SetHandler balancer-manager
</Location>
`;
    for (const [name, members] of Object.entries(balancers) as [Name, string][]) {
      const letters = await Promise.all([startLetter("a", { before: check }), startLetter("b"), startLetter("c")]);
      back.set(name, letters);
      const filled = letters.reduce(
        (sofar, { port }, index) => sofar.replaceAll(`@${"ABC".charAt(index)}@`, String(port)),
        members,
      );
      text += `<Proxy balancer://${name}>\n${filled}\n</Proxy>\nProxyPass /${name} balancer://${name}\n`;
    }
    served = await serveModhost(text, { modules });
  });
  after(async () => {
    await served.end();
    for (const letters of back.values()) for (const letter of letters) await letter.stop();
  });

  /** Answers a health check. */
  function check(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.url !== "/health") return true;
    const pid = ownerOf(request.socket, served.running.family());
    if (pid !== undefined) checkers.push(pid);
    response.writeHead(isWell ? 200 : 500).end();
    return false;
  }

  function lettersOf(name: Name): readonly [Letter, Letter, Letter] {
    const letters = back.get(name);
    if (!letters) throw new Error(`there is no balancer ${name}`);
    return letters;
  }

  /** Asks on a connection of its own: the letter that answered, or the status. */
  async function ask(name: Name, ...fields: readonly [string, string][]): Promise<string> {
    const response = await fetch(served.url(`/${name}/x`), { headers: [...fields, ["connection", "close"]] });
    const body = await response.text();
    return response.status === 200 ? body : String(response.status);
  }

  /** Asks until two workers have answered at least four times each; gives who answered, in alphabetical order. */
  async function askAll(name: Name, ...fields: readonly [string, string][]): Promise<string> {
    const answers = new Set<string>();
    const lines = (): readonly string[] =>
      readFileSync(join(served.root, "run/access.log"), "latin1")
        .split("\n")
        .filter((line) => line.endsWith(` /${name}/x`));
    const had = lines().length;
    await until("both workers have answered", async () => {
      for (let i = 0; i < 8; i++) answers.add(await ask(name, ...fields));
      const counts = new Map<string, number>();
      for (const pid of lines().slice(had)) counts.set(pid, (counts.get(pid) ?? 0) + 1);
      return counts.size === 2 && [...counts.values()].every((count) => count >= 4);
    });
    return [...answers].sort().join("");
  }

  it("keep requests from a member that one worker could not reach, in all workers", async () => {
    const [first] = lettersOf("failing");
    expect(await askAll("failing")).to.equal("ab");
    await first.stop();
    await until("the failure is known", async () => {
      await ask("failing");
      return served.errors().includes(`127.0.0.1:${first.port} failed`);
    });
    await first.start();
    await until("all workers know", async () => (await askAll("failing")) === "b");
  });

  it("try a member again when its time has come", async () => {
    const [first] = lettersOf("tried");
    await first.stop();
    for (let i = 0; i < 6; i++) expect(await ask("tried")).to.equal("b");
    await first.start();
    await until("it is asked again", async () => (await ask("tried")) === "a");
  });

  it("let no request fail while members come and go", async () => {
    const letters = lettersOf("changing");
    const answers: string[] = [];
    for (const letter of [letters[0], letters[1], letters[0]]) {
      await letter.stop();
      for (let i = 0; i < 10; i++) answers.push(await ask("changing"));
      await letter.start();
    }
    expect(answers.filter((answer) => !"abc".includes(answer))).to.deep.equal([]);
  });

  it("send a session to its member, in all workers, and to another one while that is away", async () => {
    const [, second] = lettersOf("sticky");
    expect(await askAll("sticky", ["cookie", "S=1.b"])).to.equal("b");
    await second.stop();
    for (let i = 0; i < 4; i++) expect(await ask("sticky", ["cookie", "S=1.b"])).to.equal("a");
    await second.start();
    await until("it has its session back", async () => (await ask("sticky", ["cookie", "S=1.b"])) === "b");
  });

  it("turn to a hot standby only while nobody else is left", async () => {
    const [first] = lettersOf("standby");
    expect(await askAll("standby")).to.equal("a");
    await first.stop();
    for (let i = 0; i < 4; i++) expect(await ask("standby")).to.equal("c");
    await first.start();
    await until("the first is asked again", async () => (await ask("standby")) === "a");
  });

  it("give a draining member its sessions alone", async () => {
    expect(await askAll("draining", ["cookie", "S=1.a"])).to.equal("a");
    expect(await askAll("draining")).to.equal("b");
  });

  /** Sends a form of the balancer-manager. */
  async function change(form: Readonly<Record<string, string>>): Promise<void> {
    const headers = { referer: served.url("/manager") };
    const page = await (await fetch(served.url("/manager"), { headers })).text();
    const nonce = /\?b=managed&amp;nonce=([^"]*)"/.exec(page)?.[1] ?? "";
    const body = new URLSearchParams({ b: "managed", nonce, ...form });
    const { status } = await fetch(served.url("/manager"), { method: "POST", headers, body });
    expect(status).to.equal(200);
  }

  it("take changes of the balancer-manager over, in all workers, and with BalancerPersist through a reload", async () => {
    const [first, , third] = lettersOf("managed");
    const a = `http://127.0.0.1:${first.port}`;
    const c = `http://127.0.0.1:${third.port}`;
    expect(await askAll("managed")).to.equal("ab");
    await change({ w: a, w_status_D: "1" });
    await until("nobody asks it", async () => (await askAll("managed")) === "b");
    await change({ b_nwrkr: c, b_wyes: "1" });
    await change({ w: c, w_status_D: "0" });
    await until("the new one is asked", async () => (await askAll("managed")) === "bc");
    const before = served.running.family();
    process.kill(served.running.child.pid ?? 0, "SIGUSR1");
    await until("the workers are new ones", () => {
      const now = served.running.family();
      return now.length === before.length && now.filter((pid) => before.includes(pid)).length === 1;
    });
    expect(await askAll("managed")).to.equal("bc");
    await change({ w: a, w_status_D: "0" });
    await until("all are asked", async () => (await askAll("managed")) === "abc");
  });

  it("take members out and in by health checks, in all workers", async () => {
    expect(await askAll("checked")).to.equal("ab");
    isWell = false;
    await until("it is out", () => served.errors().includes("AH03303"));
    await until("nobody asks it", async () => (await askAll("checked")) === "b");
    isWell = true;
    await until("it is in", () => served.errors().includes("AH03302"));
    await until("all ask it again", async () => (await askAll("checked")) === "ab");
  });

  it("check members in one process, and in another one when that has ended", async () => {
    // Those of before the reload may have been others.
    checkers.length = 0;
    await until("some checks were made", () => checkers.length >= 6);
    expect(new Set(checkers).size, served.errors()).to.equal(1);
    const [first = 0] = checkers;
    process.kill(first, "SIGKILL");
    await until("another worker makes them", () => checkers.some((pid) => pid !== first));
  });
});
