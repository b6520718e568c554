// "/~user/path" and the words of UserDir → a file name, or a redirect.
import { statSync } from "node:fs";
import { fileSystemPath, Headers, refuse, type Request, type Verdict } from "../../api/index.js";
import { homeOf } from "./home.js";

/** What UserDir lines say. */
export interface UserDirs {
  /** Whether `enabled` or `disabled` stands without names. */
  readonly all: boolean | undefined;
  /** Folders below homes, absolute paths and URLs, in order; undefined where there is no such line. */
  readonly places: readonly string[] | undefined;
  readonly enabled: ReadonlySet<string>;
  readonly disabled: ReadonlySet<string>;
}

/** Maps a path that begins with "/~". */
export function mapUser(request: Request, { all, places, enabled, disabled }: UserDirs): Verdict {
  const { path } = request;
  if (!places || !path.startsWith("/~")) return undefined;
  const slash = path.indexOf("/", 2);
  const user = slash < 0 ? path.slice(2) : path.slice(2, slash);
  const rest = slash < 0 ? "" : path.slice(slash);
  // No name of an account has an encoded slash or leads upwards.
  if (user === "" || user === "." || user === ".." || /[\0/]/.test(user) || disabled.has(user)) return undefined;
  if (all === false && !enabled.has(user)) return undefined;
  for (const [index, place] of places.entries()) {
    const target = targetOf(place, user);
    if (target === undefined) continue;
    if ("url" in target) return refuse(302, { headers: new Headers([["Location", target.url + rest]]) });
    if (index < places.length - 1 && !exists(target.file)) continue;
    request.filename = target.file + rest;
    request.contextPrefix = `/~${user}`;
    request.contextDocumentRoot = target.file;
    request.notes.set("mod_userdir_user", user);
    return "done";
  }
  return undefined;
}

// What one word makes of a user: public_html, /srv/users, or a path or URL with a star for the name.
function targetOf(word: string, user: string): { readonly file: string } | { readonly url: string } | undefined {
  const star = word.indexOf("*");
  const isAbsolute = word.startsWith("/");
  if (star < 0) {
    if (isAbsolute) return { file: `${word}/${user}` };
    const home = homeOf(user);
    return home === undefined ? undefined : { file: `${home}/${word}` };
  }
  const before = word.slice(0, star);
  const behind = word.slice(star + 1);
  if (!isAbsolute && before.includes(":")) return { url: before + user };
  if (isAbsolute) return { file: before + user + behind };
  const home = homeOf(user);
  return home === undefined || behind === "" ? undefined : { file: `${home}/${behind}` };
}

function exists(name: string): boolean {
  try {
    return statSync(fileSystemPath(name), { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
