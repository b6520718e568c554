// The settings of a virtual host → what its connections are encrypted with, or why they cannot be.
import { execFileSync } from "node:child_process";
import { constants, createPrivateKey, hkdfSync } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import type { ManagedCredentials, Origin } from "../../api/index.js";
import type { NamedFile, SslSettings } from "./settings.js";

/** A fault with the directive it is in. */
export class TlsFault extends Error {
  readonly origin: Origin | undefined;

  constructor(reason: string, origin: Origin | undefined) {
    super(reason);
    this.origin = origin;
  }
}

/** Who the settings are for, and what all workers share. */
export interface ContextOptions {
  /** "name:port", for a program that gives pass phrases. */
  readonly name: string;
  readonly secret: Buffer;
  /** What a module that looks after certificates has for the virtual host; "awaited": it will. */
  readonly managed?: ManagedCredentials | "awaited" | undefined;
}

/** What the files named by directives hold. */
export interface OwnCredentials {
  readonly cert: string[];
  readonly key: string[];
}

/** TLS 1.3's own, where only the ciphers of the older versions are named. */
const usualCiphers13 = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";
/** Milliseconds a program may take for a pass phrase. */
const programLimit = 60_000;

/** Makes the context, and what it is made of. Throws a TlsFault. */
export function makeContext(
  settings: SslSettings,
  { name, secret, managed }: ContextOptions,
): { readonly context: SecureContext; readonly options: SecureContextOptions; readonly own: OwnCredentials } {
  const { certificates, keys, versions, ciphers, ciphers13, verifyClient, tickets } = settings;
  const [first] = certificates;
  if (!first && !managed) {
    throw new TlsFault("SSLEngine is on, and no SSLCertificateFile says with which certificate", undefined);
  }
  const keyFiles = keys.length > 0 ? keys : certificates;
  const own = ownCredentials(settings, keyFiles, name);
  const options: SecureContextOptions = {
    ...withManaged(own, managed),
    minVersion: settings.leastVersion ?? versions.least,
    maxVersion: settings.mostVersion ?? versions.most,
    ciphers: `${ciphers13 ?? usualCiphers13}:${ciphers}`,
    honorCipherOrder: settings.honorsOrder,
    dhparam: settings.dhParameters ? read(settings.dhParameters, "DHParameters") : "auto",
    sessionIdContext: name.slice(0, 32),
    ticketKeys: ticketKeys(settings, secret),
    ...(settings.curves === undefined ? {} : { ecdhCurve: settings.curves }),
    ...(settings.signatureAlgorithms === undefined ? {} : { sigalgs: settings.signatureAlgorithms }),
    ...(tickets ? {} : { secureOptions: constants.SSL_OP_NO_TICKET }),
    ...authorities(settings),
  };
  if (settings.checksRevocation) {
    if (!settings.revocations) throw new TlsFault("SSLCARevocationCheck needs an SSLCARevocationFile", undefined);
    options.crl = read(settings.revocations, "SSLCARevocationFile");
  }
  if ((verifyClient === "require" || verifyClient === "optional") && options.ca === undefined) {
    const needed = "SSLVerifyClient needs SSLCACertificateFile or SSLCACertificatePath: whose certificates are good?";
    throw new TlsFault(needed, undefined);
  }
  try {
    return { context: createSecureContext(options), options, own };
  } catch (error) {
    const named = first ?? { path: "the certificate", origin: undefined };
    throw new TlsFault(faultOf(error, named.path, keyFiles[0]), named.origin);
  }
}

/** The same with credentials that have been renewed; what is read from other files stays as it is. */
export function renewContext(
  options: SecureContextOptions,
  own: OwnCredentials,
  managed: ManagedCredentials,
): { readonly context: SecureContext; readonly options: SecureContextOptions } {
  const renewed = { ...options, ...withManaged(own, managed) };
  return { context: createSecureContext(renewed), options: renewed };
}

function ownCredentials(settings: SslSettings, keyFiles: readonly NamedFile[], name: string): OwnCredentials {
  const { certificates, chain } = settings;
  const chainText = chain ? `\n${read(chain, "SSLCertificateChainFile")}` : "";
  return {
    cert: certificates.map((file) => read(file, "SSLCertificateFile") + chainText),
    key: keyFiles.map((file) => readKey(file, settings, name)),
  };
}

function withManaged(own: OwnCredentials, managed: ContextOptions["managed"]): Partial<OwnCredentials> {
  const isOwnEnough = !managed || managed === "awaited" || (managed.isTemporary && own.cert.length > 0);
  const more = isOwnEnough ? [] : managed.credentials;
  const cert = [...own.cert, ...more.map(({ certificate }) => certificate)];
  return cert.length === 0 ? {} : { cert, key: [...own.key, ...more.map(({ key }) => key)] };
}

function authorities(settings: SslSettings): { readonly ca?: string[] } {
  const { authorities, authorityFolder } = settings;
  const ca = authorities ? [read(authorities, "SSLCACertificateFile")] : [];
  if (authorityFolder) {
    try {
      // As c_rehash names them.
      const names = readdirSync(authorityFolder.path).filter((name) => /^[0-9a-f]{8}\.\d+$/.test(name));
      for (const name of names) ca.push(readFileSync(join(authorityFolder.path, name), "utf8"));
    } catch (error) {
      throw new TlsFault(`SSLCACertificatePath: ${messageOf(error)}`, authorityFolder.origin);
    }
  }
  return ca.length > 0 ? { ca } : {};
}

/** The same in all workers, so that a session begun with one goes on with another. */
function ticketKeys({ ticketKeyFile }: SslSettings, secret: Buffer): Buffer {
  if (!ticketKeyFile) return Buffer.from(hkdfSync("sha256", secret, "", "TLS session tickets", 48));
  let bytes: Buffer;
  try {
    bytes = readFileSync(ticketKeyFile.path);
  } catch (error) {
    throw new TlsFault(`SSLSessionTicketKeyFile: ${messageOf(error)}`, ticketKeyFile.origin);
  }
  if (bytes.length === 48) return bytes;
  throw new TlsFault(
    `SSLSessionTicketKeyFile: ${ticketKeyFile.path} must hold 48 bytes, found ${bytes.length}`,
    ticketKeyFile.origin,
  );
}

function read({ path, origin }: NamedFile, directive: string): string {
  try {
    const text = readFileSync(path, "utf8");
    if (text.trim() !== "") return text;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT")
      throw new TlsFault(`${directive}: file '${path}' cannot be read: ${messageOf(error)}`, origin);
  }
  throw new TlsFault(`${directive}: file '${path}' does not exist or is empty`, origin);
}

function readKey(file: NamedFile, { passPhraseProgram }: SslSettings, name: string): string {
  const text = read(file, "SSLCertificateKeyFile");
  if (!/ENCRYPTED/.test(text)) return text;
  if (passPhraseProgram === undefined) {
    throw new TlsFault(
      `the key in ${file.path} is encrypted, and there is no terminal to ask for its pass phrase: ` +
        "give a program with SSLPassPhraseDialog exec:/path, or decrypt it (openssl pkey -in key -out key.plain)",
      file.origin,
    );
  }
  try {
    const phrase = execFileSync(passPhraseProgram, [name, "0"], { timeout: programLimit, maxBuffer: 4096 }).toString();
    const passphrase = phrase.replace(/\r?\n$/, "");
    return createPrivateKey({ key: text, passphrase }).export({ type: "pkcs8", format: "pem" }).toString();
  } catch (error) {
    throw new TlsFault(`the key in ${file.path} was not decrypted: ${messageOf(error)}`, file.origin);
  }
}

function faultOf(error: unknown, certificate: string, key: NamedFile | undefined): string {
  const { code } = error as { readonly code?: string };
  switch (code) {
    case "ERR_OSSL_X509_KEY_VALUES_MISMATCH":
    case "ERR_OSSL_X509_KEY_TYPE_MISMATCH":
      return `the key in ${key?.path ?? "?"} is not the one of the certificate in ${certificate}`;
    case "ERR_SSL_NO_CIPHER_MATCH":
      return "SSLCipherSuite names no cipher that there is";
    case "ERR_OSSL_PEM_NO_START_LINE":
      return `${certificate}, ${key?.path ?? "?"} or a file of authorities holds no PEM text of the kind expected`;
    default:
      return `${certificate} cannot be used: ${messageOf(error)}`;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
