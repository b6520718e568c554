// Bytes with a signature → whether it is that of a key.
import { verify, type KeyObject } from "node:crypto";
import { derContents, derIdentifier, derWithin, type DerValue } from "./der.js";

/** What stands in a certificate, a list of revoked ones or an answer: bytes, and who signed them how. */
export interface Signed {
  readonly bytes: Buffer;
  /** Identifier of the algorithm. */
  readonly algorithm: string;
  readonly signature: Buffer;
}

/** Algorithms by their identifiers; undefined where the key says which hash. */
const hashes: ReadonlyMap<string, string | undefined> = new Map([
  ["1.2.840.113549.1.1.5", "sha1"],
  ["1.2.840.113549.1.1.11", "sha256"],
  ["1.2.840.113549.1.1.12", "sha384"],
  ["1.2.840.113549.1.1.13", "sha512"],
  ["1.2.840.10045.4.1", "sha1"],
  ["1.2.840.10045.4.3.2", "sha256"],
  ["1.2.840.10045.4.3.3", "sha384"],
  ["1.2.840.10045.4.3.4", "sha512"],
  ["1.3.101.112", undefined],
  ["1.3.101.113", undefined],
]);

/** What is signed, of a value that holds it, the algorithm and the signature. Throws where the value does not. */
export function readSigned(bytes: Buffer, value: DerValue): { readonly signed: Signed; readonly body: DerValue } {
  const [body, algorithm, signature] = derWithin(bytes, value);
  const [identifier] = algorithm ? derWithin(bytes, algorithm) : [];
  if (!body || !identifier || !signature) throw new Error("a part that is signed has an unknown form");
  const signed = {
    bytes: bytes.subarray(body.from, body.end),
    algorithm: derIdentifier(derContents(bytes, identifier)),
    // Behind the number of unused bits.
    signature: bytes.subarray(signature.start + 1, signature.end),
  };
  return { signed, body };
}

/** False also where the algorithm is not known. */
export function isSignedBy({ bytes, algorithm, signature }: Signed, key: KeyObject): boolean {
  if (!hashes.has(algorithm)) return false;
  try {
    return verify(hashes.get(algorithm), bytes, key, signature);
  } catch {
    // A key of another kind than the algorithm's.
    return false;
  }
}
