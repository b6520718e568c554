// A key → a lock file that one request holds, so that not all of them ask the back end at once.
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, statSync, unlinkSync } from "node:fs";
import type { Request, SettingsOf } from "../../api/index.js";
import type { cache } from "./settings.js";

type CacheSettings = SettingsOf<typeof cache.settings>;

/** What became of an attempt: held, as `release` says; held by somebody else; or locks are not to be had. */
export type LockAttempt = { readonly release: () => void } | "held" | "none";

/** Tries to take the lock of a key; one that is older than CacheLockMaxAge counts for nothing. */
export function takeLock(request: Request, key: string, { lockPath, lockMaxAge }: CacheSettings): LockAttempt {
  const name = createHash("sha256").update(key, "latin1").digest("base64url");
  const folder = `${lockPath}/${name.slice(0, 1)}/${name.slice(1, 2)}`;
  const path = `${folder}/${name}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? NaN);
    if (age > lockMaxAge || age < -1000) {
      request.log("info", "cache", `AH00780: Cache lock file for '${request.path}' too old, removing: ${path}`);
      unlinkSync(path);
    }
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return "held";
    request.log("error", "cache", `AH00778: Could not create a cache lock: ${String(error)}`);
    return "none";
  }
  let isHeld = true;
  return {
    release: () => {
      if (!isHeld) return;
      isHeld = false;
      try {
        unlinkSync(path);
      } catch {
        // It was too old for somebody.
      }
    },
  };
}
