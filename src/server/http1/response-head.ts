// A response and how it is to be sent → the text of its status line and fields, in Apache's order.
import { STATUS_CODES } from "node:http";
import type { Headers, PlacedField, Response } from "../../api/index.js";
import { hasReason, statusText } from "../status.js";
import { httpDate } from "./clock.js";
import { token } from "./request-line.js";

/**
 * How the end of a body shows: by Content-Length, by chunks, by the end of the connection; "none" where the status
 * has no body. Answers to HEAD are "length", with or without one.
 */
export type Delimiting = "length" | "chunked" | "close" | "none";

/** What the head depends on besides the response. */
export interface Framed {
  readonly server: string;
  readonly delimiting: Delimiting;
  /** Value of Content-Length; undefined: none is sent. */
  readonly length: number | undefined;
  readonly connection: "close" | "Keep-Alive" | "";
  /** Value of the Keep-Alive field, where `connection` says so. */
  readonly keepAlive: string;
}

// Control characters, and characters of which latin1 would make some.
const badValue = /[^\t\x20-\x7e\x80-\xff]/;

/** Names seen to be tokens. */
const goodNames = new Set<string>();
const rememberedNames = 1024;

const statusLines = new Map<number, string>();

/** Composes heads, one at a time; the fields are visited without a closure for each. */
class HeadComposer {
  #how: Framed = { server: "", delimiting: "none", length: 0, connection: "", keepAlive: "" };
  #fields = "";
  #behind = "";
  #type = "";
  #hasLength = false;
  #hasConnection = false;
  #hasKeepAlive = false;
  #varies = 0;
  #invalid: string | undefined;
  /** The fields come from an application: all but its Content-Type stay where it put them. */
  #isOwn = false;
  /** Content-Encoding stays where a filter put it. */
  #isEncodedHere = false;
  /** The fields come from another server: so do Date and Server, and all stay where they are. */
  #isRelayed = false;
  /** The fields are those of a kept response: so does Content-Language. */
  #isStored = false;
  /** Fields that stay where a header line has put them. */
  #placed: ReadonlySet<PlacedField> | undefined;
  #date = "";
  #server = "";

  compose(
    { status, reason, headers, always, ownStatus, relayed, encodedHere, stored, placed }: Response,
    how: Framed,
  ): string | undefined {
    this.#how = how;
    this.#isRelayed = relayed === true;
    this.#date = this.#server = "";
    this.#isOwn = ownStatus === true;
    this.#isEncodedHere = encodedHere === true || stored === true;
    this.#isStored = stored === true;
    this.#placed = placed;
    this.#fields = this.#behind = this.#type = "";
    this.#hasLength = this.#hasConnection = this.#hasKeepAlive = false;
    this.#varies = 0;
    this.#invalid = undefined;
    always?.forEach(this.#visit);
    headers.forEach(this.#visit);
    if (reason !== undefined && badValue.test(reason)) this.#invalid = "reason phrase";
    if (this.#invalid !== undefined) return undefined;
    const date = this.#date || httpDate();
    const server = this.#server || how.server;
    return `${statusLine(status, reason ?? this.#foreignReason(status))}Date: ${date}\r\nServer: ${server}\r\n${this.#fields}${this.#own()}\r\n`;
  }

  /** The status of an application or back end that Apache has no phrase for stays what it is. */
  #foreignReason(status: number): string | undefined {
    if (!(this.#isOwn || this.#isRelayed) || hasReason(status)) return undefined;
    return (this.#isRelayed ? STATUS_CODES[status] : undefined) ?? "";
  }

  get invalid(): string {
    return this.#invalid ?? "";
  }

  get varies(): number {
    return this.#varies;
  }

  #own(): string {
    const { length, delimiting, connection, keepAlive } = this.#how;
    let text = "";
    if (length !== undefined && !this.#hasLength) text = `Content-Length: ${length}\r\n`;
    if (connection !== "") {
      if (keepAlive !== "" && !this.#hasKeepAlive) text += `Keep-Alive: ${keepAlive}\r\n`;
      if (!this.#hasConnection) text += `Connection: ${connection}\r\n`;
    }
    if (delimiting === "chunked") text += "Transfer-Encoding: chunked\r\n";
    return text + this.#type + this.#behind;
  }

  readonly #visit = (name: string, value: string, key: string): void => {
    if (!goodNames.has(name)) {
      if (!token.test(name)) {
        this.#invalid ??= name;
        return;
      }
      if (goodNames.size >= rememberedNames) goodNames.clear();
      goodNames.add(name);
    }
    if (badValue.test(value)) {
      this.#invalid ??= name;
      return;
    }
    switch (key) {
      case "date":
        if (this.#isRelayed) this.#date = value;
        return;
      case "server":
        if (this.#isRelayed) this.#server = value;
        return;
      case "transfer-encoding":
        return;
      case "content-type":
        if (this.#isRelayed || this.#placed?.has(key)) break;
        if (this.#how.delimiting !== "none") this.#type = `Content-Type: ${value}\r\n`;
        return;
      case "content-encoding":
        if (this.#isEncodedHere || this.#isOwn || this.#isRelayed || this.#placed?.has(key)) break;
        this.#behind += `${name}: ${value}\r\n`;
        return;
      case "content-language":
        if (this.#isOwn || this.#isRelayed || this.#isStored || this.#placed?.has(key)) break;
        this.#behind += `${name}: ${value}\r\n`;
        return;
      case "content-length":
        this.#addLength();
        return;
      case "connection":
        this.#addConnection(value);
        return;
      case "keep-alive":
        this.#addKeepAlive(value);
        return;
      case "vary":
        this.#varies++;
        this.#fields += `${name}: ${/[\s,]/.test(value) ? uniqueNames(value) : value}\r\n`;
        return;
    }
    this.#fields += `${name}: ${value}\r\n`;
  };

  #addLength(): void {
    const { length } = this.#how;
    if (length === undefined || this.#hasLength) return;
    this.#hasLength = true;
    this.#fields += `Content-Length: ${length}\r\n`;
  }

  #addConnection(value: string): void {
    const { connection } = this.#how;
    const mine = connection === "" || this.#hasConnection || /\bclose\b/i.test(value) ? "" : `, ${connection}`;
    this.#hasConnection = true;
    this.#fields += `Connection: ${value}${mine}\r\n`;
  }

  #addKeepAlive(value: string): void {
    const { keepAlive } = this.#how;
    if (this.#hasKeepAlive) return;
    this.#hasKeepAlive = true;
    this.#fields += `Keep-Alive: ${keepAlive === "" ? value : keepAlive}\r\n`;
  }
}

const composer = new HeadComposer();

/**
 * The head with the empty line at its end; undefined when a field or the reason phrase has bytes that may not stand
 * there. Content-Type is left out where the status has no body.
 */
export function composeHead(response: Response, how: Framed): string | undefined {
  const text = composer.compose(response, how);
  return composer.varies > 1 ? composer.compose(mergeVary(response), how) : text;
}

/** An interim response; undefined when a field has bytes that may not stand there. */
export function composeInterim(status: number, headers: Headers): string | undefined {
  let text = statusLine(status, STATUS_CODES[status] ?? "");
  let isGood = true;
  headers.forEach((name, value) => {
    isGood &&= token.test(name) && !badValue.test(value);
    text += `${name}: ${value}\r\n`;
  });
  return isGood ? `${text}\r\n` : undefined;
}

/** The field that made the last `composeHead` give up. */
export function invalidField(): string {
  return composer.invalid;
}

function statusLine(status: number, reason: string | undefined): string {
  if (reason !== undefined) return `HTTP/1.1 ${status} ${reason}\r\n`;
  let line = statusLines.get(status);
  if (line === undefined) {
    line = `HTTP/1.1 ${statusText(status)}\r\n`;
    if (statusLines.size < 1000) statusLines.set(status, line);
  }
  return line;
}

/** Several Vary fields become one, as in Apache. */
function mergeVary(response: Response): Response {
  const headers = response.headers.copy();
  const always = response.always?.copy();
  headers.set("Vary", [...(always?.all("vary") ?? []), ...headers.all("vary")].join(","));
  always?.delete("vary");
  return { ...response, headers, ...(always ? { always } : {}) };
}

/** The names of a Vary field without repeated ones. */
function uniqueNames(value: string): string {
  const names = new Map<string, string>();
  for (const name of value.split(/[\s,]+/)) {
    if (name !== "" && !names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  }
  return [...names.values()].join(",");
}
