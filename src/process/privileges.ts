// User and Group of the configuration → the identity workers take, for good.
import { statSync } from "node:fs";
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
 * The first folder on the way to `path` that this identity may not pass, or the path itself when it may not read it,
 * going by owner and mode; undefined when it may, or when nothing is there.
 */
export function unreachableFor({ user, uid, gid }: Identity, path: string): string | undefined {
  const groups = new Set([gid, ...(user.startsWith("#") ? [] : accountOf(user).groups)]);
  const steps: string[] = [path];
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) steps.unshift(folder);
  return steps.find((step) => {
    const stats = statSync(step, { throwIfNoEntry: false });
    if (!stats) return false;
    const wanted = step === path && !stats.isDirectory() ? 0o4 : 0o1;
    const shift = stats.uid === uid ? 6 : groups.has(stats.gid) ? 3 : 0;
    return ((stats.mode >> shift) & wanted) === 0;
  });
}
