// What an application writes on the socket of an upgrade → a response, and after a 101 the stream the client is joined with.
import { Duplex } from "node:stream";
import { answer, Headers, refuse, switchProtocols, type Response } from "../../api/index.js";
import type { ClientAddress } from "./client-socket.js";

/** Bytes that the head of an answer may have. */
const longestHead = 65_536;
const highWaterMark = 65_536;

type Done = (error?: Error | null) => void;

/**
 * The client's connection as the applications of `upgrade` events get it: they write an HTTP response on it, and after a
 * 101 whatever the protocol wants. Behaves like a net.Socket as far as such applications ask.
 */
export class UpgradeSocket extends Duplex implements ClientAddress {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly remoteFamily: "IPv4" | "IPv6";
  readonly localAddress: string;
  readonly localPort: number;
  readonly encrypted: boolean;
  readonly connecting = false;
  /** The answer, as soon as its head is written; a refusal when the socket is closed before. */
  readonly answered: Promise<Response>;
  #resolve: ((response: Response) => void) | undefined;
  #head = "";
  /** What the server joins with the client, or reads the body of a refusal from. */
  readonly #far: FarEnd;

  constructor({ remoteAddress, remotePort, localAddress, localPort, encrypted }: ClientAddress) {
    super({ highWaterMark, allowHalfOpen: true });
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.remoteFamily = remoteAddress.includes(":") ? "IPv6" : "IPv4";
    this.localAddress = localAddress;
    this.localPort = localPort;
    this.encrypted = encrypted;
    this.answered = new Promise((resolve) => (this.#resolve = resolve));
    this.#far = new FarEnd(this);
    // A client that leaves is told by "close"; who wants no more of it need not listen.
    this.on("error", () => undefined);
  }

  /** The client has left before there was an answer. */
  abandon(): void {
    this.destroy();
  }

  /** Bytes of the client; false when the application has enough of them: `more` is called then. */
  receive(bytes: Buffer): boolean {
    return this.push(bytes);
  }

  /** The client has ended its side. */
  receiveEnd(): void {
    if (!this.destroyed) this.push(null);
  }

  more: (() => void) | undefined;

  override _read(): void {
    const { more } = this;
    this.more = undefined;
    more?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (!this.#resolve) return this.#far.give(chunk, done);
    this.#head += chunk.toString("latin1");
    const end = this.#head.indexOf("\r\n\r\n");
    if (end < 0) {
      if (this.#head.length > longestHead) return done(new Error("the head of the answer to an upgrade is too long"));
      return done();
    }
    const rest = Buffer.from(this.#head.slice(end + 4), "latin1");
    const response = responseOf(this.#head.slice(0, end), this.#far);
    this.#head = "";
    if (!response) return done(new Error("the answer to an upgrade is no HTTP response"));
    this.#answer(response);
    if (rest.length > 0) this.#far.give(rest, done);
    else done();
  }

  override _final(done: Done): void {
    this.#answer(refuse(400));
    this.#far.finish();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#answer(refuse(error ? 500 : 400));
    // What was written before is sent.
    if (error) this.#far.destroy(error);
    else this.#far.finish(true);
    done(error);
  }

  #answer(response: Response): void {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    resolve?.(response);
  }

  address(): { address: string; port: number; family: string } {
    const family = this.localAddress.includes(":") ? "IPv6" : "IPv4";
    return { address: this.localAddress, port: this.localPort, family };
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

/** The server's end: what the application writes can be read here, what is written here the application reads. */
class FarEnd extends Duplex {
  readonly #near: UpgradeSocket;
  #taken: Done | undefined;
  #isFinished = false;

  constructor(near: UpgradeSocket) {
    super({ highWaterMark, allowHalfOpen: true });
    this.#near = near;
    this.on("error", () => undefined);
  }

  /** Takes bytes of the application; `done` when there is room for more. */
  give(bytes: Buffer, done: Done): void {
    if (this.destroyed || this.#isFinished || this.push(bytes)) done();
    else this.#taken = done;
  }

  /** The application has ended its side; or both: it reads no more either. */
  finish(both = false): void {
    if (this.destroyed) return;
    if (!this.#isFinished) this.push(null);
    this.#isFinished = true;
    if (both && this.writable) this.end();
  }

  override _read(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.#near.destroyed || this.#near.receive(chunk)) done();
    else this.#near.more = done;
  }

  override _final(done: Done): void {
    this.#near.receiveEnd();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    // Where both sides had ended the application may still read what came before.
    if (!this.#near.destroyed && !(this.readableEnded && this.writableFinished)) this.#near.destroy();
    this.#taken?.();
    done(error);
  }
}

/** The response of a head; with what follows as the body, or as the stream of the changed protocol. */
function responseOf(head: string, stream: Duplex): Response | undefined {
  const [line = "", ...lines] = head.split("\r\n");
  const [, code, reason] = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(line) ?? [];
  if (code === undefined) return undefined;
  const headers = new Headers();
  for (const each of lines) {
    const colon = each.indexOf(":");
    if (colon <= 0) return undefined;
    headers.append(each.slice(0, colon), each.slice(colon + 1).trim());
  }
  const status = Number(code);
  if (status === 101) return switchProtocols(headers.get("upgrade") ?? "", stream, { headers, idleTimeout: 0 });
  // Such a body lasts as long as the connection, unless its length is said; chunks would be taken for a part of it.
  if (status < 200 || headers.has("transfer-encoding")) return undefined;
  const closes = /\bclose\b/i.test(headers.get("connection") ?? "");
  for (const name of ["connection", "keep-alive"]) headers.delete(name);
  stream.once("end", () => stream.end());
  const response = answer(status, headers, stream);
  if (closes) response.close = true;
  return reason === undefined || reason === "" ? response : { ...response, reason };
}
