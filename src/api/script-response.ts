// What a script said in front of its body → the response: its own, or what the client's conditions ask for in its place.
import type { Readable } from "node:stream";
import { evaluateConditions } from "./conditional.js";
import type { Headers } from "./headers.js";
import type { Request } from "./request.js";
import { answer, refuse, type Response } from "./response.js";
import type { ScriptHead } from "./script-head.js";

/** The response to a script's head; the body is left out where there is none to be sent. */
export function scriptResponse(request: Request, head: ScriptHead, body?: Readable | Buffer): Response {
  const { always } = head;
  dropFraming(request, head);
  const condition = head.status === undefined ? scriptCondition(request, head) : undefined;
  if (condition === 304) return { ...answer(304, withType(request, head)), always };
  if (condition !== undefined) return { ...refuse(condition), always };
  const own = head.status !== undefined || !servesError(request);
  return {
    ...answer(head.status ?? 200, withType(request, head), request.headOnly ? undefined : body),
    always,
    ...(head.reason === undefined ? {} : { reason: head.reason }),
    ...(own ? { ownStatus: true } : {}),
    // What an application writes goes out in chunks, as in Apache, unless it writes nothing.
    ...(Buffer.isBuffer(body) && body.length > 0 && !head.fields.has("content-length") ? { unsized: true } : {}),
  };
}

/** How the body is framed is not for a script to say. */
export function dropFraming(request: Request, { fields }: ScriptHead): void {
  if (!request.environment.has("ap_trust_cgilike_cl")) fields.delete("Content-Length");
  fields.delete("Transfer-Encoding");
}

/** What the client's conditions ask for in place of a script's output. */
export function scriptCondition(request: Request, { fields, lastModified }: ScriptHead): 304 | 412 | undefined {
  if (request.method !== "GET" || request.parent || servesError(request)) return undefined;
  if (request.notes.has("no-local-copy")) return undefined;
  const now = Math.floor(request.startTime / 1000);
  const validators = { etag: fields.get("etag"), lastModified: lastModified ?? now, now };
  return evaluateConditions(request.headers, true, validators);
}

/** Whether the request is the internal redirect to an ErrorDocument. */
function servesError({ previous, environment }: Request): boolean {
  return previous !== undefined && Number(environment.get("REDIRECT_STATUS") ?? 200) >= 400;
}

function withType(request: Request, { fields, contentType }: ScriptHead): Headers {
  const type = contentType ?? request.contentType;
  if (type !== undefined && type !== "") fields.append("Content-Type", type);
  return fields;
}
