// Requests → proofs of http-01, and the way to https.
import { answer, Headers, refuse, type Request, type Response, type ServerView } from "../../api/index.js";
import { sharedWithKeeper } from "./active.js";
import { managedDomains } from "./domains.js";
import { shownFile } from "./shared.js";
import { certificateStatus, certificateStatusPath, statusAnswer, statusSection } from "./status.js";

const wellKnown = "/.well-known/";
const proofs = `${wellKnown}acme-challenge/`;
/** Half a year, in seconds. */
const strictTransport = "max-age=15768000";

/** The server this process serves. */
let server: ServerView | undefined;

export function serveAnswers(view: ServerView): void {
  server = view;
}

/** `SetHandler md-status`. */
export function answerStatus(request: Request): Response | undefined {
  return server && request.handler === "md-status" ? statusAnswer(request, server) : undefined;
}

/** What server-status shows. */
export function showStatus(isText: boolean): string {
  return server ? statusSection(server, isText) : "";
}

/** Early, before anybody is asked for a name. */
export function answerEarly(request: Request): Response | undefined {
  if (!server || request.parent || request.previous) return undefined;
  const path = request.target.split("?", 1)[0] ?? "";
  if (path === certificateStatusPath) return certificateStatus(request, server);
  if (path.startsWith(proofs)) return answerProof(request, server, path.slice(proofs.length));
  return path.startsWith(wellKnown) ? undefined : requireHttps(request, server, path);
}

/** What an authority asks for. A request for other names is left to others, where it is not ours to prove them. */
function answerProof(request: Request, view: ServerView, name: string): Response | undefined {
  const table = sharedWithKeeper();
  if (!table || name === "" || name.includes("/")) return undefined;
  const domain = managedDomains(view).ofName(request.hostname);
  if (domain && !domain.challenges.includes("http-01")) return undefined;
  const shown = shownFile(table, request.hostname);
  if (shown?.token === name) {
    return request.method === "GET" ? answer(200, new Headers(), Buffer.from(shown.authorization)) : refuse(501);
  }
  return domain?.isRenewed ? refuse(404) : undefined;
}

function requireHttps(request: Request, view: ServerView, path: string): Response | undefined {
  const domains = managedDomains(view);
  if (!domains.ofHost(request.virtualHost)) return undefined;
  const domain = domains.ofName(request.serverName);
  if (!domain || domain.requireHttps === "off") return undefined;
  const isPermanent = domain.requireHttps === "permanent";
  if (request.connection.secure) {
    if (isPermanent && request.answerHeaders.get("Strict-Transport-Security") === undefined) {
      request.answerHeaders.set("Strict-Transport-Security", strictTransport);
    }
    return undefined;
  }
  const isGet = request.method === "GET";
  const headers = new Headers();
  const query = request.query === undefined ? "" : `?${request.query}`;
  headers.set("Location", `https://${request.serverName}${path}${query}`);
  return refuse(isPermanent ? (isGet ? 301 : 308) : isGet ? 302 : 307, { headers });
}
