// A question for an HTTP server → an exchange in HTTP, over TLS, with a change of protocols, or through another proxy.
import {
  core,
  Headers,
  refuse,
  type ProxyTls,
  type ProxyTlsProvider,
  type Request,
  type Response,
} from "../../api/index.js";
import { Asking, type Question, type Watcher } from "./asking.js";
import type { Encryption } from "./connections.js";
import { converse } from "./converse.js";
import { proxyError } from "./failure.js";
import { HttpSpeaker } from "./http-speaker.js";
import { connectionsTo } from "./known-connections.js";
import type { Passage } from "./passage.js";
import { pass } from "./passes.js";
import { addressOf, remoteFor, type Remote } from "./remote.js";
import { spooled } from "./spooled.js";
import type { Address } from "./target.js";
import type { Mapping } from "./translate.js";
import { bodyOf, streamed, wantsLength, type Upload } from "./upload.js";

/** Asks. */
export function askHttp(request: Request, question: Question, watcher: Watcher): Promise<Response> {
  const { scheme } = question;
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
  const { upgrade } = request;
  if (upgrade !== undefined && mayChangeTo(upgrade, mapping)) return upgrade;
  if (!isTunnel(mapping)) return undefined;
  const fallsBack = (
    request.providers("proxyTunnel").get("fallsBack") as ((request: Request) => boolean) | undefined
  )?.(request);
  return fallsBack === false || !request.providers("proxyScheme").has("http") ? "required" : undefined;
}

function isTunnel({ address: { scheme } }: Mapping): boolean {
  return scheme === "ws" || scheme === "wss";
}

/** Whether a line allows that protocol. */
function mayChangeTo(protocol: string, mapping: Mapping): boolean {
  const allowed = mapping.parameters.upgrade ?? (isTunnel(mapping) ? "websocket" : "none");
  return allowed === "any" || (allowed !== "none" && protocol.toLowerCase() === allowed);
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
      mayChangeTo: (protocol) => mayChangeTo(protocol, mapping),
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
