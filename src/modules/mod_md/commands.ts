// The words of a command → a program that runs to its end, without a shell, bounded in time.
import { finished } from "node:stream/promises";
import { startProgram } from "../../api/index.js";
import type { Command } from "./settings.js";

/** Milliseconds a program may take: records of DNS take a while to be seen everywhere. */
const timeLimit = 600_000;
/** Milliseconds to wait for its output when it has ended. */
const outputGrace = 2000;
/** Characters of its output that are kept for the log. */
const outputLimit = 2000;

/** Runs it; rejects with what went wrong. */
export function runCommand(command: Command, args: readonly string[]): Promise<void> {
  const [file = "", ...own] = command;
  return new Promise((resolve, reject) => {
    let output = "";
    const program = startProgram({
      file,
      args: [...own, ...args],
      directory: "/",
      environment: Object.entries(process.env).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value] as const],
      ),
      limits: {},
      input: "nothing",
    });
    const limit = setTimeout(() => program.end(), timeLimit);
    const take = (bytes: Buffer): void => {
      if (output.length < outputLimit) output += bytes.toString("latin1").slice(0, outputLimit - output.length);
    };
    program.stdout.on("data", take);
    program.stderr.on("data", take);
    const outputs = [program.stdout, program.stderr];
    const said = Promise.allSettled(outputs.map((output) => finished(output)));
    program.process.once("error", (error) => {
      clearTimeout(limit);
      reject(new Error(`${file} cannot be run: ${error.message}`));
    });
    program.process.once("exit", (code, signal) => {
      clearTimeout(limit);
      // What it has left behind in the background may hold its output open for ever.
      const grace = setTimeout(() => outputs.forEach((output) => output.destroy()), outputGrace);
      void said.then(() => {
        clearTimeout(grace);
        if (code === 0) return resolve();
        const words = output.trim() === "" ? "" : `: ${output.trim().replace(/\s+/g, " ")}`;
        reject(
          new Error(`${file} ${signal ? `was ended by ${signal}` : `failed with exit code ${String(code)}`}${words}`),
        );
      });
    });
  });
}
