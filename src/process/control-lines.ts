// A control channel: messages as JSON lines over a stream, both ways.
import type { Duplex } from "node:stream";

/** Longest line taken; a longer one ends the channel. */
const longestLine = 4 * 1024 * 1024;

/** One end of a channel that sends `Out` and takes `In`. */
export interface ControlLines<Out> {
  send(message: Out): void;
  close(): void;
}

/** Opens a channel; `closed` is called once, when the other side is gone or spoke nonsense. */
export function openControlLines<In, Out>(
  stream: Duplex,
  on: { message(message: In): void; closed(): void },
): ControlLines<Out> {
  let rest = "";
  let isOpen = true;
  const end = (): void => {
    if (!isOpen) return;
    isOpen = false;
    stream.destroy();
    on.closed();
  };
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > longestLine) return end();
    for (const line of lines) {
      if (!isOpen) return;
      const message = parse(line);
      if (message === undefined) return end();
      on.message(message as In);
    }
  });
  stream.on("end", end).on("error", end).on("close", end);
  return {
    send: (message) => {
      if (isOpen) stream.write(`${JSON.stringify(message)}\n`);
    },
    close: end,
  };
}

function parse(line: string): unknown {
  try {
    const message: unknown = JSON.parse(line);
    return typeof message === "object" && message !== null ? message : undefined;
  } catch {
    return undefined;
  }
}
