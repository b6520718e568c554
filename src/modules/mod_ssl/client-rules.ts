// The settings of a virtual host → what clients' certificates must be like there.
import type { VirtualHost } from "../../api/index.js";
import { certificatesIn } from "./certificate.js";
import type { ClientRules } from "./client-certificates.js";
import { messageOf, readNamed, readNamedBoth, TlsFault, type Files } from "./named-files.js";
import type { OcspRules } from "./ocsp-check.js";
import { revocationListsIn, type RevocationList } from "./revocation.js";
import type { NamedFile, SslSettings } from "./settings.js";

/** Reads the files the settings name. Throws a TlsFault. */
export function clientRules(settings: SslSettings, host: VirtualHost, files: Files): ClientRules {
  const { verifyClient, verifyDepth, authorities, authorityFolder, revocationCheck } = settings;
  const directive = "SSLCACertificate";
  const texts = readNamedBoth(authorities, authorityFolder, { directive, kind: "certificates", files });
  const log = (message: string): void => host.errorLog.write({ level: "error", module: "ssl", message });
  return {
    level: verifyClient,
    depth: verifyDepth,
    authorities: orFault(() => certificatesIn(texts), { directive, file: authorities ?? authorityFolder }),
    revocation: { ...revocationCheck, lists: revocationLists(settings, files) },
    ocsp: ocspRules(settings, files),
    log,
  };
}

function revocationLists(
  { revocations, revocationFolder, revocationCheck }: SslSettings,
  files: Files,
): RevocationList[] {
  if (revocationCheck.covers === "none") return [];
  const named = revocations ?? revocationFolder;
  if (!named) throw new TlsFault("SSLCARevocationCheck needs an SSLCARevocationFile or SSLCARevocationPath", undefined);
  return readLists(
    readNamedBoth(revocations, revocationFolder, { directive: "SSLCARevocation", kind: "lists", files }),
    named,
  );
}

/** The lists of revoked certificates in texts of a file or folder. Throws a TlsFault where one cannot be read. */
export function readLists(texts: readonly string[], file: NamedFile): RevocationList[] {
  return orFault(() => texts.flatMap(revocationListsIn), { directive: "lists of revoked certificates", file });
}

function ocspRules(settings: SslSettings, files: Files): OcspRules | undefined {
  const { ocsp, ocspUrl, ocspForced, ocspResponders, ocspProxy } = settings;
  if (!ocsp) return undefined;
  const directive = "SSLOCSPResponderCertificateFile";
  return {
    ...ocsp,
    url: ocspUrl,
    isForced: ocspForced,
    timeout: settings.ocspTimeout * 1000,
    skew: settings.ocspSkew * 1000,
    maxAge: settings.ocspMaxAge * 1000,
    sendsNonce: settings.ocspNonce,
    verifies: settings.ocspVerifies,
    responders: ocspResponders
      ? orFault(() => certificatesIn([readNamed(ocspResponders, directive, files)]), {
          directive,
          file: ocspResponders,
        })
      : [],
    proxy: ocspProxy === undefined ? undefined : new URL(ocspProxy),
  };
}

function orFault<T>(read: () => T, { directive, file }: { directive: string; file: NamedFile | undefined }): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof TlsFault) throw error;
    throw new TlsFault(`${directive}: ${file?.path ?? "?"} cannot be used: ${messageOf(error)}`, file?.origin);
  }
}
