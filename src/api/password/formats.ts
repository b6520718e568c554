// A stored password in one of the formats of htpasswd, and a given one → whether they are the same.
import { createHash, timingSafeEqual } from "node:crypto";
import { createRequire } from "node:module";
import { shaCrypt } from "./sha-crypt.js";

/** The formats of stored passwords; "none" is no hash of any of them. */
export type Format = "bcrypt" | "apr1" | "sha1" | "sha-crypt" | "des" | "none";

/** The format of a stored password, by its first characters, as Apache tells them apart. */
export function formatOf(stored: string): Format {
  if (/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(stored)) return "bcrypt";
  if (/^\$(apr)?1\$[^$]{0,64}\$[./A-Za-z0-9]{22}$/.test(stored)) return "apr1";
  if (stored.startsWith("{SHA}")) return "sha1";
  if (/^\$[56]\$/.test(stored)) return "sha-crypt";
  return /^[./A-Za-z0-9]{13}$/.test(stored) ? "des" : "none";
}

/** Whether a password, as its bytes, is the stored one. Takes as long as the format wants: up to seconds. */
export function matches(password: Buffer, stored: string): boolean {
  const format = formatOf(stored);
  // Libraries are loaded where they are needed: in the thread that hashes.
  const require = createRequire(import.meta.url);
  switch (format) {
    case "bcrypt": {
      const { compareSync } = require("bcrypt") as typeof import("bcrypt");
      // Apache writes $2y$, the same as $2b$.
      return compareSync(password, `$2b$${stored.slice(4)}`);
    }
    case "apr1": {
      const md5 = require("apache-md5") as (password: string, stored: string) => string;
      return isSame(md5(password.toString("latin1"), cut(stored)), cut(stored));
    }
    case "sha1":
      return isSame(`{SHA}${createHash("sha1").update(password).digest("base64")}`, stored);
    case "sha-crypt":
      return isSame(shaCrypt(password, stored) ?? "", stored);
    case "des": {
      const crypt = require("unix-crypt-td-js") as (password: readonly number[], stored: string) => string;
      return isSame(crypt([...password], stored), stored);
    }
    case "none":
      return false;
  }
}

/** Eight characters of salt are taken, whatever is written. */
function cut(stored: string): string {
  return stored.replace(/^(\$(?:apr)?1\$[^$]{0,8})[^$]*/, "$1");
}

/** Whether two secrets are the same, in a time that depends on nothing but their format. */
export function isSame(one: string, other: string): boolean {
  // Digests have one length, so that not even a difference in length shows.
  const [first, second] = [one, other].map((text) => createHash("sha256").update(text, "latin1").digest());
  return first !== undefined && second !== undefined && timingSafeEqual(first, second);
}
