// The terminal a tool was called in → lines written and read.
import { createInterface } from "node:readline/promises";

/** Where a tool reads and writes. */
export interface Terminal {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** One line of input; "" at its end. */
  readonly ask: () => Promise<string>;
}

/** The process's own terminal. */
export const terminal: Terminal = {
  out: (line) => write(process.stdout, line),
  err: (line) => write(process.stderr, line),
  ask: async () => {
    const lines = createInterface({ input: process.stdin });
    for await (const line of lines) {
      lines.close();
      return line;
    }
    return "";
  },
};

function write(stream: NodeJS.WriteStream, line: string): void {
  forgiveClosedReader(stream);
  stream.write(`${line}\n`);
}

/** A reader that has seen enough, `a2query -m | head`, is no fault of a command, and ends no server. */
export function forgiveClosedReader(stream: NodeJS.WriteStream): void {
  if (stream.listenerCount("error") === 0) stream.on("error", () => undefined);
}
