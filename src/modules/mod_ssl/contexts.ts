// The settings of a virtual host → what its connections are encrypted with, or why they cannot be.
import { execFileSync } from "node:child_process";
import { constants, createPrivateKey, hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import type { ManagedCredentials } from "../../api/index.js";
import { lastOfEachKind } from "./alone.js";
import { pemTexts } from "./certificate.js";
import { messageOf, readNamed, readNamedBoth, TlsFault, type Files } from "./named-files.js";
import type { NamedFile, PassPhraseProgram, SslSettings } from "./settings.js";

/** Who the settings are for, and what all workers share. */
export interface ContextOptions {
  /** "name:port", for a program that gives pass phrases. */
  readonly name: string;
  /** Whether clients are asked for a certificate. */
  readonly asks: boolean;
  readonly secret: Buffer;
  /** What a module that looks after certificates has for the virtual host; "awaited": it will. */
  readonly managed?: ManagedCredentials | "awaited" | undefined;
  readonly files: Files;
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
/** What Apache calls the first keys of a virtual host to such a program, whatever their kind. */
const keyWords = ["RSA", "DSA", "ECC"];

/** What contexts are made of; tried, so that faults are found before clients come. Throws a TlsFault. */
export function contextOptions(
  settings: SslSettings,
  { name, secret, managed, asks, files }: ContextOptions,
): { readonly options: SecureContextOptions; readonly own: OwnCredentials } {
  const { certificates, keys, versions, ciphers, ciphers13, verifyClient } = settings;
  const [first] = certificates;
  if (!first && !managed) {
    throw new TlsFault("SSLEngine is on, and no SSLCertificateFile says with which certificate", undefined);
  }
  // A certificate without a line for its key has it in its own file.
  const keyFiles = certificates.map((certificate, index) => keys[index] ?? certificate);
  const own = ownCredentials(settings, keyFiles, { name, files });
  const ca = readNamedBoth(settings.authorities, settings.authorityFolder, {
    directive: "SSLCACertificate",
    kind: "certificates",
    files,
  }).flatMap(pemTexts);
  // Nothing of a ticket says what was found out about the chain behind a client's certificate.
  const givesTickets = settings.tickets && !asks;
  const options: SecureContextOptions = {
    ...withManaged(own, managed),
    minVersion: settings.leastVersion ?? versions.least,
    maxVersion: settings.mostVersion ?? versions.most,
    ciphers: `${ciphers13 ?? usualCiphers13}:${ciphers}`,
    honorCipherOrder: settings.honorsOrder,
    dhparam: settings.dhParameters ? readNamed(settings.dhParameters, "DHParameters", files) : "auto",
    sessionIdContext: name.slice(0, 32),
    ticketKeys: ticketKeys(settings, secret, files),
    ...(settings.curves === undefined ? {} : { ecdhCurve: settings.curves }),
    ...(settings.signatureAlgorithms === undefined ? {} : { sigalgs: settings.signatureAlgorithms }),
    ...(settings.sessionTimeout === undefined ? {} : { sessionTimeout: settings.sessionTimeout }),
    // With `disableRenegotiation` of Node a second handshake is done all the same; so the client is told no, as by Apache.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | (givesTickets ? 0 : constants.SSL_OP_NO_TICKET),
    ...(ca.length === 0 ? {} : { ca }),
  };
  if ((verifyClient === "require" || verifyClient === "optional") && options.ca === undefined) {
    const needed = "SSLVerifyClient needs SSLCACertificateFile or SSLCACertificatePath: whose certificates are good?";
    throw new TlsFault(needed, undefined);
  }
  try {
    createSecureContext(options);
    return { options, own };
  } catch (error) {
    const named = first ?? { path: "the certificate", origin: undefined };
    const unreadable = unreadableKey(own, keyFiles);
    if (unreadable) throw unreadable;
    throw new TlsFault(faultOf(error, named.path, keyFiles[0]), named.origin);
  }
}

/** The same with credentials that have been renewed; what is read from other files stays as it is. Throws an Error. */
export function renewedOptions(
  options: SecureContextOptions,
  own: OwnCredentials,
  managed: ManagedCredentials,
): SecureContextOptions {
  const renewed = { ...options, ...withManaged(own, managed) };
  createSecureContext(renewed);
  return renewed;
}

function ownCredentials(
  settings: SslSettings,
  keyFiles: readonly NamedFile[],
  { name, files }: Pick<ContextOptions, "name" | "files">,
): OwnCredentials {
  const { certificates, chain } = settings;
  const chainText = chain ? `\n${readNamed(chain, "SSLCertificateChainFile", files)}` : "";
  return {
    cert: certificates.map((file) => readNamed(file, "SSLCertificateFile", files) + chainText),
    key: keyFiles.map((file, index) => readKey(file, settings, { name, index, files })),
  };
}

function withManaged(own: OwnCredentials, managed: ContextOptions["managed"]): Partial<OwnCredentials> {
  const isOwnEnough = !managed || managed === "awaited" || (managed.isTemporary && own.cert.length > 0);
  const more = isOwnEnough ? [] : managed.credentials;
  const { kept } = lastOfEachKind([
    ...own.cert.map((cert, index) => ({ cert, key: own.key[index] ?? "" })),
    ...more.map(({ certificate, key }) => ({ cert: certificate, key })),
  ]);
  return kept.length === 0 ? {} : { cert: kept.map(({ cert }) => cert), key: kept.map(({ key }) => key) };
}

/** The same in all workers, so that a session begun with one goes on with another. */
function ticketKeys({ ticketKeyFile }: SslSettings, secret: Buffer, files: Files): Buffer {
  if (!ticketKeyFile) return Buffer.from(hkdfSync("sha256", secret, "", "TLS session tickets", 48));
  const { path, origin } = ticketKeyFile;
  const [text = ""] = files.readOnce(`mod_ssl: bytes of ${path}`, () => {
    try {
      return [readFileSync(path, "latin1")];
    } catch (error) {
      throw new TlsFault(`SSLSessionTicketKeyFile: ${messageOf(error)}`, origin);
    }
  });
  const bytes = Buffer.from(text, "latin1");
  if (bytes.length === 48) return bytes;
  throw new TlsFault(`SSLSessionTicketKeyFile: ${path} must hold 48 bytes, found ${bytes.length}`, origin);
}

function readKey(
  file: NamedFile,
  { passPhraseProgram }: SslSettings,
  { name, index, files }: { name: string; index: number; files: Files },
): string {
  const text = readNamed(file, "SSLCertificateKeyFile", files);
  if (!/ENCRYPTED/.test(text)) return text;
  if (passPhraseProgram === undefined) {
    throw new TlsFault(
      `the key in ${file.path} is encrypted, and there is no terminal to ask for its pass phrase: ` +
        "give a program with SSLPassPhraseDialog exec:/path, or decrypt it (openssl pkey -in key -out key.plain)",
      file.origin,
    );
  }
  try {
    // The program is asked once for each key of a virtual host, and not again by each worker.
    const [key = ""] = files.readOnce(`mod_ssl: key ${index} of ${name} in ${file.path}`, () => {
      const passphrase = passPhraseOf(passPhraseProgram, { name, index });
      return [createPrivateKey({ key: text, passphrase }).export({ type: "pkcs8", format: "pem" }).toString()];
    });
    return key;
  } catch (error) {
    throw new TlsFault(`the key in ${file.path} was not decrypted: ${messageOf(error)}`, file.origin);
  }
}

/** What a program prints up to the end of a line; one behind a pipe is asked on its input, as by Apache. */
function passPhraseOf({ path, isPipe }: PassPhraseProgram, { name, index }: { name: string; index: number }): string {
  const limits = { timeout: programLimit, maxBuffer: 4096 };
  const printed = isPipe
    ? execFileSync(path, [], { ...limits, input: `Private key ${name}:${index} (${name})\nEnter pass phrase:\n` })
    : execFileSync(path, [name, keyWords[index] ?? String(index)], { ...limits, stdio: ["ignore", "pipe", "inherit"] });
  return printed.toString().replace(/\r?\n[^]*$/, "");
}

/** OpenSSL does not say whether it was the certificate or the key that it could not read. */
function unreadableKey({ key }: OwnCredentials, files: readonly NamedFile[]): TlsFault | undefined {
  for (const [index, file] of files.entries()) {
    try {
      createPrivateKey(key[index] ?? "");
    } catch (error) {
      return new TlsFault(`${file.path} holds no private key that can be read: ${messageOf(error)}`, file.origin);
    }
  }
  return undefined;
}

function faultOf(error: unknown, certificate: string, key: NamedFile | undefined): string {
  const { code } = error as { readonly code?: string };
  switch (code) {
    case "ERR_OSSL_X509_KEY_VALUES_MISMATCH":
    case "ERR_OSSL_X509_KEY_TYPE_MISMATCH":
      return `the key in ${key?.path ?? "?"} is not the one of the certificate in ${certificate}`;
    case "ERR_SSL_NO_CIPHER_MATCH":
      return "SSLCipherSuite names no cipher that there is";
    case "ERR_SSL_INVALID_COMMAND":
      return "SSLCipherSuite is no list of ciphers as `openssl ciphers` takes it";
    case "ERR_OSSL_PEM_NO_START_LINE":
      return `${certificate}, ${key?.path ?? "?"} or a file of authorities holds no PEM text of the kind expected`;
    default:
      return `${certificate} cannot be used: ${messageOf(error)}`;
  }
}
