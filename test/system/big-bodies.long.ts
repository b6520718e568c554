// Bodies of 1 GiB, as `npm run test:long` tries them.
import { MiB } from "../support/memory.js";
import { testBigBodies } from "./big-bodies.js";

testBigBodies("1 GiB", 1024 * MiB);
