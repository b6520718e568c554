// A request whose user is proven → Authentication-Info: that the server knows the password too, and the next nonce.
import type { Request } from "../../api/index.js";
import { md5, nextNonce, proven, type Proven } from "./authenticate.js";
import type { DigestSettings } from "./settings.js";

/** A nonce that ends within so many milliseconds is replaced with the answer. */
const soon = 30_000;

/** The hook of fixups. */
export function addInfo(request: Request, { nonceLifetime }: DigestSettings): undefined {
  if (request.authType !== "Digest" || request.previous || request.parent) return undefined;
  const known = request.kept.get(proven) as Proven | undefined;
  if (!known) return undefined;
  const { field, secret, nonceTime, nonceFor } = known;
  const isLast = nonceLifetime >= 0 && request.startTime - nonceTime > nonceLifetime - soon;
  const after = Math.abs(nonceTime);
  const next = isLast ? `, nextnonce="${nextNonce(request, nonceFor, { nonceLifetime, after })}"` : "";
  const { qop = "", cnonce = "", nc = "", nonce, uri } = field;
  const signed = md5(`${secret}:${nonce}:${nc}:${cnonce}:${qop}:${md5(`:${uri}`)}`);
  const shown = `rspauth="${signed}"${next}, cnonce="${cnonce.replace(/["\\]/g, "\\$&")}", nc=${nc}, qop=${qop}`;
  request.answerHeaders.append("Authentication-Info", shown);
  return undefined;
}
