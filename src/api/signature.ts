// A request → the line under pages the server makes, by ServerSignature.
import { serverBanner } from "./banner.js";
import { core } from "./core.js";
import { escapeHtml } from "./escape.js";
import type { Request } from "./request.js";

/** The line, without an `<hr>`; undefined where ServerSignature is Off. */
export function signatureOf(request: Request): string | undefined {
  const { serverSignature, serverAdmin, serverTokens } = request.settings(core);
  if (serverSignature === "Off") return undefined;
  const host = escapeHtml(request.serverName);
  const name = serverSignature === "EMail" ? `<a href="mailto:${serverAdmin}">${host}</a>` : host;
  return `<address>${serverBanner(serverTokens)} Server at ${name} Port ${request.serverPort}</address>`;
}
