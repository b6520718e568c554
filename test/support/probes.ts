// Options of daemon groups, and a script that tells what it finds → the lines of a configuration, and what is told.
import type { ServedRoot } from "./modhost.js";

/** A group for each name with its options, and its script at /NAME: apps/probe.wsgi, where `scripts` names no other. */
export function probedGroups(
  groups: Readonly<Record<string, string>>,
  scripts: Readonly<Record<string, string>> = {},
): string {
  const lines = Object.entries(groups).map(([name, options]) => {
    const script = `@ROOT@/apps/${scripts[name] ?? "probe"}.wsgi`;
    return `WSGIDaemonProcess ${name} ${options}\nWSGIScriptAlias /${name} ${script} process-group=${name} application-group=%{GLOBAL}`;
  });
  return lines.join("\n");
}

/** What a probe tells in JSON. Throws with the error log where it does not answer. */
export async function toldBy<Found>(served: ServedRoot, path: string, init: RequestInit = {}): Promise<Found> {
  const response = await fetch(served.url(path), init);
  if (response.status !== 200)
    throw new Error(`${path}: ${response.status} ${await response.text()}\n${served.errors()}`);
  return (await response.json()) as Found;
}
