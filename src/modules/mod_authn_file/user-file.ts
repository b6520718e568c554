// A file of users → their passwords and realm hashes.
import { contentLines, keptFile } from "../../api/index.js";

/** What stands in a file; of several lines for a user the first counts. All texts are latin1 strings of bytes. */
export interface UserFile {
  readonly passwords: ReadonlyMap<string, string>;
  /** By "user:realm". */
  readonly realms: ReadonlyMap<string, string>;
}

/** The file's lines, read anew when it has changed. Throws where it cannot be read. */
export const linesOf = keptFile(parse);

/** Lines "user:password" and "user:realm:hash"; several colons count as one, what is behind a further one is left out. */
export function parse(text: string): UserFile {
  const passwords = new Map<string, string>();
  const realms = new Map<string, string>();
  for (const line of contentLines(text)) {
    const [user = "", second = "", third = ""] = line.split(/:+/);
    if (!passwords.has(user)) passwords.set(user, second);
    const key = `${user}:${second}`;
    if (!realms.has(key)) realms.set(key, third);
  }
  return { passwords, realms };
}
