// All rows of the benchmark.
import { applicationRows } from "./applications.js";
import { edgeRows } from "./edge.js";
import { moduleRows } from "./modules.js";
import type { Row } from "./row.js";

export const rows: readonly Row[] = [...applicationRows, ...moduleRows, ...edgeRows];
