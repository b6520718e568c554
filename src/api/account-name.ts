// Numbers of users and groups → their names, for SCRIPT_USER and SCRIPT_GROUP.
import { readFileSync } from "node:fs";

const databases = new Map<string, ReadonlyMap<string, string>>();

/** The name of a user; the number where /etc/passwd has none. */
export function userName(uid: number): string {
  return nameIn("/etc/passwd", uid);
}

/** The name of a group; the number where /etc/group has none. */
export function groupName(gid: number): string {
  return nameIn("/etc/group", gid);
}

function nameIn(file: string, number: number): string {
  let names = databases.get(file);
  if (!names) databases.set(file, (names = read(file)));
  return names.get(String(number)) ?? String(number);
}

/** Read once in the life of a process: a reload starts new ones. */
function read(file: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  try {
    for (const line of readFileSync(file, "latin1").split("\n")) {
      const [name, , number] = line.split(":");
      if (name && number !== undefined && !names.has(number)) names.set(number, name);
    }
  } catch {
    // Numbers are names enough where there is no such file.
  }
  return names;
}
