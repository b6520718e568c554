// A passage → an exchange in HTTP/1.1: the request as it goes over the wire, and the response the client gets.
import type { Socket } from "node:net";
import {
  Headers,
  ProxyError,
  switchProtocols,
  type ProxyEar,
  type ProxyExpectation,
  type ProxySpeaker,
  type Response,
} from "../../api/index.js";
import { addFraming, expectsContinue, namedByConnection } from "./fields.js";
import type { Passage } from "./passage.js";
import { relay } from "./relay.js";
import { ResponseReader, type ReceivedHead, type ResponseListener } from "./response-reader.js";

/** Milliseconds after which a body is sent though the back end has not asked for it. */
const continuePatience = 1000;

const lastChunk = Buffer.from("0\r\n\r\n");
const lineEnd = Buffer.from("\r\n");
const badTarget = /[\0-\x20\x7f]/;
const badValue = /[\0\r\n]/;

/** Speaks HTTP. */
export class HttpSpeaker implements ProxySpeaker, ResponseListener {
  readonly expects: ProxyExpectation | undefined;
  readonly closing: Buffer | undefined;
  readonly #passage: Passage;
  readonly #keeps: boolean;
  readonly #opening: string;
  readonly #reader: ResponseReader;
  #ear: ProxyEar | undefined;

  /** Throws a TypeError where something may not stand in a request: what HttpProtocolOptions Unsafe has let in. */
  constructor(passage: Passage, keeps: boolean) {
    const { method, path, parameters, upload, isOld, fields } = passage;
    if (expectsContinue(passage)) {
      fields.append("Expect", "100-continue");
      const { ping } = parameters;
      this.expects = { patience: ping ?? continuePatience, isNeeded: ping !== undefined };
    }
    addFraming(fields, passage, keeps);
    if (badTarget.test(path)) throw new TypeError("there is a blank or control character in the path");
    let text = `${method} ${path} HTTP/1.${isOld ? 0 : 1}\r\n`;
    fields.forEach((name, value) => {
      if (badValue.test(value)) throw new TypeError(`there is a line end in the field ${name}`);
      text += `${name}: ${value}\r\n`;
    });
    this.#opening = `${text}\r\n`;
    this.closing = upload.length === undefined ? lastChunk : undefined;
    this.#passage = passage;
    this.#keeps = keeps;
    this.#reader = new ResponseReader(this, method === "HEAD");
  }

  opening(): string {
    return this.#opening;
  }

  piece(bytes: Buffer): Buffer | readonly Buffer[] {
    if (!this.closing || bytes.length === 0) return bytes;
    return [Buffer.from(`${bytes.length.toString(16)}\r\n`, "latin1"), bytes, lineEnd];
  }

  hear(bytes: Buffer, ear: ProxyEar): void {
    this.#ear = ear;
    this.#reader.read(bytes);
  }

  ended(ear: ProxyEar): void {
    this.#ear = ear;
    this.#reader.ended();
  }

  interim({ status, headers }: ReceivedHead): void {
    if (status === 100) this.#ear?.goOn();
    else if (!this.#suppressesInterim) this.#passage.request.connection.inform?.(status, endToEnd(headers));
  }

  get #suppressesInterim(): boolean {
    return this.#passage.request.environment.get("proxy-interim-response")?.toLowerCase() === "suppress";
  }

  changes({ headers }: ReceivedHead, rest: Buffer): void {
    const { upgrade, tunnelTimeout: idleTimeout } = this.#passage;
    const protocol = headers.get("upgrade");
    if (upgrade === undefined || protocol?.toLowerCase() !== upgrade.toLowerCase()) {
      throw new ProxyError("response", `unexpected Upgrade: ${protocol ?? "none"} (expecting ${upgrade ?? "none"})`);
    }
    const make = (socket: Socket): Response =>
      switchProtocols(protocol, socket, { headers: endToEnd(headers), idleTimeout });
    this.#ear?.change(make, rest);
  }

  head(head: ReceivedHead): void {
    this.#ear?.begin((body) => relay(head, body, this.#passage));
  }

  body(bytes: Buffer): void {
    this.#ear?.body(bytes);
  }

  end(keeps: number, trailers: Headers | undefined): void {
    if (trailers) this.#passage.request.answerTrailers = trailers;
    this.#ear?.end(this.#keeps ? keeps : 0);
  }
}

/** What of a head that has no body behind it is not for one connection alone. */
function endToEnd(received: Headers): Headers {
  const named = namedByConnection(received);
  const headers = new Headers();
  received.forEach((name, value, key) => {
    if (key === "upgrade" || key === "connection" || named?.has(key)) return;
    if (key !== "transfer-encoding" && key !== "content-length") headers.append(name, value);
  });
  return headers;
}
