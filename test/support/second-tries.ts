// A run of the tests in CI → the list, at its end, of every test that failed once, and the files that failed for good.
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import Mocha from "mocha";

const { EVENT_TEST_RETRY, EVENT_TEST_FAIL, EVENT_RUN_END } = Mocha.Runner.constants;
const mostLines = 8;

/** Mocha calls it before the run, on the runner. FAILED_FILES names the file that gets the names of failed spec files. */
export function mochaGlobalSetup(this: Mocha.Runner): void {
  const again: string[] = [];
  const failed = new Set<string>();
  this.on(EVENT_TEST_RETRY, (test: Mocha.Test, error: unknown) => {
    again.push(`    - ${test.fullTitle()}\n      ${linesOf(error)}\n`);
  });
  this.on(EVENT_TEST_FAIL, ({ file }: Mocha.Test) => {
    if (file !== undefined) failed.add(relative(process.cwd(), file));
  });
  this.on(EVENT_RUN_END, () => {
    const list = process.env["FAILED_FILES"];
    if (list !== undefined) writeFileSync(list, [...failed].map((file) => `${file}\n`).join(""));
    if (again.length === 0) return;
    console.log(`\n  ${again.length} failed and were tried again: a race to be found\n\n${again.join("\n")}`);
  });
}

/** Of an error, or of what one has become on its way from another process. */
function linesOf(error: unknown): string {
  const { stack, message } = (error ?? {}) as Partial<Error>;
  const text = stack ?? message ?? String(error);
  return text.split("\n").slice(0, mostLines).join("\n      ");
}
