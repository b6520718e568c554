// The SSLProxy settings of a request → how connections to its back end are encrypted, and what its certificate must be.
import type { X509Certificate } from "node:crypto";
import { createSecureContext, type ConnectionOptions, type SecureContextOptions, type TLSSocket } from "node:tls";
import type { ProxyTls, ProxyTlsProvider, ServerView } from "../../api/index.js";
import { certificatesIn, pemTexts } from "./certificate.js";
import { chainOf, peerOf } from "./chain.js";
import { readLists } from "./client-rules.js";
import { readNamed, readNamedFolder, TlsFault } from "./named-files.js";
import { revocationFault, type RevocationList } from "./revocation.js";
import { ssl, type NamedFile, type SslSettings } from "./settings.js";

/** What the files and folders hold that lines name, read as root. */
const texts = new Map<string, readonly string[]>();
const lists = new Map<string, readonly RevocationList[]>();
const keyText = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?-----END [A-Z ]*PRIVATE KEY-----/;
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
    const { proxyAuthorities, proxyAuthorityFolder, proxyRevocations, proxyRevocationFolder, proxyChain } = settings;
    if (proxyAuthorities)
      texts.set(proxyAuthorities.path, [readNamed(proxyAuthorities, "SSLProxyCACertificateFile", server)]);
    if (proxyAuthorityFolder) {
      const directive = "SSLProxyCACertificatePath";
      texts.set(
        proxyAuthorityFolder.path,
        readNamedFolder(proxyAuthorityFolder, { directive, kind: "certificates" }, server),
      );
    }
    if (proxyRevocations) {
      lists.set(
        proxyRevocations.path,
        readLists([readNamed(proxyRevocations, "SSLProxyCARevocationFile", server)], proxyRevocations),
      );
    }
    if (proxyRevocationFolder) {
      const found = readNamedFolder(
        proxyRevocationFolder,
        { directive: "SSLProxyCARevocationPath", kind: "lists" },
        server,
      );
      lists.set(proxyRevocationFolder.path, readLists(found, proxyRevocationFolder));
    }
    if (proxyChain) texts.set(proxyChain.path, [readNamed(proxyChain, "SSLProxyMachineCertificateChainFile", server)]);
    readIdentity(settings, server);
  }
}

/** Certificates with their keys, where they are named. */
function readIdentity({ proxyIdentity, proxyIdentityFolder }: Partial<SslSettings>, server: ServerView): void {
  if (proxyIdentity) {
    const directive = "SSLProxyMachineCertificateFile";
    const text = readNamed(proxyIdentity, directive, server);
    if (!hasKey(text)) {
      const reason = `${directive}: ${proxyIdentity.path} holds no private key behind the certificate`;
      throw new TlsFault(reason, proxyIdentity.origin);
    }
    texts.set(proxyIdentity.path, [text]);
  }
  if (!proxyIdentityFolder) return;
  const { path, origin } = proxyIdentityFolder;
  const directive = "SSLProxyMachineCertificatePath";
  const found = readNamedFolder(proxyIdentityFolder, { directive }, server).filter(hasKey);
  if (found.length !== 1) {
    throw new TlsFault(`${directive}: ${path} must hold one certificate with its key, found ${found.length}`, origin);
  }
  texts.set(path, found);
}

function textsOf(...files: readonly (NamedFile | undefined)[]): string[] {
  return files.flatMap((file) => (file ? (texts.get(file.path) ?? []) : []));
}

function hasKey(text: string): boolean {
  return keyText.test(text) && pemTexts(text).length > 0;
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
  const authorities = certificatesIn(textsOf(settings.proxyAuthorities, settings.proxyAuthorityFolder));
  return { options, check: (socket, name) => faultOf(socket, name, { settings, authorities }) };
}

function contextOptions(settings: SslSettings): ConnectionOptions {
  const { proxyVersions, proxyCiphers, proxyCiphers13 } = settings;
  const { proxyRevocationCheck, proxyRevocations, proxyRevocationFolder } = settings;
  if (proxyRevocationCheck.covers !== "none" && !proxyRevocations && !proxyRevocationFolder) {
    const needed = "SSLProxyCARevocationCheck needs an SSLProxyCARevocationFile or SSLProxyCARevocationPath";
    throw new TlsFault(needed, undefined);
  }
  const [identity] = textsOf(settings.proxyIdentity ?? settings.proxyIdentityFolder);
  const options: SecureContextOptions = {
    minVersion: proxyVersions.least,
    maxVersion: proxyVersions.most,
    ciphers: `${proxyCiphers13 ?? usualCiphers13}:${proxyCiphers}`,
    ca: textsOf(settings.proxyAuthorities, settings.proxyAuthorityFolder).flatMap(pemTexts),
  };
  if (identity !== undefined) {
    options.cert = [identity, ...textsOf(settings.proxyChain)].join("\n");
    options.key = keyText.exec(identity)?.[0] ?? "";
  }
  return { secureContext: createSecureContext(options) };
}

/** Why the certificate of a back end is not good enough. */
function faultOf(
  socket: TLSSocket,
  name: string,
  { settings, authorities }: { settings: SslSettings; authorities: readonly X509Certificate[] },
): string | undefined {
  const { proxyVerify, proxyVerifyDepth, proxyChecksExpiry, proxyChecksName, proxyChecksCn } = settings;
  // A session that goes on was looked at when it began.
  if (socket.isSessionReused()) return undefined;
  const { certificate, sent } = peerOf(socket);
  if (!certificate) return "the back end has no certificate";
  if (proxyVerify === "require" || proxyVerify === "optional") {
    const error: unknown = socket.authorizationError;
    if (!socket.authorized)
      return `the certificate is not good: ${error instanceof Error ? error.message : String(error)}`;
    const chain = chainOf(certificate, sent, authorities);
    if (!chain) return "the certificate is not good: its issuer is not known";
    const known = [settings.proxyRevocations, settings.proxyRevocationFolder].flatMap((file) =>
      file ? (lists.get(file.path) ?? []) : [],
    );
    const fault = revocationFault(chain, known, settings.proxyRevocationCheck);
    if (fault !== undefined) return `the certificate is not good: ${fault}`;
    if (chain.length - 1 > proxyVerifyDepth)
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
