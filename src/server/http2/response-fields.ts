// The head of a response, as HTTP/1.1 would have it → its fields as HTTP/2 sends them.
import type { OutgoingHttpHeaders } from "node:http2";
import type { Headers } from "../../api/index.js";

/** Fields about the connection, which HTTP/2 does not have (RFC 9113 section 8.2.2). */
const ofConnection: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "te",
]);

/** Fields that may stand there more than once; values of others are joined, which means the same. */
const repeatable: ReadonlySet<string> = new Set(["set-cookie", "www-authenticate", "proxy-authenticate", "link"]);

/** The fields below a status line, with the status in front. */
export function responseFields(status: number, head: string): OutgoingHttpHeaders {
  const fields: Record<string, string | string[] | number> = { ":status": status };
  let at = head.indexOf("\r\n") + 2;
  for (let end = head.indexOf("\r\n", at); end > at; at = end + 2, end = head.indexOf("\r\n", at)) {
    const colon = head.indexOf(":", at);
    const key = head.slice(at, colon).toLowerCase();
    if (!ofConnection.has(key)) addField(fields, key, head.slice(colon + 2, end));
  }
  return fields;
}

/** The fields behind a body; those that frame it have no place there. */
export function trailingFields(trailers: Headers | undefined): OutgoingHttpHeaders {
  const fields: Record<string, string | string[] | number> = {};
  trailers?.forEach((_name, value, key) => {
    if (!ofConnection.has(key) && key !== "content-length" && key !== "trailer") addField(fields, key, value);
  });
  return fields;
}

function addField(fields: Record<string, string | string[] | number>, key: string, value: string): void {
  const known = fields[key];
  if (known === undefined) fields[key] = value;
  else if (Array.isArray(known)) known.push(value);
  else fields[key] = repeatable.has(key) ? [String(known), value] : `${String(known)}, ${value}`;
}
