// Daemon groups of the whole configuration → which of them a virtual host may use.
import type { DaemonGroupSpec, ServerView, VirtualHost } from "../../api/index.js";
import { insidePath } from "./chroot.js";
import type { DaemonProcess } from "./daemon-process.js";
import { layersOf } from "./interpreter-options.js";
import { pythonOptions, restrictions } from "./interpreter.js";
import { prepareOwners } from "./script-owner.js";
import { wsgi } from "./settings.js";

/** What a virtual host may do with a process group of that name. */
export type GroupState = "usable" | "unknown" | "of another host";

/** A WSGIDaemonProcess line with the virtual host it stands in. */
export interface DeclaredGroup {
  readonly group: DaemonProcess;
  readonly virtualHost: VirtualHost;
}

/** The groups of each virtual host's server. */
const registered = new WeakMap<VirtualHost, ReadonlyMap<string, DeclaredGroup>>();

/** All WSGIDaemonProcess lines by name, in order of the configuration; of two with one name the first. */
export function declaredGroups(server: ServerView): ReadonlyMap<string, DeclaredGroup> {
  const groups = new Map<string, DeclaredGroup>();
  for (const { virtualHost, settings } of server.everywhere(wsgi)) {
    for (const group of settings.daemonProcesses ?? []) {
      if (!groups.has(group.name)) groups.set(group.name, { group, virtualHost });
    }
  }
  return groups;
}

/** Makes the groups known to requests. */
export function registerGroups(server: ServerView): void {
  const groups = declaredGroups(server);
  for (const { group } of groups.values()) prepareOwners(group);
  for (const virtualHost of server.virtualHosts) registered.set(virtualHost, groups);
}

/** A group that requests of that virtual host may name; undefined where nothing is known of groups. */
export function groupOf(name: string, virtualHost: VirtualHost): DaemonProcess | undefined {
  return registered.get(virtualHost)?.get(name)?.group;
}

/** Whether requests of a virtual host may use a group. A group belongs to the ServerName it was declared under. */
export function stateOf(
  name: string,
  virtualHost: VirtualHost,
  groups: ReadonlyMap<string, DeclaredGroup> | undefined = registered.get(virtualHost),
): GroupState {
  // Without a running server nothing is known of groups; who runs the application refuses what is not there.
  if (!groups) return "usable";
  const declared = groups.get(name);
  if (!declared) return "unknown";
  const free = declared.virtualHost.isMain || declared.virtualHost.serverName === virtualHost.serverName;
  return free ? "usable" : "of another host";
}

/** A group as the supervisor is to run it, without its preloads. */
export function specOf({ group, virtualHost }: DeclaredGroup, server: ServerView, timeout: number): DaemonGroupSpec {
  const [main] = server.virtualHosts;
  const settings = server.settings(wsgi, main ?? virtualHost);
  const { pythonHome, pythonPath, pythonHashSeed, switchInterval, socketPrefix } = settings;
  return {
    ...group,
    virtualHost: virtualHost.index,
    pythonHome: group.pythonHome ?? pythonHome,
    pythonPath: group.pythonPath ?? pythonPath,
    pythonOptions: pythonOptions(settings),
    pythonHashSeed,
    restricted: restrictions(settings),
    endsInterpreter: settings.destroyInterpreter,
    switchInterval: group.switchInterval || switchInterval,
    socketTimeout: group.socketTimeout ?? timeout,
    socketPrefix,
    preload: group.preload === undefined ? undefined : insidePath(group, group.preload),
    preloads: [],
    // As in mod_wsgi: the option of the group is stronger.
    interpreters: layersOf(settings, group.name).map((layer) =>
      group.switchInterval > 0 ? { ...layer, switchInterval: 0 } : layer,
    ),
  };
}
