// A user → the folder where daemons of that user keep our package compiled: compiling it takes longer than the rest of a start.
import { chownSync, lstatSync, mkdirSync } from "node:fs";
import type { Account } from "./accounts.js";

/** Names the folder for __main__.py, which takes it out of the environment. */
export const bytecodeVariable = "MODHOST_BYTECODE";

/** Makes the folder where it is not there; undefined where it cannot be, or could have been written by others. */
export function bytecodeFolder(prefix: string, account: Account | undefined): string | undefined {
  const uid = account?.uid ?? process.getuid?.();
  if (uid === undefined) return undefined;
  const folder = `${prefix}-${uid}`;
  try {
    if (!lstatSync(folder, { throwIfNoEntry: false })) {
      mkdirSync(folder, { mode: 0o700 });
      if (account) chownSync(folder, uid, account.gid);
    }
    const found = lstatSync(folder);
    return found.isDirectory() && found.uid === uid && (found.mode & 0o022) === 0 ? folder : undefined;
  } catch {
    return undefined;
  }
}
