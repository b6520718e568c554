// The suites of this folder → mocha tests.
import { readdirSync } from "node:fs";
import { conformance, type Suite } from "./harness.js";

const folder = new URL(".", import.meta.url);
for (const file of readdirSync(folder).sort()) {
  if (!file.endsWith(".cases.ts")) continue;
  const { suite, further = [] } = (await import(new URL(file, folder).href)) as {
    suite: Suite;
    further?: readonly Suite[];
  };
  for (const one of [suite, ...further]) conformance(one);
}
