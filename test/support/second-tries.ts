// A run of the tests with `--retries` → the list, at its end, of every test that failed once, whatever came after.
import Mocha from "mocha";

const { EVENT_TEST_RETRY, EVENT_RUN_END } = Mocha.Runner.constants;
const mostLines = 8;

/** Mocha calls it before the run, on the runner. */
export function mochaGlobalSetup(this: Mocha.Runner): void {
  const again: string[] = [];
  this.on(EVENT_TEST_RETRY, (test: Mocha.Test, error: unknown) => {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    again.push(`    - ${test.fullTitle()}\n      ${why.split("\n").slice(0, mostLines).join("\n      ")}\n`);
  });
  this.on(EVENT_RUN_END, () => {
    if (again.length === 0) return;
    console.log(`\n  ${again.length} failed and were tried again: a race to be found\n\n${again.join("\n")}`);
  });
}
