// What a program writes → lines, of bounded length and at a bounded rate.
import { StringDecoder } from "node:string_decoder";
import type { Readable } from "node:stream";

/** Bounds of what is passed on. */
export interface LineBounds {
  /** Characters; a longer line is cut, and its rest passed over. */
  readonly length: number;
  /** Lines in one second; what is above is counted and told of in one line. */
  readonly perSecond: number;
}

export const defaultLineBounds: LineBounds = { length: 8192, perSecond: 1000 };

/** Calls `line` for each line of the stream, without its line end; blank ones are passed over. */
export function readLines(stream: Readable, line: (text: string) => void, bounds = defaultLineBounds): void {
  const decoder = new StringDecoder("utf8");
  const limited = limitRate(line, bounds.perSecond);
  let rest = "";
  let cut = false;
  const take = (text: string): void => {
    if (!cut && text.trim() !== "") {
      limited(text.length > bounds.length ? `${text.slice(0, bounds.length)} [cut]` : text.trimEnd());
    }
    cut = false;
  };
  stream.on("data", (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(take);
    if (rest.length > bounds.length) {
      take(rest);
      rest = "";
      cut = true;
    }
  });
  stream.on("end", () => take(rest));
  // A pipe that breaks has ended: who wrote to it is gone, which is told of elsewhere.
  stream.on("error", () => undefined);
}

function limitRate(line: (text: string) => void, perSecond: number): (text: string) => void {
  let second = 0;
  let count = 0;
  return (text) => {
    const now = Math.floor(Date.now() / 1000);
    if (now !== second) {
      if (count > perSecond) line(`[${count - perSecond} more lines were dropped]`);
      second = now;
      count = 0;
    }
    count++;
    if (count <= perSecond) line(text);
  };
}
