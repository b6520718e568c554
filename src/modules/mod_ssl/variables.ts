// A connection and its certificates → SSL_PROTOCOL, SSL_CIPHER, SSL_CLIENT_S_DN and the like.
import type { TLSSocket } from "node:tls";
import { version, type Request } from "../../api/index.js";
import { readCertificate, type Certificate } from "./certificate.js";
import { certificateEntries, certificateVariable, exactAssertion, extensionTexts } from "./certificate-variables.js";
import { peerOf } from "./chain.js";
import { verdictOf } from "./client-certificates.js";
import { derAt, derContents, derWithin } from "./der.js";
import { optionsOf, ssl } from "./settings.js";

/** The certificates of a connection, read when they are asked for. */
interface Certificates {
  readonly client: Certificate | undefined;
  readonly server: Certificate | undefined;
}

const known = new WeakMap<TLSSocket, Certificates>();

function certificatesOf(socket: TLSSocket): Certificates {
  let certificates = known.get(socket);
  if (!certificates) {
    const client = peerOf(socket).certificate;
    const server = socket.getX509Certificate();
    certificates = { client: client && readCertificate(client), server: server && readCertificate(server) };
    known.set(socket, certificates);
  }
  return certificates;
}

/** Whether the client sent a certificate. */
export function hasCertificate(socket: TLSSocket): boolean {
  return certificatesOf(socket).client !== undefined;
}

type Variable = (socket: TLSSocket) => string | undefined;

const ofConnection: Readonly<Record<string, Variable>> = {
  SSL_PROTOCOL: (socket) => socket.getProtocol() ?? undefined,
  SSL_CIPHER: (socket) => socket.getCipher().name,
  SSL_CIPHER_EXPORT: () => "false",
  SSL_CIPHER_USEKEYSIZE: (socket) => keySize(socket.getCipher().name),
  SSL_CIPHER_ALGKEYSIZE: (socket) => keySize(socket.getCipher().name),
  SSL_COMPRESS_METHOD: () => "NULL",
  SSL_SECURE_RENEG: () => "true",
  SSL_TLS_SNI: (socket) => (typeof socket.servername === "string" ? socket.servername : undefined),
  SSL_SESSION_ID: sessionId,
  SSL_SESSION_RESUMED: (socket) => (socket.isSessionReused() ? "Resumed" : "Initial"),
  SSL_CLIENT_VERIFY: (socket) => verdictOf(socket),
};

/** Known without a connection that is encrypted, too. */
const versions: Readonly<Record<string, string>> = {
  SSL_VERSION_INTERFACE: `mod_ssl/${version}`,
  SSL_VERSION_LIBRARY: `OpenSSL/${process.versions.openssl.replace(/\+.*/, "")}`,
  SSL_VERSION_LIBRARY_INTERFACE: `OpenSSL/${process.versions.openssl.replace(/\+.*/, "")}`,
};

function keySize(cipher: string): string {
  if (/3DES|DES-CBC3/.test(cipher)) return "168";
  return /(?:AES|ARIA|CAMELLIA)[-_]?256|CHACHA20/.test(cipher) ? "256" : "128";
}

/** It stands behind two versions and a cipher in what OpenSSL keeps of a session. */
function sessionId(socket: TLSSocket): string | undefined {
  const session = socket.getSession();
  if (!session) return undefined;
  const [, , , id] = derWithin(session, derAt(session, 0));
  return id && derContents(session, id).toString("hex");
}

/** Reads a variable of a request; undefined where there is none, or no encryption. */
type Reader = (request: Request, isLegacy?: boolean) => string | undefined;

const none: Reader = () => undefined;
const readers = new Map<string, Reader>();

/** What reads the variable with a full name, as a configuration has it. */
export function sslVariable(name: string): Reader {
  let reader = readers.get(name);
  if (!reader) readers.set(name, (reader = readerOf(name)));
  return reader;
}

function readerOf(name: string): Reader {
  const upper = name.toUpperCase();
  const text = Object.hasOwn(versions, upper) ? versions[upper] : undefined;
  if (text !== undefined) return () => text;
  const own = Object.hasOwn(ofConnection, upper) ? ofConnection[upper] : undefined;
  if (own) return ({ connection: { tls } }) => tls && own(tls.socket);
  const [, side, rest = ""] = /^SSL_(CLIENT|SERVER)_(.+)$/i.exec(name) ?? [];
  const isClient = side?.toUpperCase() === "CLIENT";
  const [, number] = /^CERT_CHAIN_(\d+)$/i.exec(rest) ?? [];
  if (number !== undefined && isClient) {
    return ({ connection: { tls } }) => tls && chainCertificates(tls.socket)[Number(number)];
  }
  const variable = isClient && /^CERT_RFC4523_CEA$/i.test(rest) ? exactAssertion : certificateVariable(rest);
  if (!variable) return none;
  return (request, isLegacy) => {
    const { tls } = request.connection;
    if (!tls) return undefined;
    const { client, server } = certificatesOf(tls.socket);
    const certificate = isClient ? client : server;
    return certificate && variable(certificate, isLegacy ?? isLegacyFor(request));
  };
}

function isLegacyFor(request: Request): boolean {
  return optionsOf(request.settings(ssl).options).has("LegacyDNStringFormat");
}

/** Certificates the client sent behind its own. */
function chainCertificates(socket: TLSSocket): string[] {
  return peerOf(socket).sent.map((certificate) => certificate.toString());
}

const ofEach = ["M_VERSION", "M_SERIAL", "V_START", "V_END", "V_REMAIN", "S_DN", "I_DN", "A_KEY", "A_SIG"];
/** What StdEnvVars sets of each connection, beside attributes and alternative names. */
const standardReaders: readonly (readonly [string, Reader])[] = [
  ...["SSL_VERSION_INTERFACE", "SSL_VERSION_LIBRARY"],
  ...Object.keys(ofConnection),
  "SSL_CLIENT_CERT_RFC4523_CEA",
  ...ofEach.flatMap((name) => [`SSL_CLIENT_${name}`, ...(name === "V_REMAIN" ? [] : [`SSL_SERVER_${name}`])]),
].map((name) => [name, sslVariable(name)]);

/** The variables of StdEnvVars: [name, value]; those without a value are left out. */
export function* standardVariables(request: Request, socket: TLSSocket): Iterable<readonly [string, string]> {
  const isLegacy = isLegacyFor(request);
  for (const [name, read] of standardReaders) {
    const value = read(request, isLegacy);
    if (value !== undefined && value !== "") yield [name, value];
  }
  const { client, server } = certificatesOf(socket);
  for (const [certificate, prefix] of [
    [server, "SSL_SERVER_"],
    [client, "SSL_CLIENT_"],
  ] as const) {
    if (!certificate) continue;
    for (const [name, value] of certificateEntries(certificate, certificate === server)) yield [prefix + name, value];
  }
}

/** The variables of ExportCertData. */
export function* certificateTexts(request: Request, socket: TLSSocket): Iterable<readonly [string, string]> {
  for (const name of ["SSL_SERVER_CERT", "SSL_CLIENT_CERT"]) yield [name, sslVariable(name)(request) ?? ""];
  for (const [index, text] of chainCertificates(socket).entries()) yield [`SSL_CLIENT_CERT_CHAIN_${index}`, text];
}

/** Texts of an extension of the client's certificate, for PeerExtList in expressions. */
export function clientExtensions(name: string, { connection: { tls } }: Request): readonly string[] {
  const client = tls && certificatesOf(tls.socket).client;
  return client ? extensionTexts(client, name) : [];
}
