// The whole configuration → what is wrong with groups and scripts in it, and the daemon groups to run.
import { accessSync, constants, existsSync, readlinkSync, statSync } from "node:fs";
import {
  byteString,
  core,
  processes,
  type DaemonGroupSpec,
  type EmbeddedPythonSpec,
  type Origin,
  type Preload,
  type ServerView,
  type VirtualHost,
} from "../../api/index.js";
import { idOf } from "./account-id.js";
import { insidePath } from "./chroot.js";
import type { DaemonProcess } from "./daemon-process.js";
import { compileCallable, compileGroupName } from "./group-name.js";
import { declaredGroups, specOf, stateOf, type DeclaredGroup } from "./groups.js";
import { layersOf } from "./interpreter-options.js";
import { pythonVariables, restrictions } from "./interpreter.js";
import type { ScriptAlias } from "./script-alias.js";
import { wsgi } from "./settings.js";

/** Looks for groups, scripts, Pythons and users that are not there. */
export function check(server: ServerView): void {
  const groups = declaredGroups(server);
  const names = new Map<string, DaemonProcess>();
  const users = new Map<string, boolean>();
  const services = servicesOf(server);
  for (const { virtualHost, settings, origin } of server.everywhere(wsgi)) {
    for (const group of settings.daemonProcesses ?? []) {
      const earlier = names.get(group.name);
      names.set(group.name, earlier ?? group);
      if (earlier) {
        const { file, line } = earlier.origin;
        server.error(`WSGIDaemonProcess: name "${group.name}" is taken by ${file}:${line}`, group.origin);
      }
      checkFiles(server, group);
      if (!hasChroot(server, group)) {
        checkHome(server, "WSGIDaemonProcess: option python-home", group.pythonHome, group.origin);
      }
      checkAccounts(server, group, users);
      if (group.threads === 0 && !services.has(group.name)) {
        server.warn(
          `WSGIDaemonProcess: option threads=0: group "${group.name}" takes no requests, and no WSGIImportScript names what it is to run`,
          group.origin,
        );
      }
    }
    for (const alias of settings.aliases ?? []) checkAlias(server, { alias, virtualHost, groups });
    for (const name of [settings.processGroup ?? "", ...(settings.restrictProcess ?? [])]) {
      const at = name === settings.processGroup ? origin("processGroup") : origin("restrictProcess");
      checkGroup(server, "WSGIProcessGroup", {
        name,
        virtualHost,
        groups,
        strict: false,
        ...(at ? { origin: at } : {}),
      });
    }
    for (const { path, processGroup, origin } of settings.importScripts ?? []) {
      checkGroup(server, "WSGIImportScript", { name: processGroup, virtualHost, groups, strict: true, origin });
      checkScript(server, "WSGIImportScript", byteString(path), origin);
    }
    for (const name of auxiliaryScripts) {
      const script = settings[name];
      if (script) checkScript(server, directiveOf(name), byteString(script.path), origin(name));
    }
    for (const { path, processGroup, origin } of Object.values(settings.handlerScripts ?? {})) {
      checkScript(server, "WSGIHandlerScript", byteString(path), origin);
      if (processGroup === undefined) continue;
      checkGroup(server, "WSGIHandlerScript", { name: processGroup, virtualHost, groups, strict: false, origin });
    }
    checkHome(server, "WSGIPythonHome", settings.pythonHome, origin("pythonHome"));
  }
}

/** The process groups that a WSGIImportScript names. */
function servicesOf(server: ServerView): ReadonlySet<string> {
  const lines = [...server.everywhere(wsgi)].flatMap(({ settings }) => settings.importScripts ?? []);
  return new Set(lines.map(({ processGroup }) => processGroup));
}

/** The daemon groups, each with the applications that its aliases name for certain. */
export function daemonGroups(server: ServerView): readonly DaemonGroupSpec[] {
  const groups = declaredGroups(server);
  if (groups.size === 0) return [];
  const preloads = preloadsOf(server);
  return [...groups].map(([name, declared]) => ({
    ...specOf(declared, server, server.settings(core, declared.virtualHost).timeout),
    preloads: (preloads.get(name) ?? []).flatMap((preload) => {
      const script = insidePath(declared.group, preload.script);
      return script === undefined ? [] : [{ ...preload, script }];
    }),
  }));
}

/** How Python runs inside the workers. */
export function embeddedPython(server: ServerView): EmbeddedPythonSpec {
  const [main] = server.virtualHosts;
  if (!main) throw new TypeError("a server has a main server");
  const settings = server.settings(wsgi, main);
  const { pythonHome, pythonPath, restrictEmbedded, serverMetrics, switchInterval } = settings;
  const preloads = restrictEmbedded ? [] : (preloadsOf(server).get("") ?? []);
  const multiprocess = server.settings(processes, main).serverLimit > 1;
  return {
    pythonHome,
    pythonPath,
    multiprocess,
    variables: pythonVariables(settings),
    serverMetrics,
    restricted: restrictions(settings),
    pythonEggs: settings.pythonEggs,
    endsInterpreter: settings.destroyInterpreter,
    switchInterval,
    interpreters: layersOf(settings, ""),
    neededBy: embeddedUse(server),
    preloads,
  };
}

const auxiliaryScripts = ["accessScript", "authUserScript", "authGroupScript", "dispatchScript"] as const;

/** The first line that runs Python inside the server for certain; where sections choose groups, aliases do not say so. */
function embeddedUse(server: ServerView): EmbeddedPythonSpec["neededBy"] {
  const [main] = server.virtualHosts;
  const places = [...server.everywhere(wsgi)];
  for (const { settings, origin } of places) {
    const name = auxiliaryScripts.find((script) => settings[script] !== undefined);
    const at = name && origin(name);
    if (at) return { directive: directiveOf(name), origin: at };
    const script = settings.importScripts?.find(({ processGroup }) => processGroup === "");
    if (script) return { directive: "WSGIImportScript", origin: script.origin };
  }
  const top = main && server.settings(wsgi, main);
  const isChosen = places.some(({ settings }) => settings.processGroup !== undefined || settings.restrictEmbedded);
  for (const { settings } of places) {
    const alias = settings.aliases?.find(
      ({ processGroup, target }) =>
        !nodeScript.test(target) &&
        (processGroup === "%{GLOBAL}" || (processGroup === undefined && !isChosen && !top?.dispatchScript)),
    );
    if (alias && !top?.restrictEmbedded) return { directive: alias.directive, origin: alias.origin };
  }
  return undefined;
}

/** Extensions of scripts that Node runs. */
const nodeScript = /\.[mc]?[jt]s$/;

/** What each process group ("" for embedded) can load before the first request: the scripts that aliases name for certain. */
function preloadsOf(server: ServerView): ReadonlyMap<string, readonly Preload[]> {
  const groups = declaredGroups(server);
  const [main] = server.virtualHosts;
  const found = new Map<string, Map<string, Preload>>();
  for (const { virtualHost, settings: own } of server.everywhere(wsgi)) {
    const settings = { ...(main && server.settings(wsgi, main)), ...own };
    for (const alias of own.aliases ?? []) {
      const group = compileGroupName(alias.processGroup ?? settings.processGroup ?? "%{GLOBAL}");
      const application = compileGroupName(alias.applicationGroup ?? settings.applicationGroup ?? "%{RESOURCE}");
      const callable = alias.callable ?? compileCallable(settings.callable ?? "application");
      if (typeof group !== "string" || typeof application !== "string" || typeof callable !== "string") continue;
      if (!isScript(alias)) continue;
      // As in mod_wsgi: embedded only what the alias itself says.
      if (group === "" && (alias.processGroup === undefined || alias.applicationGroup === undefined)) continue;
      if (group !== "" && stateOf(group, virtualHost, groups) !== "usable") continue;
      const script = Buffer.from(alias.target, "latin1").toString("utf8");
      const ofGroup = found.get(group) ?? new Map<string, Preload>();
      ofGroup.set(`${application}\n${script}\n${callable}`, { script, callable, applicationGroup: application });
      found.set(group, ofGroup);
    }
    for (const { path, processGroup, applicationGroup } of own.importScripts ?? []) {
      const ofGroup = found.get(processGroup) ?? new Map<string, Preload>();
      ofGroup.set(`${applicationGroup}\n${path}\n`, { script: path, callable: "", applicationGroup });
      found.set(processGroup, ofGroup);
    }
  }
  return new Map([...found].map(([group, ofGroup]) => [group, [...ofGroup.values()]]));
}

function directiveOf(setting: (typeof auxiliaryScripts)[number]): string {
  return `WSGI${setting.charAt(0).toUpperCase()}${setting.slice(1)}`;
}

/** Whether an alias stands for one script: no folder, and nothing to fill in. */
function isScript(alias: ScriptAlias): boolean {
  if ("regex" in alias && alias.target.includes("$")) return false;
  try {
    return statSync(Buffer.from(alias.target, "latin1")).isFile();
  } catch {
    return false;
  }
}

interface GroupUse {
  readonly name: string;
  readonly virtualHost: VirtualHost;
  readonly groups: ReadonlyMap<string, DeclaredGroup>;
  /** An error as in mod_wsgi, which preloads the script; else requests fail, and a warning says so. */
  readonly strict: boolean;
  readonly origin?: Origin;
}

function checkGroup(server: ServerView, who: string, { name, virtualHost, groups, strict, origin }: GroupUse): void {
  const resolved = compileGroupName(name);
  if (typeof resolved !== "string" || resolved === "") return;
  const state = stateOf(resolved, virtualHost, groups);
  if (state === "usable") return;
  const reason =
    state === "unknown"
      ? `${who}: no WSGIDaemonProcess defines the process group "${resolved}"`
      : `${who}: the process group "${resolved}" belongs to a virtual host with another ServerName`;
  if (strict) server.error(reason, origin);
  else server.warn(`${reason}; requests for it get 500`, origin ?? virtualHost.origin);
}

function checkAlias(
  server: ServerView,
  { alias, virtualHost, groups }: { alias: ScriptAlias; virtualHost: VirtualHost; groups: GroupUse["groups"] },
): void {
  const { origin, directive, target } = alias;
  if (alias.processGroup !== undefined) {
    const strict = alias.applicationGroup !== undefined && typeof compileGroupName(alias.applicationGroup) === "string";
    checkGroup(server, directive, { name: alias.processGroup, virtualHost, groups, strict, origin });
  }
  if ("regex" in alias && target.includes("$")) return;
  checkScript(server, directive, target, origin);
}

/** `path`: a latin1 string of bytes. */
function checkScript(server: ServerView, directive: string, path: string, origin: Origin | undefined): void {
  try {
    accessSync(Buffer.from(path, "latin1"), constants.R_OK);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    server.warn(`${directive}: the script ${path} ${missing ? "does not exist" : "cannot be read"}`, origin);
  }
}

/** Whether a chroot is there; what it holds is looked at by who starts the processes. */
function hasChroot(server: ServerView, { chroot, preload, origin }: DaemonProcess): boolean {
  if (chroot === undefined) return false;
  if (!statSync(chroot, { throwIfNoEntry: false })?.isDirectory()) {
    server.error(`WSGIDaemonProcess: option chroot: ${chroot} is not a directory`, origin);
  }
  if (preload !== undefined && insidePath({ chroot }, preload) === undefined) {
    server.error(`WSGIDaemonProcess: option preload: ${preload} is not inside of the chroot ${chroot}`, origin);
  }
  return true;
}

function checkFiles(server: ServerView, group: DaemonProcess): void {
  const { pythonExecutable, envFile, preload, origin } = group;
  if (
    pythonExecutable !== undefined &&
    group.chroot === undefined &&
    !(isFile(pythonExecutable) && canRun(pythonExecutable))
  ) {
    server.error(`WSGIDaemonProcess: option python-executable: ${pythonExecutable} cannot be run`, origin);
  }
  for (const [option, path] of [
    ["env-file", envFile],
    ["preload", preload],
  ] as const) {
    if (path !== undefined && !isReadable(path)) {
      server.error(`WSGIDaemonProcess: option ${option}: ${path} is no file that can be read`, origin);
    }
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return isFile(path);
  } catch {
    return false;
  }
}

function checkHome(server: ServerView, who: string, home: string | undefined, origin: Origin | undefined): void {
  if (home === undefined) return;
  let reason = "does not exist";
  try {
    if (statSync(home).isDirectory()) {
      const names = ["bin/python3", "bin/python"];
      if (names.some((name) => canRun(`${home}/${name}`))) return;
      const lost = names.map((name) => lostTarget(home, name)).find((text) => text !== undefined);
      const why = lost ?? "holds no bin/python3 or bin/python that can be run";
      server.warn(`${who}: ${home} ${why}; requests get 503. Make it with "python3 -m venv ${home}"`, origin);
      return;
    }
    reason = "is not a directory";
  } catch {
    // It does not exist.
  }
  server.error(`${who}: ${home} ${reason}`, origin);
}

/** What a virtual environment is left with when its Python has gone. */
function lostTarget(home: string, name: string): string | undefined {
  try {
    const target = readlinkSync(`${home}/${name}`);
    return existsSync(`${home}/${name}`) ? undefined : `has a ${name} that is a link to ${target}, which is not there`;
  } catch {
    return undefined;
  }
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function checkAccounts(server: ServerView, group: DaemonProcess, known: Map<string, boolean>): void {
  const wanted = [
    ["user", "passwd", group.user],
    ["group", "group", group.group],
    ["socket-user", "passwd", group.socketUser],
    ["script-user", "passwd", group.scriptUser],
    ["script-group", "group", group.scriptGroup],
  ] as const;
  for (const [option, database, name] of wanted) {
    if (name === undefined || /^#\d+$/.test(name)) continue;
    const key = `${database} ${name}`;
    const exists = known.get(key) ?? idOf(database, name) !== undefined;
    known.set(key, exists);
    if (!exists) server.error(`WSGIDaemonProcess: option ${option}: "${name}" is unknown`, group.origin);
  }
}
