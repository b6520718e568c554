// Requests over TLS, or not → refused, named, and with variables, as the SSL directives say.
import { refuse, type Condition, type Request, type Verdict, type VirtualHost } from "../../api/index.js";
import { isVerified, sectionRefusal } from "./client-certificates.js";
import { optionsOf, type SslSettings } from "./settings.js";
import { certificateTexts, sslVariable, standardVariables } from "./variables.js";

/**
 * Refuses a request for another virtual host than the one the connection was made for, where that one is encrypted
 * otherwise: 421. `policyOf` tells what must be equal.
 */
export function checkName(
  request: Request,
  { strictNames, namePolicy }: SslSettings,
  policyOf: (host: VirtualHost) => string | undefined,
): Verdict {
  const { tls } = request.connection;
  if (!tls) return undefined;
  const { virtualHost } = request;
  // Also one that nobody has.
  if (serverName(request) === undefined) {
    if (!strictNames) return undefined;
    request.log("error", "ssl", "AH02033: No hostname was provided via SNI for a name based virtual host");
    return refuse(403);
  }
  if (tls.virtualHost === virtualHost || policyOf(tls.virtualHost) === policyOf(virtualHost)) return undefined;
  request.log(
    "error",
    "ssl",
    `AH02032: Hostname ${tls.virtualHost.serverName} provided via SNI and hostname ${request.hostname} provided via HTTP ` +
      `have no compatible SSL setup for policy '${namePolicy}'`,
  );
  return refuse(421);
}

/** SSLRequireSSL, SSLVerifyClient of sections, and SSLRequire. */
export function checkAccess(
  request: Request,
  { requiresTls, requirements, verifyClient, verifyDepth }: SslSettings,
): Verdict | Promise<Verdict> {
  const { tls } = request.connection;
  if (requiresTls && !tls) {
    request.log("error", "ssl", `AH02219: access to ${request.filename} failed, reason: SSL connection required`);
    return refuse(403);
  }
  const fault = tls && sectionRefusal(tls.socket, verifyClient, verifyDepth);
  if (fault === undefined) return tls && requirements.length > 0 ? checkRequirements(request, requirements) : undefined;
  request.log("error", "ssl", `AH02266: Re-negotiation handshake failed: ${fault}`);
  return refuse(403);
}

async function checkRequirements(request: Request, requirements: readonly Condition[]): Promise<Verdict> {
  for (const condition of requirements) {
    if (await condition.test(request)) continue;
    request.log("info", "ssl", `AH02228: Failed expression: ${condition.text}`);
    request.log(
      "error",
      "ssl",
      `AH02229: access to ${request.filename} failed, reason: SSL requirement expression not fulfilled`,
    );
    return refuse(403);
  }
  return undefined;
}

/** SSLUserName and FakeBasicAuth: who the client is, by its certificate. */
export function nameUser(request: Request, { options, userName }: SslSettings): Verdict {
  const { tls } = request.connection;
  if (!tls || !isVerified(tls.socket)) return undefined;
  if (userName !== undefined) {
    const value = sslVariable(userName)(request) ?? request.environment.get(userName);
    if (value !== undefined && value !== "") request.user = value;
  }
  if (!optionsOf(options).has("FakeBasicAuth") || request.headers.has("authorization")) return undefined;
  const name = sslVariable("SSL_CLIENT_S_DN")(request, true) ?? "";
  // A colon would end the name early.
  if (name.includes(":")) return refuse(403);
  request.headers.set("Authorization", `Basic ${Buffer.from(`${name}:password`, "latin1").toString("base64")}`);
  return undefined;
}

/** Whoever sends the password of FakeBasicAuth by hand is refused. */
export function refuseFake(request: Request, { options }: SslSettings): Verdict {
  if (!optionsOf(options).has("FakeBasicAuth")) return undefined;
  const field = request.headers.get("authorization") ?? "";
  const [, encoded] = /^Basic +(\S+)$/i.exec(field) ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("latin1");
  return text.startsWith("/") && text.endsWith(":password") ? refuse(403) : undefined;
}

/** HTTPS, SSL_TLS_SNI, and what SSLOptions adds. */
export function setVariables(request: Request, { options }: SslSettings): undefined {
  const { tls } = request.connection;
  if (!tls) return undefined;
  const { environment } = request;
  environment.set("HTTPS", "on");
  const sni = serverName(request);
  if (sni !== undefined) environment.set("SSL_TLS_SNI", sni);
  const chosen = optionsOf(options);
  if (chosen.has("StdEnvVars")) {
    for (const [name, value] of standardVariables(request, tls.socket)) environment.set(name, value);
  }
  if (chosen.has("ExportCertData")) {
    for (const [name, value] of certificateTexts(request, tls.socket)) environment.set(name, value);
  }
  return undefined;
}

const serverName = sslVariable("SSL_TLS_SNI");
