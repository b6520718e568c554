// Part 8 of the cases of this folder → mocha tests.
import { declarePart } from "./parts.js";

await declarePart(8);
