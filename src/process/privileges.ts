// User and Group of the configuration → the identity workers take, for good.
import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { accountOf, groupNumber } from "./accounts.js";
import type { Identity } from "./channel.js";

/** An identity, or why there is none; nothing at all when the supervisor is not root and User and Group are not used. */
export interface IdentityFound {
  readonly identity?: Identity;
  readonly errors: readonly string[];
}

/** Finds the identity that User and Group name. Unknown names are errors for anyone, a missing User only for root. */
export function findIdentity(
  { user, group }: { readonly user: string | undefined; readonly group: string | undefined },
  program = "modhost",
): IdentityFound {
  const errors: string[] = [];
  if (user !== undefined && !known(() => accountOf(user))) errors.push(`AH00543: ${program}: bad user name ${user}`);
  if (group !== undefined && !known(() => groupNumber(group))) {
    errors.push(`AH00544: ${program}: bad group name ${group}`);
  }
  if (errors.length > 0 || process.getuid?.() !== 0) return { errors };
  if (user === undefined) {
    return {
      errors: [
        "AH02155: the server was started as root and no User directive says whom it is to serve as: " +
          'add "User www-data" and "Group www-data", or start it as another user',
      ],
    };
  }
  const { name, uid, gid } = accountOf(user, group);
  if (uid === 0) return { errors: [`User ${user} is root, and pages are not served as root: name another user`] };
  return { identity: { user: name, uid, gid, group: group ?? `#${gid}` }, errors };
}

function known(look: () => unknown): boolean {
  try {
    look();
    return true;
  } catch {
    return false;
  }
}

/** Gives up root for good. Throws when the system refuses, or when root could be had back. */
export function dropPrivileges({ user, uid, gid }: Identity): void {
  if (user.startsWith("#")) process.setgroups?.([gid]);
  else (process as unknown as { initgroups(user: string, group: number): void }).initgroups(user, gid);
  process.setgid?.(gid);
  process.setuid?.(uid);
  if (uid === 0) return;
  let regained = true;
  try {
    process.setuid?.(0);
  } catch {
    regained = false;
  }
  if (regained) throw new Error("privileges could be regained after setuid");
}

/**
 * The first folder on the way to `path` that this process may not pass, or the path itself when it cannot be read;
 * undefined when it can, or when it does not exist.
 */
export function unreachable(path: string): string | undefined {
  const folders: string[] = [];
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) folders.unshift(folder);
  for (const folder of folders) if (!may(folder, constants.X_OK)) return folder;
  return may(path, constants.R_OK) ? undefined : path;
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "EACCES";
  }
}

/** Whom a folder or file belongs to, for messages. */
export function ownerOf(path: string): string {
  try {
    const { uid, mode } = statSync(path);
    return `owner uid ${uid}, mode ${(mode & 0o7777).toString(8).padStart(4, "0")}`;
  } catch {
    return "owner unknown";
  }
}
