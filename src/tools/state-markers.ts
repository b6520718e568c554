// Who enabled or disabled a module, conf or site → empty files by which a2query tells, laid out as Debian's.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Kind } from "./enable.js";

/** On whose behalf: the administrator's, or a maintainer script's (-m). */
export type Actor = "admin" | "maint";

/** Where markers are, and who acts. */
export interface MarkerKeeper {
  readonly folder: string;
  readonly actor: Actor;
  /** -p: no marker is written, the former ones go. */
  readonly purge: boolean;
}

const folders: Readonly<Record<Kind, string>> = { mod: "module", conf: "conf", site: "site" };

/** The folder of markers: APACHE_STATE_DIRECTORY, else one below the server root; Debian's own for /etc/apache2 and its instances. */
export function stateFolder(root: string, environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment["APACHE_STATE_DIRECTORY"];
  if (named) return named;
  return /^\/etc\/apache2(-[^/]+)?$/.test(root) ? "/var/lib/apache2" : join(root, "run/state");
}

/** Notes what was done; every other marker of that name goes. A folder that cannot be written is no fault of the change. */
export function mark(
  kind: Kind,
  name: string,
  what: "enabled" | "disabled",
  { folder, actor, purge }: MarkerKeeper,
): void {
  try {
    for (const other of markersIn(folder, kind)) rmSync(join(folder, folders[kind], other, name), { force: true });
    if (purge) return;
    const target = join(folder, folders[kind], `${what}_by_${actor}`);
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, name), "");
  } catch {
    // a2query then says "unknown".
  }
}

/** The marker of a name, if there is one. */
export function markerOf(
  kind: Kind,
  name: string,
  folder: string,
): { readonly what: string; readonly actor: string } | undefined {
  for (const marker of markersIn(folder, kind)) {
    const [, what, actor] = /^(enabled|disabled)_by_(admin|maint)$/.exec(marker) ?? [];
    if (what === undefined || actor === undefined) continue;
    if (namesIn(join(folder, folders[kind], marker)).includes(name)) return { what, actor };
  }
  return undefined;
}

function markersIn(folder: string, kind: Kind): string[] {
  return namesIn(join(folder, folders[kind]));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
