// A WSGIDaemonProcess line → the daemon group it describes.
import type { DaemonGroupSpec, Origin, Place } from "../../api/index.js";
import { readOptions } from "./options.js";

/** A WSGIDaemonProcess line; what is undefined falls to other directives or to the server. Times in milliseconds. */
export interface DaemonProcess extends Omit<
  DaemonGroupSpec,
  | "virtualHost"
  | "pythonOptions"
  | "pythonHashSeed"
  | "restricted"
  | "preloads"
  | "socketPrefix"
  | "pythonPath"
  | "socketTimeout"
> {
  readonly origin: Origin;
  readonly pythonPath: readonly string[] | undefined;
  readonly socketTimeout: number | undefined;
}

/** Bytes; mod_wsgi's default. */
const defaultResponseBuffer = 8 * 1024 * 1024;
/** Bytes; mod_wsgi has no such option. */
const defaultRequestBuffer = 1024 * 1024;

type Reader = (text: string, option: string, place: Place) => unknown;

const text: Reader = (value) => value;
const seconds: Reader = (value, option, place) => whole(value, option, "a whole number of seconds", place) * 1000;
const count =
  (least: number, most = Number.MAX_SAFE_INTEGER): Reader =>
  (value, option, place) => {
    const number = whole(value, option, "a whole number", place);
    if (number >= least && number <= most) return number;
    const range = most === Number.MAX_SAFE_INTEGER ? `at least ${least}` : `from ${least} to ${most}`;
    return place.fail(`option ${option} must be ${range}, found "${value}"`);
  };
/** Zero or a number of at least that many bytes. */
const buffer =
  (least: number): Reader =>
  (value, option, place) => {
    const number = whole(value, option, "a number of bytes", place);
    if (number === 0 || number >= least) return number;
    return place.fail(`option ${option} must be 0 or at least ${least}, found "${value}"`);
  };
const octal: Reader = (value, option, place) =>
  /^[0-7]{1,4}$/.test(value)
    ? parseInt(value, 8)
    : place.fail(`option ${option} must be an octal number, found "${value}"`);
const folder: Reader = (value, option, place) =>
  value.startsWith("/") ? value : place.fail(`option ${option} must be an absolute path, found "${value}"`);
const decimal: Reader = (value, option, place) =>
  Number(value) > 0 ? Number(value) : place.fail(`option ${option} must be a number above 0, found "${value}"`);
const flag: Reader = (value, option, place) =>
  /^(on|off)$/i.test(value) ? /^on$/i.test(value) : place.fail(`option ${option} must be On or Off, found "${value}"`);
const integer: Reader = (value, option, place) =>
  /^[+-]?\d+$/.test(value) ? Number(value) : place.fail(`option ${option} must be a whole number, found "${value}"`);
/** Milliseconds. Read, and warned of where it asks for more than mod_wsgi does by itself. */
const flushDelay: Reader = (value, option, place) => {
  if (Number(count(0)(value, option, place)) > 5) {
    place.warn(`option ${option} has no effect: output is sent as it comes`);
  }
};

const readers = {
  user: text,
  group: text,
  processes: count(1, 1000),
  threads: count(0, 65533),
  umask: octal,
  home: folder,
  lang: text,
  locale: text,
  "python-home": folder,
  // Ours.
  "python-executable": folder,
  "env-file": folder,
  preload: folder,
  "python-path": text,
  "display-name": text,
  "maximum-requests": count(0),
  "request-timeout": seconds,
  "queue-timeout": seconds,
  "shutdown-timeout": seconds,
  "graceful-timeout": seconds,
  "startup-timeout": seconds,
  "connect-timeout": seconds,
  "socket-timeout": seconds,
  "listen-backlog": count(0, 65535),
  "socket-user": text,
  "deadlock-timeout": seconds,
  "inactivity-timeout": seconds,
  "restart-interval": seconds,
  "eviction-timeout": seconds,
  "interrupt-timeout": seconds,
  "send-buffer-size": buffer(512),
  "receive-buffer-size": buffer(512),
  "header-buffer-size": buffer(8192),
  "response-buffer-size": buffer(65536),
  "request-buffer-size": count(0),
  "response-flush-delay": flushDelay,
  "response-socket-timeout": seconds,
  "stack-size": count(32_768),
  "switch-interval": decimal,
  "cpu-priority": integer,
  "cpu-time-limit": count(0),
  "memory-limit": count(0),
  "virtual-memory-limit": count(0),
  "server-metrics": flag,
  "python-eggs": folder,
  "supplementary-groups": text,
  chroot: folder,
  "script-user": text,
  "script-group": text,
} as const satisfies Readonly<Record<string, Reader>>;

type Option = keyof typeof readers;

/** Options that mod_wsgi takes empty, as mod_wsgi-express writes them; they are then as if they were not there, or lists of nothing. */
const mayBeEmpty: ReadonlySet<string> = new Set<Option>([
  "lang",
  "locale",
  "python-home",
  "python-path",
  "python-eggs",
  "display-name",
  "supplementary-groups",
]);
const lists: ReadonlySet<string> = new Set<Option>(["python-path", "supplementary-groups"]);
const names = Object.keys(readers) as Option[];

/** Reads a WSGIDaemonProcess line. Times are written in seconds. */
export function readDaemonProcess(name: string, optionText: string, place: Place): DaemonProcess {
  const values = new Map<Option, unknown>();
  for (const [option, value] of readOptions(optionText, names, place, mayBeEmpty)) {
    if (value === "" && !lists.has(option)) continue;
    values.set(option, readers[option](value, option, place));
  }
  const read = <Value>(option: Option, otherwise: Value): Value =>
    (values.get(option) as Value | undefined) ?? otherwise;
  const text = (option: Option) => read<string | undefined>(option, undefined);
  const user = text("user");
  if (user === "root" || user === "#0") place.fail(`option user must not be ${user}`);
  if (values.has("script-user") && values.has("script-group")) {
    place.fail("options script-user and script-group exclude each other: give one of them");
  }
  if (values.has("python-home") && values.has("python-executable")) {
    place.fail(
      "option python-executable names the interpreter, and python-home a folder with another: give one of them",
    );
  }
  return {
    name,
    origin: place.origin,
    processes: read("processes", 1),
    multiprocess: values.has("processes"),
    threads: read("threads", 15),
    user,
    group: text("group"),
    scriptUser: text("script-user"),
    scriptGroup: text("script-group"),
    umask: read<number | undefined>("umask", undefined),
    home: text("home"),
    chroot: text("chroot")?.replace(/(.)\/+$/, "$1"),
    lang: text("lang"),
    locale: text("locale"),
    pythonHome: text("python-home"),
    pythonExecutable: text("python-executable"),
    envFile: text("env-file"),
    preload: text("preload"),
    pythonPath: text("python-path")?.split(":").filter(Boolean),
    displayName: text("display-name")?.replace("%{GROUP}", `(wsgi:${name})`),
    maximumRequests: read("maximum-requests", 0),
    requestTimeout: read("request-timeout", 0),
    queueTimeout: read("queue-timeout", 0),
    shutdownTimeout: read("shutdown-timeout", 5000),
    gracefulTimeout: read("graceful-timeout", 15_000),
    startupTimeout: read("startup-timeout", 0),
    connectTimeout: read("connect-timeout", 15_000),
    socketTimeout: read<number | undefined>("socket-timeout", undefined) || undefined,
    listenBacklog: read("listen-backlog", 100),
    socketUser: text("socket-user"),
    restartInterval: read("restart-interval", 0),
    inactivityTimeout: read("inactivity-timeout", 0),
    deadlockTimeout: read("deadlock-timeout", 300_000),
    interruptTimeout: read("interrupt-timeout", 0),
    evictionTimeout: read("eviction-timeout", 0),
    cpuTimeLimit: read("cpu-time-limit", 0),
    memoryLimit: read("memory-limit", 0),
    virtualMemoryLimit: read("virtual-memory-limit", 0),
    stackSize: read("stack-size", 0),
    cpuPriority: read("cpu-priority", 0),
    switchInterval: read("switch-interval", 0),
    pythonEggs: text("python-eggs"),
    supplementaryGroups: text("supplementary-groups")?.split(",").filter(Boolean),
    sendBufferSize: read("send-buffer-size", 0),
    receiveBufferSize: read("receive-buffer-size", 0),
    serverMetrics: read("server-metrics", false),
    // As in mod_wsgi: that of its own, else that between the processes.
    responseSocketTimeout: read("response-socket-timeout", 0) || read("socket-timeout", 0),
    headerBufferSize: read("header-buffer-size", 0),
    requestBufferSize: read("request-buffer-size", defaultRequestBuffer),
    responseBufferSize: read("response-buffer-size", 0) || defaultResponseBuffer,
  };
}

function whole(value: string, option: string, what: string, place: Place): number {
  return /^\d+$/.test(value) ? Number(value) : place.fail(`option ${option} must be ${what}, found "${value}"`);
}
