// Bodies of a size that would show in the memory of the server; those of 1 GiB are in big-bodies.long.ts.
import { MiB } from "../support/memory.js";
import { testBigBodies } from "./big-bodies.js";

testBigBodies("64 MiB", 64 * MiB);
