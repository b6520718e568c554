// A connection and its certificates → SSL_PROTOCOL, SSL_CIPHER, SSL_CLIENT_S_DN and the like.
import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { version, type Request } from "../../api/index.js";
import { certificateVariable, certificateVariables } from "./certificate.js";

/** The certificates of a connection, read when they are asked for. */
interface Certificates {
  readonly client: X509Certificate | undefined;
  readonly server: X509Certificate | undefined;
}

const known = new WeakMap<TLSSocket, Certificates>();

function certificatesOf(socket: TLSSocket): Certificates {
  let certificates = known.get(socket);
  if (!certificates) {
    certificates = { client: socket.getPeerX509Certificate(), server: socket.getX509Certificate() };
    known.set(socket, certificates);
  }
  return certificates;
}

/** The client's certificate, if it sent one. */
export function clientCertificate(socket: TLSSocket): X509Certificate | undefined {
  return certificatesOf(socket).client;
}

type Variable = (socket: TLSSocket, request: Request) => string | undefined;

const ofConnection: Readonly<Record<string, Variable>> = {
  SSL_VERSION_INTERFACE: () => `mod_ssl/${version}`,
  SSL_VERSION_LIBRARY: () => `OpenSSL/${process.versions.openssl}`,
  SSL_PROTOCOL: (socket) => socket.getProtocol() ?? undefined,
  SSL_CIPHER: (socket) => socket.getCipher().name,
  SSL_CIPHER_EXPORT: () => "false",
  SSL_CIPHER_USEKEYSIZE: (socket) => keySize(socket.getCipher().name),
  SSL_CIPHER_ALGKEYSIZE: (socket) => keySize(socket.getCipher().name),
  SSL_COMPRESS_METHOD: () => "NULL",
  SSL_SECURE_RENEG: () => "true",
  SSL_TLS_SNI: (socket) => (typeof socket.servername === "string" ? socket.servername : undefined),
  SSL_SESSION_RESUMED: (socket) => (socket.isSessionReused() ? "Resumed" : "Initial"),
  SSL_CLIENT_VERIFY: (socket) => {
    if (!clientCertificate(socket)) return "NONE";
    return socket.authorized ? "SUCCESS" : `FAILED:${String(socket.authorizationError)}`;
  },
};

function keySize(cipher: string): string {
  if (/3DES|DES-CBC3/.test(cipher)) return "168";
  return /(?:AES|ARIA|CAMELLIA)[-_]?256|CHACHA20/.test(cipher) ? "256" : "128";
}

/** The value of a variable by its full name; undefined where there is none, or no encryption. */
export function sslVariable(request: Request, name: string, isLegacy = false): string | undefined {
  const { tls } = request.connection;
  if (!tls) return undefined;
  const own = ofConnection[name];
  if (own) return own(tls.socket, request);
  const [, side, rest] = /^SSL_(CLIENT|SERVER)_(.+)$/.exec(name) ?? [];
  if (rest === undefined) return undefined;
  const { client, server } = certificatesOf(tls.socket);
  const certificate = side === "CLIENT" ? client : server;
  const [, number] = /^CERT_CHAIN_(\d+)$/.exec(rest) ?? [];
  if (number !== undefined) return side === "CLIENT" ? chainCertificate(tls.socket, Number(number)) : undefined;
  return certificate && certificateVariable(certificate, rest, isLegacy);
}

/** A certificate the client sent behind its own. */
function chainCertificate(socket: TLSSocket, number: number): string | undefined {
  let at = socket.getPeerCertificate(true);
  for (let count = 0; count <= number; count++) {
    const issuer = at.issuerCertificate as typeof at | undefined;
    if (!issuer || issuer === at) return undefined;
    at = issuer;
  }
  return new X509Certificate(at.raw).toString();
}

const ofCertificates = ["CLIENT", "SERVER"].flatMap((side) =>
  certificateVariables.filter((name) => name !== "V_REMAIN" || side === "CLIENT").map((name) => `SSL_${side}_${name}`),
);

/** Names of the variables that expressions and environments have. */
export const variableNames: readonly string[] = [...Object.keys(ofConnection), ...ofCertificates];

/** What StdEnvVars sets: all but the certificates themselves. */
export const standardNames: readonly string[] = variableNames.filter((name) => !name.endsWith("_CERT"));
