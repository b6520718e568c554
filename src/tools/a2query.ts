// Arguments of a2query → what is enabled, and by whom; its exit statuses are Debian's.
import { existsSync, readdirSync } from "node:fs";
import { version } from "../api/index.js";
import { terminal, type Terminal } from "./terminal.js";
import { readEnvvars } from "../config/envvars.js";
import { foldersOf, type Kind } from "./enable.js";
import { findServerRoot, NoServerRootError } from "./server-root.js";
import { markerOf, stateFolder } from "./state-markers.js";

const usage = `Usage: a2query [-d FOLDER] [-q] [-m [MODULE]] [-s [SITE]] [-c [CONF]] [-v] [-a] [-M] [-h]
  -m [MODULE]  is the module enabled? Without a name: all that are
  -s [SITE]    the same of a site
  -c [CONF]    the same of a conf
  -M           name of the multi-processing module
  -v           version
  -a           API number of Apache's that modules are written for
  -q           say nothing, only exit
Exit status: 0 enabled, 1 not found or a fault, 32 disabled by the administrator, 33 disabled by a maintainer script
`;

const words: Readonly<Record<Kind, string>> = { mod: "module", site: "site", conf: "conf" };
const who: Readonly<Record<string, string>> = { admin: "site administrator", maint: "maintainer script" };

interface Query {
  readonly kind: Kind;
  readonly name: string | undefined;
}

/** Runs a2query and gives its exit status. */
export function a2query(args: readonly string[], io: Terminal = terminal): number {
  const { root: given, rest: written } = takeRoot(args);
  const rest = written.flatMap(apart);
  const flags = new Set<string>();
  let queries: Query[] = [];
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? "";
    const kind = ({ "-m": "mod", "-s": "site", "-c": "conf" } as const)[word];
    const next = rest[at + 1];
    if (kind) {
      const name = next !== undefined && !next.startsWith("-") ? next : undefined;
      if (name !== undefined) at++;
      // Of several names of one kind the last is meant.
      queries = [...queries.filter((query) => query.kind !== kind), { kind, name }];
    } else if (/^-[qvaMh]$/.test(word)) {
      flags.add(word);
    } else {
      io.err(`Unknown option: ${word.replace(/^-+/, "")}`);
      io.err(usage.trimEnd());
      return 0;
    }
  }
  if (flags.has("-h") || (queries.length === 0 && flags.size === 0)) {
    io.out(usage.trimEnd());
    return 0;
  }
  try {
    const { path } = findServerRoot(given);
    const { environment } = readEnvvars(path, process.env);
    const place = {
      state: stateFolder(path, environment),
      enabled: (kind: Kind) => enabledNames(path, kind, environment),
    };
    return answer(place, { flags, queries }, io);
  } catch (error) {
    if (!(error instanceof NoServerRootError)) throw error;
    io.err(`a2query: ${error.message}`);
    return 1;
  }
}

/** Options written together, or with their value: "-qm", "-malias". */
function apart(word: string): string[] {
  const [, flags, asked, value] = /^-([qvaMh]*)([msc]?)(.*)$/.exec(word) ?? [];
  if (flags === undefined || word.length < 3 || (asked === "" && value !== "")) return [word];
  return [...[...flags].map((flag) => `-${flag}`), ...(asked ? [`-${asked}`] : []), ...(value ? [value] : [])];
}

/** Where a2query looks. */
interface Place {
  readonly state: string;
  /** Names in the enabled folder, in its order; a link to nowhere counts, as for the server. */
  readonly enabled: (kind: Kind) => readonly string[];
}

function answer(
  place: Place,
  { flags, queries }: { readonly flags: ReadonlySet<string>; readonly queries: readonly Query[] },
  io: Terminal,
): number {
  const say = flags.has("-q") ? () => undefined : (line: string) => io.out(line);
  const mpms = place.enabled("mod").filter((name) => name.startsWith("mpm_"));
  if (mpms.length > 1) {
    io.err("There is more than one MPM loaded. Do not proceed due to undefined results");
    return 1;
  }
  if (flags.has("-v")) say(version);
  if (flags.has("-a")) say("20120211");
  if (flags.has("-M")) say(mpms[0]?.replace(/^mpm_/, "") ?? "invalid");
  // Modules, sites, confs, however they are asked for.
  const inOrder = (["mod", "site", "conf"] as const).flatMap((kind) => queries.filter((query) => query.kind === kind));
  for (const { kind, name } of inOrder) {
    const status =
      name === undefined
        ? listAll(place, kind, say)
        : queryOne(place, { kind, name }, { say, err: flags.has("-q") ? () => undefined : (line) => io.err(line) });
    if (status !== 0) return status;
  }
  return 0;
}

function listAll(place: Place, kind: Kind, say: (line: string) => void): 0 {
  for (const name of place.enabled(kind)) say(`${name} (enabled by ${enabledBy(place, kind, name)})`);
  return 0;
}

function queryOne(
  place: Place,
  { kind, name: written }: { readonly kind: Kind; readonly name: string },
  { say, err }: { readonly say: (line: string) => void; readonly err: (line: string) => void },
): number {
  const name = written.replace(/\.(load|conf)$/, "").replace(/^mod/, "");
  if (place.enabled(kind).includes(name)) {
    say(`${name} (enabled by ${enabledBy(place, kind, name)})`);
    return 0;
  }
  const marker = markerOf(kind, name, place.state);
  const disabled = marker?.what === "disabled" ? ` (disabled by ${who[marker.actor] ?? "unknown"})` : "";
  err(`No ${words[kind]} matches ${name}${disabled}`);
  return disabled === "" ? 1 : marker?.actor === "maint" ? 33 : 32;
}

function enabledBy({ state }: Place, kind: Kind, name: string): string {
  const marker = markerOf(kind, name, state);
  return marker?.what === "enabled" ? (who[marker.actor] ?? "unknown") : "unknown";
}

function enabledNames(root: string, kind: Kind, environment: Readonly<Record<string, string>>): string[] {
  const { enabled, suffix } = foldersOf(root, kind, environment);
  if (!existsSync(enabled)) return [];
  return readdirSync(enabled)
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length));
}

function takeRoot(args: readonly string[]): { readonly root: string | undefined; readonly rest: string[] } {
  const rest = [...args];
  const at = rest.findIndex((arg) => arg.startsWith("-d"));
  if (at < 0) return { root: undefined, rest };
  const [flag = ""] = rest.splice(at, 1);
  return { root: flag.length > 2 ? flag.slice(2) : rest.splice(at, 1)[0], rest };
}
