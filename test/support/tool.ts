// A program of bin/ and its arguments → its exit status, and what it printed.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** How a program ended. */
export interface Ended {
  readonly status: number | string | null;
  readonly out: string;
  readonly err: string;
}

/** Where it runs. */
export interface Surroundings {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What it reads from standard input. */
  readonly input?: string;
}

/** Runs a program of bin/ to its end. */
export function tool(name: string, args: readonly string[], where: Surroundings = {}): Promise<Ended> {
  const program = fileURLToPath(new URL(`../../bin/${name}`, import.meta.url));
  return runToEnd([process.execPath, program, ...args], where);
}

/** Runs any program to its end, without the MODHOST_ROOT that whoever runs the tests may have. */
export function runToEnd(
  [program = "", ...args]: readonly string[],
  { cwd, environment, input = "" }: Surroundings = {},
): Promise<Ended> {
  const { MODHOST_ROOT: _, ...inherited } = process.env;
  const child = spawn(program, args, { cwd, env: { ...inherited, ...environment }, stdio: "pipe" });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  child.stdin.on("error", () => undefined).end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    // The server in the background does not hold these pipes: its output goes to the error log.
    child.once("close", (code, signal) => resolve({ status: code ?? signal, out, err }));
  });
}
