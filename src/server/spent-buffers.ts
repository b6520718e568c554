// Bytes of bodies that pass through this process → their buffers collected before there are many of them.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes that may pass between two collections. */
const most = 4 << 20;

let passed = 0;
let collect: ((options: { readonly type: "minor" }) => void) | undefined;

/**
 * Tells of bytes of a body that were taken into a buffer of their own. V8 sees a buffer of 64 KiB as a small object and lets
 * 30 to 50 MiB of them lie about, in each process; a collection of what is young takes a millisecond or less.
 */
export function countPassing(bytes: number): void {
  passed += bytes;
  if (passed < most) return;
  passed = 0;
  collect ??= makeCollect();
  collect({ type: "minor" });
}

/** The function is made in a context of its own, so that applications do not see it. */
function makeCollect(): typeof collect & object {
  setFlagsFromString("--expose-gc");
  const made = runInNewContext("gc") as typeof collect & object;
  setFlagsFromString("--no-expose-gc");
  return made;
}
