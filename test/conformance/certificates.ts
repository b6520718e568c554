// Names → keys and certificates, made by OpenSSL for the time of a test.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A key and its certificate, in PEM. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

function inFolder<T>(make: (run: (...args: string[]) => void, read: (name: string) => string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "certificates-"));
  try {
    return make(
      (...args) => void execFileSync("openssl", args, { cwd: folder, stdio: "ignore" }),
      (name) => readFileSync(join(folder, name), "utf8"),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A certificate that signs itself: "/CN=www.test". */
export function selfSigned(subject: string, ...more: string[]): KeyPair {
  return signedBySelf(newKey, subject, more);
}

/** The same with a key of RSA. */
export function selfSignedRsa(subject: string, ...more: string[]): KeyPair {
  return signedBySelf(["-newkey", "rsa:2048", "-nodes"], subject, more);
}

function signedBySelf(kind: readonly string[], subject: string, more: readonly string[]): KeyPair {
  return inFolder((run, read) => {
    const extensions = more.flatMap((extension) => ["-addext", extension]);
    run("req", "-x509", ...kind, "-keyout", "key", "-out", "cert", "-days", "30", "-subj", subject, ...extensions);
    return { key: read("key"), cert: read("cert") };
  });
}

/** An authority, and a certificate of it. */
export function signed(authority: string, subject: string): KeyPair & { readonly authority: string } {
  return inFolder((run, read) => {
    run("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca", "-days", "30", "-subj", authority);
    run("req", ...newKey, "-keyout", "key", "-out", "request", "-subj", subject);
    run(
      "x509",
      "-req",
      "-in",
      "request",
      "-CA",
      "ca",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-out",
      "cert",
      "-days",
      "30",
    );
    return { key: read("key"), cert: read("cert"), authority: read("ca") };
  });
}
