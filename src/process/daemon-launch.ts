// A daemon group and a kind → the command that starts one of its processes: program, arguments, environment, account.
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import type { DaemonGroupSpec } from "../api/index.js";
import { accountOf, groupNumber, type Account } from "./accounts.js";
import type { ApplicationKind } from "./channel.js";
import { bytecodeFolder, bytecodeVariable } from "./bytecode-folder.js";
import { chrootedCommand, pythonInside, resolveInside } from "./chroot.js";
import { findPython, NoPythonError } from "./python-interpreter.js";

/** What the processes of all groups have in common. */
export interface DaemonSurroundings {
  /** The server's User and Group: whom daemons without user= run as, and who connects to them. */
  readonly user: string | undefined;
  readonly group: string | undefined;
  /** Variables that envvars exported, or that are to be passed on for another reason. */
  readonly environment: Readonly<Record<string, string>>;
  /** The Python package modhost_wsgi, a folder that Python can run. */
  readonly pythonDaemon: string;
  /** Beginning of the names of folders that the package is kept in as compiled; nowhere if undefined. */
  readonly bytecode?: string;
  /** The entry program of Node daemons. */
  readonly nodeDaemon: string;
  /** Options of Node for it; none, unless the entry program needs a loader. */
  readonly nodeOptions: readonly string[];
}

/** A command for child_process.spawn. */
export interface DaemonCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  /** What makes it write the stacks of its threads: a signal, or a byte on its descriptor 5. */
  readonly stacksBy: "signal" | "pipe";
  /** Set when the process is to change its account: only root can. */
  readonly uid?: number;
  readonly gid?: number;
  /** What is to be written to its standard input first. */
  readonly input?: string;
  /** The interpreter of an application, as an error names it. */
  readonly interpreter: string;
}

/** Bytes. */
const largestEnvFile = 1024 * 1024;
const setpriv = "/usr/bin/setpriv";
const prlimit = "/usr/bin/prlimit";

/** Works out the command. Throws an Error with the reason why no process of that group can be started. */
export function daemonCommand(
  spec: DaemonGroupSpec,
  kind: ApplicationKind,
  surroundings: DaemonSurroundings,
): DaemonCommand {
  const account = accountFor(spec, surroundings);
  if (spec.chroot !== undefined) return insideChroot(spec.chroot, { spec, kind, surroundings, account });
  const environment = environmentFor(spec, surroundings, account);
  const { bytecode } = surroundings;
  const compiled = kind === "node" || bytecode === undefined ? undefined : bytecodeFolder(bytecode, account);
  if (compiled !== undefined) environment[bytecodeVariable] = compiled;
  const common = {
    stacksBy: kind === "node" ? ("pipe" as const) : ("signal" as const),
    environment,
    folder: folderFor(spec, surroundings, account),
  };
  const command =
    kind === "node"
      ? limited({ program: process.execPath, args: [...surroundings.nodeOptions, surroundings.nodeDaemon] }, spec)
      : { program: pythonFor(spec), args: [...(spec.pythonOptions ?? []), "-u", surroundings.pythonDaemon] };
  return { ...common, ...underAccount(command, account), interpreter: command.program };
}

/** Python and no more than that: a process that is to be shut in and cannot be does not run. */
function insideChroot(
  root: string,
  {
    spec,
    kind,
    surroundings,
    account,
  }: { spec: DaemonGroupSpec; kind: ApplicationKind; surroundings: DaemonSurroundings; account: Account | undefined },
): DaemonCommand {
  if (kind === "node") throw new Error("chroot is for Python: an application in JavaScript cannot run inside");
  if (!account) throw new Error("chroot needs a server that was started as root");
  if (account.uid === 0) throw new Error("chroot does not hold root: set user= of the daemon group");
  if (!isFolder(root)) throw new Error(`chroot ${root} is not a directory`);
  if (spec.home !== undefined && !isFolder(resolveInside(root, spec.home))) {
    throw new Error(`home ${spec.home} is not a directory inside of the chroot ${root}`);
  }
  const python = pythonInside(root, spec.pythonHome, spec.pythonExecutable);
  // The file of our package, where it is not the folder itself.
  const isPackage = !surroundings.pythonDaemon.endsWith(".py");
  const command = chrootedCommand(isPackage ? surroundings.pythonDaemon : dirname(surroundings.pythonDaemon), {
    ...{ root, account },
    python: [python, ...(spec.pythonOptions ?? []), "-u"],
    file: isPackage ? "process.py" : surroundings.pythonDaemon,
    folder: folderFor({ ...spec, home: undefined }, surroundings, account),
  });
  return {
    ...command,
    stacksBy: "signal",
    environment: environmentFor(spec, surroundings, account),
    folder: "/",
    interpreter: resolveInside(root, python),
  };
}

/**
 * The command that has a group's interpreter run one of our files, as its daemons run: with their account and environment.
 * Throws as `daemonCommand`.
 */
export function pythonCommand(spec: DaemonGroupSpec, file: string, surroundings: DaemonSurroundings): DaemonCommand {
  return daemonCommand(spec, "python", { ...surroundings, pythonDaemon: join(surroundings.pythonDaemon, file) });
}

/** Node cannot set limits on itself, as Python can. */
function limited(command: Pick<DaemonCommand, "program" | "args">, spec: DaemonGroupSpec): typeof command {
  const { cpuTimeLimit, memoryLimit, virtualMemoryLimit, shutdownTimeout } = spec;
  const limits = [
    ...(cpuTimeLimit > 0 ? [`--cpu=${cpuTimeLimit}:${cpuTimeLimit + 1 + Math.floor(shutdownTimeout / 1000)}`] : []),
    ...(memoryLimit > 0 ? [`--data=${memoryLimit}`] : []),
    ...(virtualMemoryLimit > 0 ? [`--as=${virtualMemoryLimit}`] : []),
  ];
  if (limits.length === 0) return command;
  if (!isExecutable(prlimit)) {
    throw new Error(`cpu-time-limit, memory-limit and virtual-memory-limit need ${prlimit}, which is not there`);
  }
  return { program: prlimit, args: [...limits, "--", command.program, ...command.args] };
}

function pythonFor({ pythonHome, pythonExecutable }: DaemonGroupSpec): string {
  if (pythonExecutable !== undefined) {
    if (isExecutable(pythonExecutable)) return pythonExecutable;
    throw new Error(`python-executable ${pythonExecutable} cannot be run`);
  }
  const python = findPython(pythonHome);
  if ("missing" in python) throw new NoPythonError(python);
  return python.path;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Like Apache, user= and group= are passed over when the server does not run as root: it could not obey. */
function accountFor(spec: DaemonGroupSpec, surroundings: DaemonSurroundings): Account | undefined {
  if (!isRoot()) return undefined;
  const user = spec.user ?? surroundings.user;
  if (user === undefined) throw new Error("a daemon does not run as root: set User, or user= of the daemon group");
  const account = accountOf(user, spec.group ?? (spec.user === undefined ? surroundings.group : undefined));
  // Where the server itself serves as root, it was asked to (see load.ts).
  if (account.uid === 0 && spec.user !== undefined) {
    throw new Error(`user "${user}" is root, and a daemon does not run as root`);
  }
  if (spec.supplementaryGroups === undefined) return account;
  const groups = spec.supplementaryGroups.map(groupNumber).filter((number) => number !== account.gid);
  if (groups.length > 0 && !isExecutable(setpriv)) {
    throw new Error(`supplementary-groups needs ${setpriv}, which is not there`);
  }
  return { ...account, groups };
}

function folderFor(spec: DaemonGroupSpec, surroundings: DaemonSurroundings, account: Account | undefined): string {
  if (spec.home !== undefined) {
    if (isFolder(spec.home)) return spec.home;
    throw new Error(`home ${spec.home} is not a directory`);
  }
  // As mod_wsgi: a user of the group's own starts in that user's home.
  const ownUser = spec.user !== undefined && spec.user !== surroundings.user;
  return ownUser && account && isFolder(account.home) ? account.home : "/";
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Nothing of the server's own environment but where programs, time and language are. */
function environmentFor(
  spec: DaemonGroupSpec,
  surroundings: DaemonSurroundings,
  account: Account | undefined,
): Record<string, string> {
  const environment: Record<string, string> = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };
  for (const name of ["PATH", "LANG", "LC_ALL", "TZ", ...(account ? [] : ["HOME", "USER", "LOGNAME"])]) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  if (account) Object.assign(environment, { HOME: account.home, USER: account.name, LOGNAME: account.name });
  Object.assign(environment, surroundings.environment);
  if (spec.pythonHashSeed !== undefined) environment["PYTHONHASHSEED"] = spec.pythonHashSeed;
  if (spec.envFile !== undefined) Object.assign(environment, variablesOf(spec.envFile));
  if (spec.lang !== undefined) environment["LANG"] = spec.lang;
  if (spec.locale !== undefined) environment["LC_ALL"] = spec.locale;
  return environment;
}

/** The variables of an env-file; read for each process, so that a restart of the group takes changes. */
function variablesOf(file: string): NodeJS.Dict<string> {
  try {
    if (statSync(file).size > largestEnvFile) throw Object.assign(new Error(), { code: "EFBIG" });
    return parseEnv(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`env-file ${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`, { cause: error });
  }
}

/**
 * A process that changes its account loses all supplementary groups; setpriv gives it those of its user, and then
 * becomes the program.
 */
function underAccount(
  command: Pick<DaemonCommand, "program" | "args">,
  account: Account | undefined,
): Pick<DaemonCommand, "program" | "args" | "uid" | "gid"> {
  if (!account) return command;
  const { uid, gid, groups } = account;
  if (groups.length === 0 || !isExecutable(setpriv)) return { ...command, uid, gid };
  return {
    program: setpriv,
    args: [`--reuid=${uid}`, `--regid=${gid}`, `--groups=${groups.join(",")}`, "--", command.program, ...command.args],
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Who may connect to the sockets of a group: socket-user=, else whom the workers run as; undefined when that is us. */
export function socketOwner(
  spec: DaemonGroupSpec,
  surroundings: DaemonSurroundings,
): { readonly uid: number; readonly gid: number } | undefined {
  const user = spec.socketUser ?? surroundings.user;
  if (!isRoot() || user === undefined) return undefined;
  const { uid, gid } = accountOf(user);
  return { uid, gid: surroundings.group === undefined ? gid : groupNumber(surroundings.group) };
}
