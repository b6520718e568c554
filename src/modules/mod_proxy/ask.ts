// A request and the back end it goes to → the back end's answer.
import {
  core,
  Headers,
  refuse,
  type ProxyScheme,
  type ProxySpeaker,
  type ProxyTls,
  type ProxyTlsProvider,
  type Request,
  type RequestBody,
  type Response,
} from "../../api/index.js";
import { Asking, type Watcher } from "./asking.js";
import { connectionsTo, type Encryption } from "./connections.js";
import { converse } from "./converse.js";
import { proxyError } from "./failure.js";
import { HttpSpeaker } from "./http-speaker.js";
import { pass } from "./passes.js";
import type { Passage } from "./passage.js";
import { isOverridden } from "./relay.js";
import type { ProxySettings } from "./settings.js";
import { addressOf, remoteFor, type Remote } from "./remote.js";
import { canonicalPath, type Address } from "./target.js";
import type { Mapping } from "./translate.js";
import { spooled, spoolOf } from "./spooled.js";
import { streamed, uploadOf, type Upload } from "./upload.js";

/** What is asked of a back end. */
export interface Question {
  readonly mapping: Mapping;
  readonly settings: ProxySettings;
  readonly scheme: ProxyScheme;
  /** Another proxy is asked for a scheme that this server does not have (ftp). */
  readonly needsRemote?: boolean;
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
  if (scheme.speak) return speak(request, question, watcher);
  const encryption = scheme.secure ? encryptionFor(request, question) : undefined;
  if (scheme.secure && !encryption) {
    watcher.over?.(0, 0);
    request.log(
      "error",
      "proxy",
      `AH01961: SSL Proxy requested for ${request.virtualHost.serverName} but not enabled: write SSLProxyEngine On, with a2enmod ssl`,
    );
    const isSpoken = request.providers("proxyTls").size > 0;
    const reason = "Error during SSL Handshake with remote server";
    return Promise.resolve(isSpoken ? proxyError(request, 500, reason) : refuse(500));
  }
  const upgrade = upgradeOf(request, question);
  if (upgrade === "required") {
    watcher.over?.(0, 0);
    const headers = new Headers([["Upgrade", "WebSocket"]]);
    return Promise.resolve(refuse(426, { headers }));
  }
  const remote = remoteOf(question);
  const upload = uploadFor(request);
  const go = (through: Remote | undefined, body: Upload): Promise<Response> => {
    const parts = { watcher, upgrade, encryption, remote: through, upload: body };
    if (through || !question.needsRemote) return speakHttp(request, question, parts);
    watcher.over?.(0, 0);
    return Promise.resolve(refuse(500));
  };
  if (!(remote instanceof Promise) && !(upload instanceof Promise)) return go(remote, upload);
  const failed = (error: unknown): never => {
    watcher.over?.(0, 0);
    throw error;
  };
  return Promise.all([remote, upload]).then(([through, body]) => go(through, body), failed);
}

/** The body for an HTTP server, which need not have a length, unless the environment says so. */
function uploadFor(request: Request): Upload | Promise<Upload> {
  const upload = streamed(bodyOf(request));
  return upload.length === undefined && wantsLength(request) ? spooled(request, upload) : upload;
}

/** Whether variables of the environment want no chunks. */
function wantsLength({ environment }: Request): boolean {
  if (environment.has("force-proxy-request-1.0")) return true;
  return (
    environment.has("proxy-sendcl") && !environment.has("proxy-sendchunked") && !environment.has("proxy-sendchunks")
  );
}

/** The other proxy that it goes through. */
function remoteOf({ mapping, settings }: Question): Remote | undefined | Promise<Remote | undefined> {
  const { address, path } = mapping;
  if (settings.remotes.length === 0 || address.socketPath !== undefined) return undefined;
  return remoteFor(`${address.scheme}://${address.authority}${path}`, address.host, settings);
}

function encryptionFor(request: Request, { mapping, settings }: Question): Encryption | undefined {
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

interface HttpParts {
  readonly watcher: Watcher;
  readonly upgrade: string | undefined;
  readonly encryption: Encryption | undefined;
  readonly remote: Remote | undefined;
  readonly upload: Upload;
}

function speakHttp(
  request: Request,
  { mapping, settings, scheme: { defaultPort } }: Question,
  { watcher, upgrade, encryption, remote, upload }: HttpParts,
): Promise<Response> {
  const { parameters } = mapping;
  const { environment } = request;
  const { address, path, through } = wayOf(mapping, remote, encryption !== undefined);
  const connections = connectionsTo({ address, defaultPort, parameters, keeps: true, encryption, remote: through });
  const isOld = environment.has("force-proxy-request-1.0");
  const isInitial = environment.has("proxy-initial-not-pooled") && request.connection.keepalives === 0;
  const isLast = isOld || environment.has("proxy-nokeepalive");
  const method = request.headOnly ? "HEAD" : request.method;
  const body = bodyOf(request);
  return new Promise((resolve, reject) => {
    const asking = new Asking(request, { address, parameters, settings }, { watcher, resolve, reject });
    const tunnelTimeout = Math.max(asking.timeout, request.settings(core).timeout);
    const fields = request.headers;
    const send = (): void => {
      const speaker = new HttpSpeaker(passage, connections.keeps && !isLast);
      const mayChange = upgrade !== undefined;
      converse({
        asking,
        speaker,
        connections,
        upload,
        isAlone: isLast || isInitial,
        mayChange,
        timeoutStatus: undefined,
        override: asItIs,
      });
    };
    const passage: Passage = {
      request,
      host: hostFieldOf(mapping.address),
      credentials: through ? undefined : remote?.credentials,
      path,
      parameters,
      settings,
      method,
      isOld,
      tunnelTimeout,
      body,
      upload,
      upgrade,
      fields,
      send,
    };
    try {
      pass(passage);
    } catch (error) {
      request.log("error", "proxy_http", `the request cannot be sent: ${String(error)}`);
      watcher.over?.(0, 0);
      resolve(refuse(400));
    }
  });
}

/** Where the connection goes, and what is asked for there: what is encrypted goes through another proxy by CONNECT, else that is given the whole URL. */
function wayOf(
  { address, path }: Mapping,
  remote: Remote | undefined,
  isEncrypted: boolean,
): { readonly address: Address; readonly path: string; readonly through: Remote | undefined } {
  if (!remote || isEncrypted) return { address, path, through: remote };
  // WebSockets begin as requests of HTTP.
  const scheme = address.scheme === "ws" ? "http" : address.scheme;
  return { address: addressOf(remote), path: `${scheme}://${address.authority}${path}`, through: undefined };
}

/** As Apache writes it: the port only where it is not 80. */
function hostFieldOf({ authority }: Address): string {
  return authority.endsWith(":80") ? authority.slice(0, -3) : authority;
}

const asItIs = (response: Response): Response => response;

/** The body that goes along: none where the request is one for an ErrorDocument. */
function bodyOf({ body, headers, previous, method }: Request): RequestBody | undefined {
  if (previous && method === "GET") return undefined;
  return body.length !== 0 || headers.has("content-length") ? body : undefined;
}

async function speak(request: Request, question: Question, watcher: Watcher): Promise<Response> {
  const { mapping, settings, scheme } = question;
  const { address, parameters, decoded, isHandedOver = false } = mapping;
  let upload: Upload | undefined;
  let spoken: ProxySpeaker | Response | undefined;
  try {
    upload = spoolOf(request) ?? (await uploadOf(bodyOf(request)));
    const needsLength = scheme.needsLength === true || wantsLength(request);
    if (upload.length === undefined && needsLength) upload = await spooled(request, upload);
    const passage = { request, url: urlOf(mapping, scheme), path: decoded, isHandedOver, bodyLength: upload.length };
    spoken = await scheme.speak?.(passage);
  } finally {
    if (!spoken || "status" in spoken) watcher.over?.(0, 0);
  }
  if (!spoken || "status" in spoken) return spoken ?? refuse(500);
  const speaker = spoken;
  const body = upload;
  const { defaultPort } = scheme;
  // Only where enablereuse=On asks for it, as in Apache.
  const connections = connectionsTo({ address, defaultPort, parameters, keeps: false });
  return new Promise((resolve, reject) => {
    const asking = new Asking(request, { address, parameters, settings }, { watcher, resolve, reject });
    const override = (response: Response): Response => overridden(request, response, settings);
    converse({
      asking,
      speaker,
      connections,
      upload: body,
      isAlone: false,
      mayChange: false,
      timeoutStatus: 504,
      override,
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
