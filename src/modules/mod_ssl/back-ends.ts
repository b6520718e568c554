// The SSLProxy settings of a request → how connections to its back end are encrypted, and what its certificate must be.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createSecureContext, type ConnectionOptions, type SecureContextOptions, type TLSSocket } from "node:tls";
import type { ProxyTls, ProxyTlsProvider, ServerView } from "../../api/index.js";
import { TlsFault } from "./contexts.js";
import { ssl, type NamedFile, type SslSettings } from "./settings.js";

/** Texts of the files that lines name, read as root. */
const files = new Map<string, string>();
const made = new WeakMap<SslSettings, ProxyTls>();

/** TLS 1.3's own, where only the ciphers of the older versions are named. */
const usualCiphers13 = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

/** For mod_proxy. */
export const backEndTls: ProxyTlsProvider = {
  settingsFor(request) {
    const settings = request.settings(ssl);
    if (!settings.proxyEngine) return undefined;
    let tls = made.get(settings);
    if (!tls) made.set(settings, (tls = makeTls(settings)));
    return tls;
  },
};

/** Reads what the lines of a configuration name; throws a TlsFault. */
export function readBackEndFiles(server: ServerView): void {
  for (const { settings } of server.everywhere(ssl)) {
    const { proxyAuthorities, proxyAuthorityFolder, proxyRevocations, proxyIdentity, proxyChain } = settings;
    for (const file of [proxyAuthorities, proxyRevocations, proxyIdentity, proxyChain]) {
      if (file) files.set(file.path, read(file));
    }
    if (proxyAuthorityFolder) files.set(proxyAuthorityFolder.path, readFolder(proxyAuthorityFolder));
    if (proxyIdentity && !/PRIVATE KEY/.test(files.get(proxyIdentity.path) ?? "")) {
      throw new TlsFault(
        `SSLProxyMachineCertificateFile: ${proxyIdentity.path} holds no private key behind the certificate`,
        proxyIdentity.origin,
      );
    }
  }
}

/** Looks whether what virtual hosts say can be used. */
export function checkBackEndTls(server: ServerView): void {
  try {
    readBackEndFiles(server);
  } catch (error) {
    if (!(error instanceof TlsFault)) throw error;
    server.error(error.message, error.origin);
    return;
  }
  for (const host of server.virtualHosts) {
    const settings = server.settings(ssl, host);
    if (!settings.proxyEngine) continue;
    try {
      contextOptions(settings);
    } catch (error) {
      server.error(`SSLProxy: ${error instanceof Error ? error.message : String(error)}`, host.origin);
    }
  }
}

function makeTls(settings: SslSettings): ProxyTls {
  const options: ConnectionOptions = contextOptions(settings);
  return { options, check: (socket, name) => faultOf(socket, name, settings) };
}

function contextOptions(settings: SslSettings): ConnectionOptions {
  const { proxyVersions, proxyCiphers, proxyCiphers13, proxyIdentity, proxyChain } = settings;
  const { proxyAuthorities, proxyAuthorityFolder, proxyRevocations } = settings;
  const ca = [proxyAuthorities, proxyAuthorityFolder].flatMap((file) => (file ? certificatesOf(textOf(file)) : []));
  const options: SecureContextOptions = {
    minVersion: proxyVersions.least,
    maxVersion: proxyVersions.most,
    ciphers: `${proxyCiphers13 ?? usualCiphers13}:${proxyCiphers}`,
    ca,
    ...(settings.proxyChecksRevocation && proxyRevocations ? { crl: textOf(proxyRevocations) } : {}),
  };
  if (settings.proxyChecksRevocation && !proxyRevocations) {
    throw new TlsFault("SSLProxyCARevocationCheck needs an SSLProxyCARevocationFile", undefined);
  }
  if (proxyIdentity) {
    const text = textOf(proxyIdentity);
    options.cert = text + (proxyChain ? `\n${textOf(proxyChain)}` : "");
    options.key = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?-----END [A-Z ]*PRIVATE KEY-----/.exec(text)?.[0] ?? "";
  }
  return { secureContext: createSecureContext(options) };
}

/** Why the certificate of a back end is not good enough. */
function faultOf(socket: TLSSocket, name: string, settings: SslSettings): string | undefined {
  const { proxyVerify, proxyVerifyDepth, proxyChecksExpiry, proxyChecksName, proxyChecksCn } = settings;
  // A session that goes on was looked at when it began.
  if (socket.isSessionReused()) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return "the back end has no certificate";
  if (proxyVerify === "require" || proxyVerify === "optional") {
    const error: unknown = socket.authorizationError;
    if (!socket.authorized)
      return `the certificate is not good: ${error instanceof Error ? error.message : String(error)}`;
    const depth = depthOf(socket);
    if (depth > proxyVerifyDepth)
      return `the chain of its certificate is longer than SSLProxyVerifyDepth ${proxyVerifyDepth}`;
  }
  const now = Date.now();
  if (proxyChecksExpiry && (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo))) {
    return "AH02004: Peer certificate is expired";
  }
  if (proxyChecksName) {
    const hasName = /^[\d.]+$|:/.test(name)
      ? certificate.checkIP(name)
      : certificate.checkHost(name, { subject: "default" });
    if (hasName === undefined) return `AH02411: Peer certificate does not match for hostname ${name}`;
  } else if (proxyChecksCn) {
    const names = certificate.subject.split("\n").filter((line) => line.startsWith("CN="));
    if (!names.some((line) => line.slice("CN=".length).toLowerCase() === name.toLowerCase())) {
      return `AH02005: Peer certificate CN mismatch: ${names.join(" ")} for hostname ${name}`;
    }
  }
  return undefined;
}

/** Number of certificates between a back end's own and the one that is trusted. */
function depthOf(socket: TLSSocket): number {
  let depth = 0;
  const seen = new Set<string>();
  let certificate = socket.getPeerCertificate(true);
  while (certificate.issuerCertificate && !seen.has(certificate.fingerprint256)) {
    seen.add(certificate.fingerprint256);
    if (certificate.issuerCertificate.fingerprint256 === certificate.fingerprint256) break;
    depth++;
    certificate = certificate.issuerCertificate;
  }
  return depth;
}

function textOf({ path }: NamedFile): string {
  return files.get(path) ?? "";
}

function certificatesOf(text: string): string[] {
  return text.match(/-----BEGIN (TRUSTED )?CERTIFICATE-----[^]*?-----END (TRUSTED )?CERTIFICATE-----/g) ?? [];
}

function read({ path, origin }: NamedFile): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new TlsFault(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, origin);
  }
}

function readFolder({ path, origin }: NamedFile): string {
  try {
    // As c_rehash names them.
    const names = readdirSync(path).filter((name) => /^[0-9a-f]{8}\.\d+$/.test(name));
    return names.map((name) => readFileSync(join(path, name), "utf8")).join("\n");
  } catch (error) {
    throw new TlsFault(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, origin);
  }
}
