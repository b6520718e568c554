// Names of users and groups → their numbers, as the system's account database has them.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Whom a process runs as. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** Groups the user is a member of beside `gid`. */
  readonly groups: readonly number[];
}

/** The account of `user`, with `group` in place of its own group if given. Names or "#number". Throws an Error that says who is unknown. */
export function accountOf(user: string, group?: string): Account {
  const entry = userEntry(user);
  const [name, , uid, primary, , home] = entry ?? [];
  if (uid === undefined && !user.startsWith("#")) throw new Error(`user "${user}" is unknown`);
  const gid = group === undefined ? Number(primary ?? user.slice(1)) : groupNumber(group);
  return {
    name: name ?? user,
    uid: Number(uid ?? user.slice(1)),
    gid,
    home: home ?? "/",
    groups: name === undefined ? [] : memberships(name).filter((number) => number !== gid),
  };
}

/** The number of a group: a name or "#number". Throws an Error when it is unknown. */
export function groupNumber(group: string): number {
  if (/^#\d+$/.test(group)) return Number(group.slice(1));
  const entry = database("group").find(([name]) => name === group) ?? ask("group", group);
  if (entry?.[2] === undefined) throw new Error(`group "${group}" is unknown`);
  return Number(entry[2]);
}

function userEntry(user: string): readonly string[] | undefined {
  const number = /^#(\d+)$/.exec(user)?.[1];
  const found = database("passwd").find(([name, , uid]) => (number === undefined ? name === user : uid === number));
  return found ?? ask("passwd", number ?? user);
}

function memberships(name: string): number[] {
  return database("group")
    .filter(([, , , members = ""]) => members.split(",").includes(name))
    .map(([, , gid]) => Number(gid));
}

function database(name: "passwd" | "group"): string[][] {
  try {
    return readFileSync(`/etc/${name}`, "utf8")
      .split("\n")
      .filter((line) => line.includes(":"))
      .map((line) => line.split(":"));
  } catch {
    return [];
  }
}

/** Accounts from elsewhere (LDAP and the like) are known to getent alone. */
function ask(name: "passwd" | "group", key: string): string[] | undefined {
  try {
    const line = execFileSync("getent", [name, key], { stdio: ["ignore", "pipe", "ignore"], timeout: 5000 });
    return line.toString().trim().split(":");
  } catch {
    return undefined;
  }
}
