// The head of a script that speaks HTTP/1 for itself → its fields, for a client that speaks another protocol.
import { HeadReader, OutputFault, type ScriptHead } from "../../api/index.js";

/** Most bytes of a status line. */
const longestLine = 8190;

/** Reads the status line as if it were a Status field, and the fields as any script's; a fault is thrown. */
export class NphHeadReader extends HeadReader {
  readonly #script: string;
  /** Undefined once it has been read. */
  #line: string | undefined = "";

  constructor(script: string) {
    super(script);
    this.#script = script;
  }

  override read(bytes: Buffer): Buffer | undefined {
    if (this.#line === undefined) return super.read(bytes);
    const end = bytes.indexOf(10);
    this.#line += bytes.toString("latin1", 0, end < 0 ? bytes.length : end);
    const status = /^HTTP\/\d(?:\.\d)? +(\d{3}(?: .*)?)\r?$/.exec(this.#line)?.[1];
    if (end < 0 && this.#line.length <= longestLine) return undefined;
    if (status === undefined) {
      const start = this.#line.slice(0, 30);
      throw new OutputFault(`malformed status line from script '${this.#script}': ${start}`);
    }
    this.#line = undefined;
    super.read(Buffer.from(`Status: ${status}\n`, "latin1"));
    return super.read(bytes.subarray(end + 1));
  }

  /** What is between two servers alone is not for a client of another protocol. */
  override head(now: number): ScriptHead {
    const head = super.head(now);
    for (const name of ["Connection", "Keep-Alive", "Upgrade"]) head.always.delete(name);
    return head;
  }
}
