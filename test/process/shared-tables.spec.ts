import { expect } from "chai";
import { SupervisorTables, WorkerTables } from "../../src/process/shared-tables.js";
import { until } from "../support/running.js";

/** Two workers and the supervisor between them. */
function pair() {
  const supervisor = new SupervisorTables();
  const workers: WorkerTables[] = [0, 1].map(
    (index) =>
      new WorkerTables((changes) => {
        const told = supervisor.take(workers[index] ?? {}, changes);
        workers.filter((_, other) => other !== index).forEach((worker) => worker.heard(told));
      }),
  );
  const [first, second] = workers as [WorkerTables, WorkerTables];
  return { supervisor, first, second };
}

describe("shared tables", () => {
  it("show a change at once, and to others soon", async () => {
    const { first, second } = pair();
    first.table("t").change({ key: "k", set: { failedAt: 5 } });
    expect(first.table("t").number("k", "failedAt")).to.equal(5);
    await until("the other worker hears of it", () => second.table("t").number("k", "failedAt") === 5);
  });

  it("add the numbers of all workers up", async () => {
    const { first, second } = pair();
    for (let i = 0; i < 100; i++) {
      first.table("t").change({ key: "k", add: { elected: 1 } });
      second.table("t").change({ key: "k", add: { elected: 1 } });
    }
    await until("both know all", () => [first, second].every((each) => each.table("t").number("k", "elected") === 200));
  });

  it("take back what a worker had under way when it ends", async () => {
    const { supervisor, first, second } = pair();
    first.table("t").change({ key: "k", add: { elected: 1 }, held: { busy: 2 } });
    await until("the other worker hears of it", () => second.table("t").number("k", "busy") === 2);
    second.heard(supervisor.ended(first));
    expect(second.table("t").number("k", "busy")).to.equal(0);
    expect(second.table("t").number("k", "elected")).to.equal(1);
  });

  it("are told to a worker that begins, and forgotten with their configuration", async () => {
    const { supervisor, first } = pair();
    first.table("t@1").change({ key: "k", set: { a: 1 } });
    await until("the supervisor knows it", () => supervisor.all().length === 1);
    const late = new WorkerTables(() => undefined);
    late.heard(supervisor.all());
    expect(late.table("t@1").get("k")).to.deep.equal({ a: 1 });
    supervisor.forget("@1");
    expect(supervisor.all()).to.deep.equal([]);
  });
});
