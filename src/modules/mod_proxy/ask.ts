// A request and the back end it goes to → the back end's answer.
import type { IncomingMessage } from "node:http";
import {
  core,
  Headers,
  refuse,
  RequestBodyError,
  switchProtocols,
  type ProxyScheme,
  type ProxySpeaker,
  type ProxyTls,
  type ProxyTlsProvider,
  type Request,
  type RequestBody,
  type Response,
} from "../../api/index.js";
import { backEndAt } from "./back-end.js";
import { connectionsTo } from "./connections.js";
import { converse } from "./converse.js";
import { failure, proxyError, type Stage, stageOf } from "./failure.js";
import { namedByConnection } from "./fields.js";
import type { Incoming, Passage } from "./passage.js";
import { isOverridden, relay } from "./relay.js";
import type { ProxySettings } from "./settings.js";
import { canonicalPath } from "./target.js";
import type { Mapping } from "./translate.js";
import { uploadOf, type Upload } from "./upload.js";

/** What is asked of a back end. */
export interface Question {
  readonly mapping: Mapping;
  readonly settings: ProxySettings;
  readonly scheme: ProxyScheme;
}

/** Who else wants to know what became of it. */
export interface Watcher {
  /** There is no answer of the back end. */
  failed?(stage: Stage, error: Error): void;
  /** Nothing moves any more. */
  over?(sent: number, read: number): void;
}

/** Asks the back end. */
export function ask(request: Request, question: Question, watcher: Watcher = {}): Promise<Response> {
  const { scheme } = question;
  const coding = request.headers.get("transfer-encoding");
  if (coding !== undefined && !/^chunked$/i.test(coding)) {
    // Chunks are made anew; what else the body is coded in would get lost.
    watcher.over?.(0, 0);
    request.log("error", "proxy", `AH01093: ${coding} Transfer-Encoding is not supported`);
    return Promise.resolve(refuse(500));
  }
  if (scheme.speak) return exchange(request, question, watcher);
  const tls = scheme.secure ? tlsFor(request, question) : undefined;
  if (scheme.secure && !tls) {
    watcher.over?.(0, 0);
    request.log(
      "error",
      "proxy",
      `AH01961: SSL Proxy requested for ${request.virtualHost.serverName} but not enabled: write SSLProxyEngine On, with a2enmod ssl`,
    );
    return Promise.resolve(proxyError(request, 500, "Error during SSL Handshake with remote server"));
  }
  const upgrade = upgradeOf(request, question);
  if (upgrade === "required") {
    watcher.over?.(0, 0);
    const headers = new Headers([["Upgrade", "WebSocket"]]);
    return Promise.resolve(refuse(426, { headers }));
  }
  return forward(request, question, { watcher, upgrade, tls });
}

function tlsFor(request: Request, { mapping, settings }: Question): Passage["tls"] {
  for (const provider of request.providers("proxyTls").values()) {
    const tls: ProxyTls | undefined = (provider as ProxyTlsProvider).settingsFor(request);
    if (!tls) continue;
    const own = settings.preserveHost && request.hostname !== "" ? request.hostname : mapping.address.host;
    return { tls, name: own };
  }
  return undefined;
}

/** The protocol the client may change to; "required" where nothing else is spoken there. */
function upgradeOf(request: Request, { mapping }: Question): string | undefined {
  const { address, parameters } = mapping;
  const isTunnel = address.scheme === "ws" || address.scheme === "wss";
  const allowed = parameters.upgrade ?? (isTunnel ? "websocket" : "none");
  const { upgrade } = request;
  if (upgrade !== undefined && allowed !== "none" && (allowed === "any" || upgrade.toLowerCase() === allowed)) {
    return upgrade;
  }
  if (!isTunnel) return undefined;
  const fallsBack = (
    request.providers("proxyTunnel").get("fallsBack") as ((request: Request) => boolean) | undefined
  )?.(request);
  return fallsBack === false || !request.providers("proxyScheme").has("http") ? "required" : undefined;
}

function forward(
  request: Request,
  { mapping, settings, scheme }: Question,
  { watcher, upgrade, tls }: { watcher: Watcher; upgrade: string | undefined; tls: Passage["tls"] },
): Promise<Response> {
  const { address, parameters, path } = mapping;
  const { defaultPort } = scheme;
  const backEnd = backEndAt({ address, parameters, defaultPort, tls: tls?.tls });
  const body = bodyOf(request);
  const arrived = body?.arrived;
  const { timeout: patience } = request.settings(core);
  return new Promise((resolve, reject) => {
    const passage: Passage = {
      request,
      address,
      path,
      parameters,
      settings,
      body,
      upgrade,
      tls,
      method: request.headOnly ? "HEAD" : request.method,
      timeout: parameters.timeout ?? settings.timeout ?? patience,
      whole: arrived && Buffer.from(arrived),
      fields: request.headers,
      isRetry: false,
      // When what came along with the head is there, too.
      answered: (incoming) => void process.nextTick(() => resolve(answerOf(incoming, passage))),
      switched: (incoming, socket) => {
        const { headers, protocol } = switchedFields(incoming, passage);
        resolve(switchProtocols(protocol, socket, { headers, idleTimeout: Math.max(patience, passage.timeout) }));
      },
      failed: (error) => {
        if (error instanceof RequestBodyError) return reject(error);
        watcher.failed?.(stageOf(error), error);
        resolve(failure(request, address, error));
      },
      over: (sent, read) => watcher.over?.(sent, read),
    };
    try {
      backEnd.forward(passage);
    } catch (error) {
      // node:http refuses what may not stand in a request: controls that HttpProtocolOptions Unsafe has let in.
      request.log("error", "proxy_http", `the request cannot be sent: ${String(error)}`);
      watcher.over?.(0, 0);
      resolve(refuse(400));
    }
  });
}

function answerOf(incoming: Incoming, passage: Passage): Response {
  const { request } = passage;
  if (incoming.destroyed && !incoming.complete) return proxyError(request, 502, "Error reading from remote server");
  return relay(incoming, passage) ?? proxyError(request, 502, "Corrupt status line");
}

/** What the client gets of the head by which a back end changes protocols. */
function switchedFields(incoming: IncomingMessage, { upgrade = "" }: Passage): { headers: Headers; protocol: string } {
  const received = new Headers();
  const { rawHeaders } = incoming;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) received.append(rawHeaders[i] ?? "", rawHeaders[i + 1] ?? "");
  const named = namedByConnection(received);
  const headers = new Headers();
  received.forEach((name, value, key) => {
    if (key === "upgrade" || key === "connection" || named?.has(key)) return;
    // Nothing is framed any more.
    if (key !== "transfer-encoding" && key !== "content-length") headers.append(name, value);
  });
  return { headers, protocol: received.get("upgrade") ?? upgrade };
}

/** The body that goes along: none where the request is one for an ErrorDocument. */
function bodyOf({ body, headers, previous, method }: Request): RequestBody | undefined {
  if (previous && method === "GET") return undefined;
  return body.length !== 0 || headers.has("content-length") ? body : undefined;
}

async function exchange(request: Request, question: Question, watcher: Watcher): Promise<Response> {
  const { mapping, settings, scheme } = question;
  const { address, parameters, decoded, isHandedOver = false } = mapping;
  const { host, port = scheme.defaultPort, socketPath } = address;
  const timeout = parameters.timeout ?? settings.timeout ?? request.settings(core).timeout;
  let upload: Upload | undefined;
  let spoken: ProxySpeaker | Response | undefined;
  try {
    upload = await uploadOf(bodyOf(request));
    const passage = { request, url: urlOf(mapping, scheme), path: decoded, isHandedOver, bodyLength: upload.length };
    spoken = await scheme.speak?.(passage);
  } finally {
    if (!spoken || "status" in spoken) watcher.over?.(0, 0);
  }
  if (!spoken || "status" in spoken) return spoken ?? refuse(500);
  const speaker = spoken;
  const body = upload;
  return new Promise((resolve, reject) => {
    converse({
      ...{ request, speaker, upload: body, timeout, localAddress: socketPath ? undefined : settings.sourceAddress },
      connections: connectionsTo(
        address.scheme,
        socketPath === undefined ? { host, port } : { path: socketPath },
        parameters,
      ),
      connectTimeout: parameters.connectTimeout ?? timeout,
      override: (response) => overridden(request, response, settings),
      answered: resolve,
      failed: (error) => {
        if (error instanceof RequestBodyError) return reject(error);
        watcher.failed?.(stageOf(error), error);
        resolve(failure(request, address, error));
      },
      over: (sent, read) => watcher.over?.(sent, read),
    });
  });
}

/** The response, or the server's own page in its place (ProxyErrorOverride). */
function overridden(request: Request, response: Response, settings: ProxySettings): Response {
  if (request.previous || !isOverridden(response.status, settings)) return response;
  return { ...refuse(response.status), ...(response.always ? { always: response.always } : {}) };
}

/** The URL as Apache hands it on: encoded, unless it is the name of a file. */
function urlOf({ address, decoded, path, isHandedOver, isRaw }: Mapping, { defaultPort }: ProxyScheme): string {
  const port = address.port === undefined || address.port === defaultPort ? "" : `:${address.port}`;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host.toLowerCase();
  const mark = path.indexOf("?");
  const shown = isHandedOver ? decoded : isRaw ? path.slice(0, mark < 0 ? undefined : mark) : canonicalPath(decoded);
  return `${address.scheme}://${host}${port}${shown.startsWith("/") ? "" : "/"}${shown}`;
}
