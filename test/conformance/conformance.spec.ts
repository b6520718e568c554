// The suites of this folder → mocha tests.
import { suites } from "./count.js";
import { conformance } from "./harness.js";

for (const suite of await suites()) conformance(suite);
