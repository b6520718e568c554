// The settings of mod_wsgi.
import { defineSettings, list, map, value, type SettingsOf, type WebSocketLimits } from "../../api/index.js";
import type { AuxiliaryScript } from "./auxiliary-script.js";
import type { DaemonProcess } from "./daemon-process.js";
import type { InterpreterOptions } from "./interpreter-options.js";
import type { HandlerScript, ImportScript } from "./named-script.js";
import type { ScriptAlias } from "./script-alias.js";

export const wsgi = defineSettings("mod_wsgi", {
  aliases: list<ScriptAlias>("inner first"),
  daemonProcesses: list<DaemonProcess>("replace"),
  /** Names as written; undefined: embedded, `%{RESOURCE}`, "application". */
  processGroup: value<string | undefined>(undefined),
  applicationGroup: value<string | undefined>(undefined),
  callable: value<string | undefined>(undefined),
  /** Process groups that may be chosen; undefined: all. */
  restrictProcess: value<readonly string[] | undefined>(undefined),
  restrictEmbedded: value<boolean>(false),
  serverMetrics: value<boolean>(false),
  passAuthorization: value<boolean>(false),
  scriptReloading: value<boolean>(true),
  ignoreActivity: value<boolean>(false),
  chunkedRequest: value<boolean>(false),
  errorOverride: value<boolean>(false),
  mapHeadToGet: value<"Auto" | "On" | "Off">("Auto"),
  pythonPath: value<readonly string[]>([]),
  pythonHome: value<string | undefined>(undefined),
  pythonOptimize: value<number>(0),
  pythonWarnings: list<string>("outer first"),
  pythonHashSeed: value<string | undefined>(undefined),
  dontWriteBytecode: value<boolean>(false),
  destroyInterpreter: value<boolean>(true),
  pythonEggs: value<string | undefined>(undefined),
  /** Seconds; 0: Python's own. */
  switchInterval: value<number>(0),
  /** undefined: Off, Off and On. */
  restrictStdin: value<boolean | undefined>(undefined),
  restrictStdout: value<boolean | undefined>(undefined),
  restrictSignal: value<boolean | undefined>(undefined),
  interpreterOptions: list<InterpreterOptions>("outer first"),
  socketPrefix: value<string | undefined>(undefined),
  trustedProxyHeaders: list<string>("replace"),
  trustedProxies: list<string>("replace"),
  accessScript: value<AuxiliaryScript | undefined>(undefined),
  authUserScript: value<AuxiliaryScript | undefined>(undefined),
  authGroupScript: value<AuxiliaryScript | undefined>(undefined),
  dispatchScript: value<AuxiliaryScript | undefined>(undefined),
  /** By name of the handler. */
  handlerScripts: map<HandlerScript>(),
  webSocket: value<WebSocketLimits | undefined>(undefined),
  importScripts: list<ImportScript>("outer first"),
});

export type WsgiSettings = SettingsOf<typeof wsgi.settings>;
