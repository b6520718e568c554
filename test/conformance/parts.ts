// The suites of this folder → spec files of about the same length, so that several can be run at a time.
import { readdirSync } from "node:fs";
import { suites } from "./count.js";
import { conformance } from "./harness.js";

const count = readdirSync(new URL(".", import.meta.url)).filter((name) =>
  /^conformance-\d+\.spec\.ts$/.test(name),
).length;

/** Declares the tests of `conformance-PART.spec.ts`; the first is 1. */
export async function declarePart(part: number): Promise<void> {
  const all = await suites();
  all.filter((_, i) => i % count === part - 1).forEach((suite) => conformance(suite));
}
