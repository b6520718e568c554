// Links of the enabled folders: what stands there, made and removed, with Debian's words for what the system refuses.
import { existsSync, lstatSync, realpathSync, symlinkSync, unlinkSync } from "node:fs";
import { dirname, relative } from "node:path";
import { getSystemErrorMap } from "node:util";

/** State of one link: "enabled", absent, dangling, or something that is not ours to touch. */
export type LinkState = "enabled" | "absent" | "dangling" | "elsewhere" | "real file";

/** What stands where a link to `target` belongs. */
export function linkState(link: string, target: string): LinkState {
  const stat = lstatSync(link, { throwIfNoEntry: false });
  if (!stat) return "absent";
  if (!stat.isSymbolicLink()) return "real file";
  if (!existsSync(link)) return "dangling";
  return realpathSync(link) === realpathSync(target) ? "enabled" : "elsewhere";
}

/** A link could not be made or removed; `status` is what the tool exits with, the number of the system's error. */
export class LinkError extends Error {
  override readonly name = "LinkError";
  readonly status: number;
  constructor(what: string, link: string, { errno = -1, message }: NodeJS.ErrnoException) {
    const [, reason = message] = getSystemErrorMap().get(errno) ?? [];
    super(`Could not ${what} ${link}: ${reason.charAt(0).toUpperCase()}${reason.slice(1)}`);
    this.status = Math.abs(errno);
  }
}

/** Makes a relative link. Throws a LinkError. */
export function makeLink(target: string, link: string): void {
  try {
    symlinkSync(relative(dirname(link), target), link);
  } catch (error) {
    throw new LinkError("create", link, error as NodeJS.ErrnoException);
  }
}

/** Removes a link. Throws a LinkError. */
export function removeFile(link: string): void {
  try {
    unlinkSync(link);
  } catch (error) {
    throw new LinkError("remove", link, error as NodeJS.ErrnoException);
  }
}
