// script-user= and script-group= of a daemon group → whether a script may run in it.
import { statSync, type BigIntStats, type Stats } from "node:fs";
import { dirname } from "node:path";
import type { DaemonProcess } from "./daemon-process.js";
import { idOf } from "./account-id.js";

/** Whose scripts a group runs, by number. */
interface Owners {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** What is asked of a file or folder. */
type Facts = Pick<Stats | BigIntStats, "uid" | "gid" | "mode">;

const owners = new WeakMap<DaemonProcess, Owners>();

/**
 * Why a group does not run that script; undefined when it does. As in mod_wsgi the script and its folder must belong to
 * script-user and not be writable for others or the group, or belong to script-group and not be writable for others.
 */
export function ownerFault(group: DaemonProcess, script: string): string | undefined {
  if (group.scriptUser === undefined && group.scriptGroup === undefined) return undefined;
  return faultOf(group, "script", factsOf(script)) ?? faultOf(group, "folder of the script", factsOf(dirname(script)));
}

function faultOf(group: DaemonProcess, what: string, facts: Facts | undefined): string | undefined {
  const { scriptUser, scriptGroup } = group;
  if (!facts) return `owner and mode of the ${what} cannot be read`;
  const { uid, gid } = ownersOf(group);
  const mode = Number(facts.mode);
  if (scriptUser !== undefined && Number(facts.uid) !== uid) return `the ${what} does not belong to user ${scriptUser}`;
  if (scriptUser !== undefined && (mode & 0o020) !== 0) return `the ${what} may be written by its group`;
  if (scriptGroup !== undefined && Number(facts.gid) !== gid) {
    return `the ${what} does not belong to group ${scriptGroup}`;
  }
  return (mode & 0o002) !== 0 ? `the ${what} may be written by everybody` : undefined;
}

/** Looks up the numbers now, not at the first request. */
export function prepareOwners(group: DaemonProcess): void {
  if (group.scriptUser !== undefined || group.scriptGroup !== undefined) ownersOf(group);
}

function ownersOf(group: DaemonProcess): Owners {
  let found = owners.get(group);
  if (!found) {
    const { scriptUser, scriptGroup } = group;
    found = {
      uid: scriptUser === undefined ? undefined : idOf("passwd", scriptUser),
      gid: scriptGroup === undefined ? undefined : idOf("group", scriptGroup),
    };
    owners.set(group, found);
  }
  return found;
}

function factsOf(path: string): Facts | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
