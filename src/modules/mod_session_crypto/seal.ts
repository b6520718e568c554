// A text and a passphrase → the text sealed by AES-GCM, and back; nobody without the passphrase reads or changes it.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, scryptSync } from "node:crypto";

/** AES with a key of so many bits. */
export type KeyBits = 128 | 192 | 256;

/** First byte of what is sealed, so that another construction can follow this one. */
const version = 1;
const saltLength = 16;
const tagLength = 16;
const ivLength = 12;
const purpose = Buffer.from("modhost session", "latin1");
/** Passphrases of .htaccess files come and go. */
const mostKeys = 256;
const keys = new Map<string, Buffer>();

/** The key of a passphrase (latin1), stretched by scrypt: some 50 ms of work at its first use. */
export function keyOf(passphrase: string): Buffer {
  const there = keys.get(passphrase);
  if (there) return there;
  const made = scryptSync(Buffer.from(passphrase, "latin1"), purpose, 32, { N: 16_384, r: 8, p: 1 });
  if (keys.size >= mostKeys) for (const oldest of keys.keys()) if (keys.delete(oldest)) break;
  keys.set(passphrase, made);
  return made;
}

/**
 * Seals a latin1 text: base64url of version, salt (16 bytes), tag (16 bytes) and the bytes encrypted. Key and nonce of each
 * text come from the passphrase's key and the salt by HKDF-SHA-256, so that no nonce is ever used twice with one key.
 */
export function seal(text: string, passphrase: string, bits: KeyBits): string {
  const salt = randomBytes(saltLength);
  const { key, iv } = derive(passphrase, salt, bits);
  const cipher = createCipheriv(`aes-${bits}-gcm`, key, iv, { authTagLength: tagLength });
  cipher.setAAD(purpose);
  const sealed = Buffer.concat([cipher.update(text, "latin1"), cipher.final()]);
  return Buffer.concat([Buffer.of(version), salt, cipher.getAuthTag(), sealed]).toString("base64url");
}

/** The text that was sealed by one of the passphrases; undefined where it was by none, or has been changed. */
export function unseal(text: string, passphrases: readonly string[], bits: KeyBits): string | undefined {
  if (!/^[\w-]+$/.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64url");
  const head = 1 + saltLength + tagLength;
  if (bytes.length < head || bytes[0] !== version) return undefined;
  const salt = bytes.subarray(1, 1 + saltLength);
  for (const passphrase of passphrases) {
    const { key, iv } = derive(passphrase, salt, bits);
    const decipher = createDecipheriv(`aes-${bits}-gcm`, key, iv, { authTagLength: tagLength });
    decipher.setAAD(purpose);
    decipher.setAuthTag(bytes.subarray(1 + saltLength, head));
    const opened = decipher.update(bytes.subarray(head));
    try {
      return Buffer.concat([opened, decipher.final()]).toString("latin1");
    } catch {
      // Not by this one.
    }
  }
  return undefined;
}

function derive(passphrase: string, salt: Buffer, bits: KeyBits): { readonly key: Buffer; readonly iv: Buffer } {
  const length = bits / 8;
  const bytes = Buffer.from(hkdfSync("sha256", keyOf(passphrase), salt, `session ${bits}`, length + ivLength));
  return { key: bytes.subarray(0, length), iv: bytes.subarray(length) };
}
