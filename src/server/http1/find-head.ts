// The bytes received so far → the next head among them, once it is there or is seen to be faulty.
import type { Fault } from "../exchange.js";
import { Head, spoil } from "./head.js";
import type { Input } from "./input.js";
import { readHead, type HeadRules } from "./read-head.js";
import { bad } from "./request-line.js";

const emptyLine = Buffer.from("\r\n\r\n", "latin1");
/** Empty lines before a request line that are passed over. */
const mostEmptyLines = 10;
/** Bytes of a head when LimitRequestFields is off. */
const largestHead = 4 * 1024 * 1024;

/** Looks for heads in the input of one connection. */
export class HeadFinder {
  readonly #rules: HeadRules;
  #emptyLines = 0;
  /** Bytes behind `start` that were looked at in vain. */
  #seen = 0;

  constructor(rules: HeadRules) {
    this.#rules = rules;
  }

  /** Takes the next head off the input; undefined when more must arrive first. */
  next(input: Input): Head | undefined {
    if (this.#seen === 0 && !this.#skipEmptyLines(input)) {
      this.#emptyLines = 0;
      return spoil(new Head(), bad("AH00566: more than 10 empty lines before the request line"));
    }
    const { bytes, start, end } = input;
    if (end <= start) return undefined;
    const found = bytes.indexOf(emptyLine, start + Math.max(0, this.#seen - 3));
    const isWhole = found >= 0 && found + 4 <= end;
    if (!isWhole && !this.#isWorthALook(input)) return undefined;
    const head = readHead(bytes, start, isWhole ? found + 4 : end, this.#rules);
    if (!head) {
      this.#seen = end - start;
      if (this.#seen > largestHead) return this.#take(input, spoil(new Head(), bad("the header fields exceed 4 MiB")));
      return undefined;
    }
    return this.#take(input, head);
  }

  /** What there is of a head that will not come to its end, with that fault. */
  giveUp(input: Input, fault: Fault): Head {
    const { bytes, start, end } = input;
    const lf = bytes.lastIndexOf(0x0a, end - 1);
    let head: Head | undefined;
    if (lf >= start) {
      const lines = Buffer.concat([bytes.subarray(start, lf + 1), emptyLine.subarray(2)]);
      head = readHead(lines, 0, lines.length, this.#rules);
    }
    return this.#take(input, spoil(head ?? new Head(), fault, end - start));
  }

  /** Whether the request line is there, so that somebody waits for an answer. */
  hasRequestLine({ bytes, start, end }: Input): boolean {
    return end > start && bytes.lastIndexOf(0x0a, end - 1) >= start;
  }

  #take(input: Input, head: Head): Head {
    input.start += head.length;
    this.#seen = 0;
    this.#emptyLines = 0;
    return head;
  }

  /** False when there are too many. */
  #skipEmptyLines(input: Input): boolean {
    const { bytes, end } = input;
    while (input.start < end) {
      const first = bytes[input.start];
      const size =
        first === 0x0d && input.start + 1 < end && bytes[input.start + 1] === 0x0a
          ? 2
          : first === 0x0a && !this.#rules.limits.strict
            ? 1
            : 0;
      if (size === 0) return true;
      input.start += size;
      if (++this.#emptyLines > mostEmptyLines) return false;
    }
    return true;
  }

  /** Whether a line has ended since the last look, or one is too long. */
  #isWorthALook({ bytes, start, end }: Input): boolean {
    const lf = bytes.lastIndexOf(0x0a, end - 1);
    if (lf >= start + this.#seen) return true;
    const { requestLine, fieldSize } = this.#rules.limits;
    return end - Math.max(lf + 1, start) > Math.min(requestLine, fieldSize) + 2;
  }
}
