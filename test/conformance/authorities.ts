// Authorities below each other and certificates of them, good and not so good, made by OpenSSL for the time of a test.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KeyPair } from "./certificates.js";

/** What a certificate is to be like. */
interface Wanted {
  readonly name: string;
  /** Whose it is; none: its own. */
  readonly by?: string;
  readonly isAuthority?: boolean;
  readonly subject?: string;
  /** Extensions, beside those of its kind. */
  readonly extensions?: readonly string[];
  readonly from?: string;
  readonly until?: string;
  readonly isRevoked?: boolean;
}

/** Texts of certificates, keys and lists of revoked ones, by name; and what an OCSP responder needs. */
export interface Authorities {
  readonly pairs: Readonly<Record<string, KeyPair>>;
  /** By the authority's name; "NAME.old" has expired. */
  readonly lists: Readonly<Record<string, string>>;
  /** The index of an authority, as `openssl ocsp -index` wants it. */
  readonly indexes: Readonly<Record<string, string>>;
}

const configuration = `[ca]
default_ca = own
[own]
database = $ENV::OWN/index
serial = $ENV::OWN/serial
new_certs_dir = $ENV::OWN
default_md = sha256
policy = any
unique_subject = no
default_days = 30
default_crl_days = 30
string_mask = utf8only
[any]
[req]
distinguished_name = dn
string_mask = utf8only
[dn]
`;

/** Makes them, in the order they are wanted. */
export function makeAuthorities(wanted: readonly Wanted[]): Authorities {
  const folder = mkdtempSync(join(tmpdir(), "authorities-"));
  const run = (own: string, ...args: string[]): void =>
    void execFileSync("openssl", args, {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, OWN: own },
    });
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  writeFileSync(join(folder, "conf"), configuration);
  try {
    const pairs: Record<string, KeyPair> = {};
    for (const one of wanted) {
      makeOne(folder, run, one);
      pairs[one.name] = { key: read(`${one.name}.key`), cert: read(`${one.name}.pem`) };
    }
    const lists: Record<string, string> = {};
    const indexes: Record<string, string> = {};
    for (const { name, isAuthority } of wanted) {
      if (!isAuthority) continue;
      const list = ["ca", "-config", "conf", "-gencrl", "-cert", `${name}.pem`, "-keyfile", `${name}.key`];
      run(name, ...list, "-out", `${name}.crl`);
      run(name, ...list, "-out", `${name}.old`, "-crl_lastupdate", "200101000000Z", "-crl_nextupdate", "200201000000Z");
      lists[name] = read(`${name}.crl`);
      lists[`${name}.old`] = read(`${name}.old`);
      indexes[name] = read(`${name}/index`);
    }
    return { pairs, lists, indexes };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function makeOne(
  folder: string,
  run: (own: string, ...args: string[]) => void,
  { name, by = name, isAuthority = false, subject = `/CN=${name}`, extensions = [], from, until, isRevoked }: Wanted,
): void {
  for (const signer of isAuthority ? [name, by] : [by]) {
    if (existsSync(join(folder, signer))) continue;
    mkdirSync(join(folder, signer));
    writeFileSync(join(folder, signer, "index"), "");
    writeFileSync(join(folder, signer, "serial"), "1001\n");
  }
  const kind = isAuthority
    ? ["basicConstraints=critical,CA:TRUE", "keyUsage=keyCertSign,cRLSign"]
    : ["basicConstraints=CA:FALSE"];
  writeFileSync(join(folder, `${name}.ext`), [...kind, ...extensions].join("\n"));
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", `${name}.key`];
  run(by, "req", "-config", "conf", "-utf8", ...key, "-out", `${name}.req`, "-subj", subject, "-multivalue-rdn");
  const issuer =
    by === name ? ["-selfsign", "-keyfile", `${name}.key`] : ["-cert", `${by}.pem`, "-keyfile", `${by}.key`];
  const dates = [...(from ? ["-startdate", from] : []), ...(until ? ["-enddate", until] : [])];
  const made = ["-in", `${name}.req`, "-out", `${name}.pem`, "-extfile", `${name}.ext`, "-notext", "-preserveDN"];
  run(by, "ca", "-config", "conf", "-batch", "-utf8", ...issuer, ...made, ...dates);
  if (isRevoked) run(by, "ca", "-config", "conf", ...issuer, "-revoke", `${name}.pem`);
}

/** Certificates with the names OpenSSL looks for in a folder: "HASH.0", or "HASH.r0" for lists. */
export function hashedNames(texts: readonly string[], kind: "x509" | "crl"): Record<string, string> {
  const found: Record<string, string> = {};
  for (const text of texts) {
    const hash = execFileSync("openssl", [kind, "-hash", "-noout"], { input: text }).toString().trim();
    const start = `${hash}.${kind === "crl" ? "r" : ""}`;
    const number = Object.keys(found).filter((name) => name.startsWith(start)).length;
    found[`${start}${number}`] = text;
  }
  return found;
}
