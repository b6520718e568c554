// Part 1 of the cases of this folder → mocha tests.
import { declarePart } from "./parts.js";

await declarePart(1);
