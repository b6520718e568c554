// What the reader made of the head of a request: the request line, the fields, and how the body is framed.
import { Headers } from "../../api/index.js";
import type { Fault } from "../exchange.js";

/** The head of a request, as far as it could be read. */
export class Head {
  method = "";
  target = "";
  /** As sent; "HTTP/1.0" where it could not be read, as Apache logs it. */
  protocol = "HTTP/1.0";
  requestLine = "";
  /** 9, 10 or 11; higher versions count as 11. */
  version: 9 | 10 | 11 = 10;
  headers = new Headers();
  fault: Fault | undefined = undefined;
  /** Characters (bytes) of the text that belong to the head. */
  length = 0;

  /** Bytes of the body by Content-Length; undefined: none was sent. */
  contentLength: number | undefined = undefined;
  isChunked = false;
  /** The connection cannot be kept, whatever the client asked for. */
  mustClose = false;
  asksClose = false;
  asksKeepAlive = false;
  expectsContinue = false;

  // Noted by the field reader for the checks that follow it.
  hostCount = 0;
  host = "";
  lengthField: string | undefined = undefined;
  transferEncoding: string | undefined = undefined;
  expectation: string | undefined = undefined;
}

/** Ends the reading of a head with a fault; gives the head. */
export function spoil(head: Head, fault: Fault, length = head.length): Head {
  head.fault = fault;
  head.length = length;
  return head;
}

const namesUpgrade = /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i;

/** What the client asks to change to, where it may. */
export function upgradeOf({ headers, version, method, contentLength, isChunked, fault }: Head): string | undefined {
  if (version !== 11 || method === "HEAD" || fault || isChunked || (contentLength ?? 0) > 0) return undefined;
  const upgrade = headers.get("upgrade");
  const connection = headers.get("connection");
  return upgrade !== undefined && upgrade !== "" && connection !== undefined && namesUpgrade.test(connection)
    ? upgrade
    : undefined;
}
