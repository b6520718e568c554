// Raw request bytes → the responses as read from the socket, and what became of the connection.
import { connect, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

/** One field of a response, as sent. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

/** A response, latin1 throughout. `broken` says what was wrong with its framing, if anything. */
export interface Answer {
  readonly statusLine: string;
  readonly fields: readonly Field[];
  readonly body: string;
  readonly trailers: readonly Field[];
  readonly broken: string | undefined;
}

/** What came back on one connection. `clientPort` is the client's end of it. */
export interface Conversation {
  readonly answers: readonly Answer[];
  readonly connection: "kept" | "closed" | "silent" | "not asked";
  readonly clientPort: number;
}

/** What to send and what to wait for. */
export interface Talk {
  readonly host: string;
  readonly port: number;
  /** Sent one after the other; each further piece when one more answer (100 Continue included) has arrived. */
  readonly pieces: readonly string[];
  /** The method of each answer that is due, in order: an answer to HEAD has no body. */
  readonly methods: readonly string[];
  /** Whether the client ends its side after the last piece. */
  readonly end: boolean;
  /** Request sent at the end to see whether the connection was kept; without it the client just leaves. */
  readonly probe: string | undefined;
  /** Speaks TLS, so. */
  readonly tls?: ConnectionOptions | undefined;
  /** Sent before everything else, a handshake too. */
  readonly preface?: string | undefined;
}

const patience = 20_000;

/** Sends bytes and reads the answers with exact framing. */
export async function talk({
  host,
  port,
  pieces,
  methods,
  end,
  probe,
  tls,
  preface = "",
}: Talk): Promise<Conversation> {
  const wire = new Wire({ host, port, tls, preface });
  let clientPort: number;
  try {
    clientPort = await wire.opened;
  } catch (error) {
    // A handshake may be refused.
    if (!tls) throw error;
    return { answers: [], connection: "closed", clientPort: 0 };
  }
  const answers: Answer[] = [];
  const waiting = [...pieces];
  wire.send(waiting.shift() ?? "", end && waiting.length === 0);
  const due = [...methods];
  let alive = true;
  while (alive && due.length > 0) {
    const answer = await readAnswer(wire, due[0] ?? "GET");
    if (!answer) break;
    answers.push(answer);
    alive = answer.broken === undefined;
    if (!/^HTTP\/1\.1 1(?!01)/.test(answer.statusLine)) due.shift();
    const next = waiting.shift();
    if (next !== undefined) wire.send(next, end && waiting.length === 0);
  }
  const connection = await fateOf(wire, end, probe);
  wire.destroy();
  return { answers, connection, clientPort };
}

async function fateOf(wire: Wire, end: boolean, probe: string | undefined): Promise<Conversation["connection"]> {
  if (end) return (await wire.upToEnd()) === "" ? "closed" : "silent";
  if (probe === undefined) return "not asked";
  wire.send(probe, false);
  const answer = await wire.upTo("\r\n");
  if (answer !== undefined) return "kept";
  return wire.ended ? "closed" : "silent";
}

async function readAnswer(wire: Wire, method: string): Promise<Answer | undefined> {
  const statusLine = await wire.upTo("\r\n");
  if (statusLine === undefined) {
    const rest = wire.rest();
    return rest === "" && wire.ended ? undefined : nothing(rest, wire.ended ? "no status line" : "no answer in time");
  }
  const fields = await readFields(wire);
  if (!fields) return nothing(statusLine, "cut off in the fields");
  const valueOf = (name: string): string | undefined =>
    fields.find((field) => field.name.toLowerCase() === name)?.value;
  const status = Number(statusLine.slice(9, 12));
  const complete = { statusLine, fields, trailers: [], broken: undefined };
  const isTunnel = method === "CONNECT" && status >= 200 && status < 300;
  if (isTunnel || method === "HEAD" || status === 204 || status === 304 || (status >= 100 && status < 200)) {
    return { ...complete, body: "" };
  }
  if (valueOf("transfer-encoding")?.toLowerCase() === "chunked") return readChunks(wire, statusLine, fields);
  const length = valueOf("content-length");
  const body = length === undefined ? await wire.upToEnd() : await wire.bytes(Number(length));
  return body === undefined ? { ...complete, body: wire.rest(), broken: "cut off in the body" } : { ...complete, body };
}

async function readFields(wire: Wire): Promise<Field[] | undefined> {
  const fields: Field[] = [];
  for (;;) {
    const line = await wire.upTo("\r\n");
    if (line === undefined) return undefined;
    if (line === "") return fields;
    const colon = line.indexOf(":");
    fields.push({ name: line.slice(0, colon), value: line.slice(colon + 1).trim() });
  }
}

async function readChunks(wire: Wire, statusLine: string, fields: readonly Field[]): Promise<Answer> {
  let body = "";
  for (;;) {
    const size = await wire.upTo("\r\n");
    if (size === undefined || !/^[0-9a-f]+/i.test(size)) {
      return { statusLine, fields, body, trailers: [], broken: "cut off in the chunks" };
    }
    if (/^0+$/.test(size)) break;
    const chunk = await wire.bytes(parseInt(size, 16));
    if (chunk === undefined) {
      return { statusLine, fields, body: body + wire.rest(), trailers: [], broken: "cut off in a chunk" };
    }
    body += chunk;
    await wire.bytes(2);
  }
  const trailers = await readFields(wire);
  return {
    statusLine,
    fields,
    body,
    trailers: trailers ?? [],
    broken: trailers ? undefined : "cut off in the trailers",
  };
}

function nothing(statusLine: string, broken: string): Answer {
  return { statusLine, fields: [], body: "", trailers: [], broken };
}

/** A socket that is read by asking for so many bytes, or up to a mark; an answer of undefined means: not to be had. */
class Wire {
  readonly opened: Promise<number>;
  ended = false;
  #text = "";
  #wake: () => void = () => {};
  readonly #socket: Socket;

  constructor({ host, port, tls, preface }: Pick<Talk, "host" | "port" | "tls"> & { readonly preface: string }) {
    const socket = connect({ host, port, allowHalfOpen: true });
    if (preface !== "") socket.write(Buffer.from(preface, "latin1"));
    if (tls) socket.on("error", () => undefined);
    this.#socket = tls ? connectTls({ socket, rejectUnauthorized: false, ...tls }) : socket;
    this.opened = new Promise((resolve, reject) => {
      this.#socket.once(tls ? "secureConnect" : "connect", () => {
        resolve(socket.localPort ?? 0);
      });
      this.#socket.once("error", reject);
      this.#socket.once("close", () => reject(new Error("closed in the handshake")));
    });
    this.#socket.on("data", (bytes) => {
      this.#text += bytes.toString("latin1");
      this.#wake();
    });
    const over = (): void => {
      this.ended = true;
      this.#wake();
    };
    this.#socket.on("end", over).on("error", over).on("close", over);
  }

  send(text: string, end: boolean): void {
    if (text !== "" && !this.#socket.destroyed) this.#socket.write(Buffer.from(text, "latin1"));
    if (end) this.#socket.end();
  }

  /** Text before the mark, taken away with the mark. */
  async upTo(mark: string): Promise<string | undefined> {
    if (!(await this.#until(() => this.#text.includes(mark)))) return undefined;
    return this.#take(this.#text.indexOf(mark), mark.length);
  }

  async bytes(count: number): Promise<string | undefined> {
    return (await this.#until(() => this.#text.length >= count)) ? this.#take(count, 0) : undefined;
  }

  async upToEnd(): Promise<string | undefined> {
    return (await this.#until(() => this.ended)) ? this.rest() : undefined;
  }

  rest(): string {
    return this.#take(this.#text.length, 0);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(count: number, skip: number): string {
    const taken = this.#text.slice(0, count);
    this.#text = this.#text.slice(count + skip);
    return taken;
  }

  async #until(holds: () => boolean): Promise<boolean> {
    const deadline = Date.now() + patience;
    while (!holds() && !this.ended && Date.now() < deadline) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now());
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return holds();
  }
}
