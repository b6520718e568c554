// Daemon groups → what `-t` tells of their Pythons: version and prefix, or what is missing.
import { execFile } from "node:child_process";
import { ConfigError, type DaemonGroupSpec } from "../api/index.js";
import { kindOf } from "./application-kind.js";
import { pythonCommand, type DaemonCommand, type DaemonSurroundings } from "./daemon-launch.js";
import { NoPythonError } from "./python-interpreter.js";

/** What was found. */
export interface PythonCheck {
  /** One line for each interpreter that runs. */
  readonly notes: readonly string[];
  readonly warnings: readonly ConfigError[];
  readonly errors: readonly ConfigError[];
}

/** What python/modhost_wsgi/check.py says. */
interface Told {
  readonly version: string;
  readonly implementation: string;
  readonly prefix: string;
  readonly executable: string;
  /** Why our own modules cannot be imported. */
  readonly missing: string | null;
  /** By the name of a group: why its user cannot enter its home. */
  readonly closed: Readonly<Record<string, string>>;
  /** By the name of a group: script, module, line. */
  readonly lacking: Readonly<Record<string, readonly (readonly [string, string, number])[]>>;
}

/** Groups whose processes are the same command. */
interface Interpreter {
  readonly command: DaemonCommand;
  readonly groups: DaemonGroupSpec[];
}

/** Milliseconds that an interpreter may take, and how many run at a time. */
const limit = 10_000;
const atOnce = 4;
/** Versions before this one lack what daemons use. */
const oldest = [3, 8] as const;

/** Runs the interpreter of each group, each once, and asks what it is and lacks. Runs no application. */
export async function checkPythons(
  groups: readonly DaemonGroupSpec[],
  surroundings: DaemonSurroundings,
): Promise<PythonCheck> {
  const notes: string[] = [];
  const warnings: ConfigError[] = [];
  const errors: ConfigError[] = [];
  const interpreters = new Map<string, Interpreter>();
  for (const spec of groups) {
    const { preloads, origin } = spec;
    if (preloads.length > 0 && preloads.every(({ script }) => kindOf(script) === "node")) continue;
    try {
      const command = pythonCommand(spec, "check.py", surroundings);
      const key = JSON.stringify([command.program, command.args, command.environment, command.uid, command.gid]);
      const same = interpreters.get(key);
      if (same) same.groups.push(spec);
      else interpreters.set(key, { command, groups: [spec] });
    } catch (error) {
      // Which the check of the configuration has warned of.
      if (error instanceof NoPythonError && spec.pythonHome !== undefined && spec.chroot === undefined) continue;
      const reason = error instanceof Error ? error.message : String(error);
      // A machine without Python serves all the rest.
      const fault = new ConfigError(`WSGIDaemonProcess: ${reason}`, origin);
      (error instanceof NoPythonError ? warnings : errors).push(fault);
    }
  }
  const all = [...interpreters.values()];
  for (let i = 0; i < all.length; i += atOnce) {
    const some = all.slice(i, i + atOnce);
    const answers = await Promise.all(some.map((interpreter) => ask(interpreter)));
    answers.forEach((answer, at) => tell(some[at] as Interpreter, answer));
  }
  return { notes, warnings, errors };

  function tell({ groups: same, command }: Interpreter, answer: Told | { readonly fault: string; isSlow: boolean }) {
    for (const { name, origin } of same) {
      if ("fault" in answer) {
        const fault = `WSGIDaemonProcess: the Python of daemon group "${name}", ${command.interpreter}, ${answer.fault}`;
        (answer.isSlow ? warnings : errors).push(new ConfigError(fault, origin));
        continue;
      }
      const fault = faultOf(answer);
      if (fault !== undefined) {
        errors.push(new ConfigError(`WSGIDaemonProcess: daemon group "${name}": ${fault}`, origin));
      }
      const closed = answer.closed[name];
      if (closed !== undefined) {
        const fault = `WSGIDaemonProcess: option home: the user of daemon group "${name}" cannot enter ${closed}`;
        errors.push(new ConfigError(fault, origin));
      }
      for (const [script, module, line] of answer.lacking[name] ?? []) {
        const reason = `WSGIDaemonProcess: ${script}:${line} imports ${module}, which ${answer.executable} does not have`;
        warnings.push(new ConfigError(reason, origin));
      }
    }
    if ("fault" in answer || faultOf(answer) !== undefined) return;
    const names = same.map(({ name }) => `"${name}"`).join(", ");
    const { executable, prefix } = answer;
    notes.push(
      `${labelOf(answer)}, ${executable}, prefix ${prefix}: daemon group${same.length > 1 ? "s" : ""} ${names}`,
    );
  }
}

function labelOf({ implementation, version }: Told): string {
  return implementation === "cpython" ? `Python ${version}` : `${implementation} (Python ${version})`;
}

/** Why daemons cannot run in that interpreter. */
function faultOf(told: Told): string | undefined {
  const [major = 0, minor = 0] = told.version.split(".").map(Number);
  const isOld = major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
  if (isOld) return `${labelOf(told)} (${told.executable}) is too old: ${oldest.join(".")} or newer is needed`;
  if (told.missing === null) return undefined;
  return `${labelOf(told)} (${told.executable}) lacks modules of its own: ${told.missing}`;
}

function ask({ command, groups }: Interpreter): Promise<Told | { readonly fault: string; isSlow: boolean }> {
  const { program, args, environment, folder, uid, gid, input = "" } = command;
  const questions = groups.map(({ name, home, pythonPath, preload, preloads, interpreters = [] }) => ({
    name,
    home: home ?? null,
    pythonPath: [...interpreters.flatMap((layer) => layer.pythonPath), ...pythonPath],
    scripts: [...(preload === undefined ? [] : [preload]), ...preloads.map(({ script }) => script)].filter(
      (script) => kindOf(script) === "python",
    ),
  }));
  return new Promise((resolve) => {
    const options = {
      cwd: folder,
      env: { ...environment },
      timeout: limit,
      killSignal: "SIGKILL" as const,
      maxBuffer: 1024 * 1024,
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error?.killed) return resolve({ fault: `gave no answer within ${limit / 1000} s`, isSlow: true });
      try {
        resolve(JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Told);
      } catch {
        resolve({ fault: `cannot be run: ${reasonOf(stderr, error)}`, isSlow: false });
      }
    });
    // One that ends at once does not read.
    child.stdin?.on("error", () => undefined).end(input + JSON.stringify(questions));
  });
}

/** The line that tells best what went wrong. */
function reasonOf(stderr: string, error: Error | null): string {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const { code, signal } = (error ?? {}) as { readonly code?: unknown; readonly signal?: unknown };
  return (
    lines.findLast((line) => /error\b/i.test(line)) ??
    lines.at(-1) ??
    (typeof signal === "string" ? `it was ended by ${signal}` : undefined) ??
    (typeof code === "number" ? `it ended with status ${code}, and said nothing` : undefined) ??
    error?.message ??
    "it said nothing"
  );
}
