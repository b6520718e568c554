// What went over the wire for one response → the record for the access log.
import { Headers } from "../../api/index.js";
import type { Sent } from "../exchange.js";

/** Counts of one exchange. */
export interface SentCounts {
  readonly status: number;
  readonly bodyBytes: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly connectionState: "X" | "+" | "-";
}

/** Implements Sent; the fields are read back from the head only if a log asks for them. */
export class SentRecord implements Sent {
  readonly status: number;
  readonly bodyBytes: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly connectionState: "X" | "+" | "-";
  readonly #head: string;
  #headers: Headers | undefined;

  constructor(counts: SentCounts, head: string) {
    this.status = counts.status;
    this.bodyBytes = counts.bodyBytes;
    this.bytesIn = counts.bytesIn;
    this.bytesOut = counts.bytesOut;
    this.connectionState = counts.connectionState;
    this.#head = head;
  }

  get headers(): Headers {
    return (this.#headers ??= fieldsOf(this.#head));
  }
}

function fieldsOf(head: string): Headers {
  const headers = new Headers();
  for (const line of head.split("\r\n").slice(1)) {
    const colon = line.indexOf(": ");
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 2));
  }
  return headers;
}
