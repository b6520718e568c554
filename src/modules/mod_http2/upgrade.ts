// A request of HTTP/1.1 → the change to HTTP/2 that it asks for, or the offer of one.
import { answer, core, type Request, type SettingsOf, type Verdict, type http2 } from "../../api/index.js";

type Http2Settings = SettingsOf<typeof http2.settings>;

/** Whether a list field has a word. */
function has(field: string | undefined, word: string): boolean {
  return (
    field !== undefined &&
    field
      .toLowerCase()
      .split(/[\s,]+/)
      .includes(word)
  );
}

/**
 * 101 for a request that asks for h2c and may have it. The first answer on a connection tells of it where it stands in front
 * of HTTP/1.1 in the list, as in Apache. h2 is not told of: it cannot be asked for so (RFC 9113 section 3.1), and there are
 * browsers that take the field for a fault.
 */
export function upgradeOf(request: Request, { upgrade }: Http2Settings): Verdict {
  const { connection, headers, protocol } = request;
  if (connection.http2 || upgrade === false || request.parent) return undefined;
  const asked = headers.get("upgrade");
  if (asked === undefined && connection.keepalives > 0) return undefined;
  const { protocols } = request.settings(core);
  if (connection.secure || !protocols.includes("h2c") || protocol !== "HTTP/1.1") return undefined;
  if (asked === undefined) {
    const isPreferred = protocols.indexOf("h2c") < (protocols.indexOf("http/1.1") + 1 || Infinity);
    if (!isPreferred) return undefined;
    request.answerHeaders.set("Upgrade", "h2c");
    request.answerHeaders.set("Connection", "Upgrade");
    return undefined;
  }
  const offered = headers.get("connection");
  const isWhole = request.body.length === 0 && !request.previous && request.originalTarget.startsWith("/");
  if (!has(asked, "h2c") || !has(offered, "upgrade") || !has(offered, "http2-settings") || !isWhole) return undefined;
  if (headers.all("http2-settings").length !== 1) return undefined;
  return { ...answer(101), becomes: "h2c" };
}
