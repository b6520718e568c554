// The words of MDPrivateKeys → kinds of key, and the files each is kept in.

/** A kind of key: RSA of so many bits, or an elliptic curve by its name in WebCrypto, and as it is written. */
export type KeyKind =
  | { readonly type: "RSA"; readonly bits: number }
  | { readonly type: "EC"; readonly curve: "P-256" | "P-384" | "P-521"; readonly name: string };

/** What is made where no line says otherwise. */
export const usualKeys: readonly KeyKind[] = [{ type: "RSA", bits: 2048 }];

const leastBits = 2048;
const mostBits = 16_384;
const curves: Readonly<Record<string, "P-256" | "P-384" | "P-521">> = {
  "p-256": "P-256",
  secp256r1: "P-256",
  prime256v1: "P-256",
  "p-384": "P-384",
  secp384r1: "P-384",
  "p-521": "P-521",
  secp521r1: "P-521",
};

/** Reads the words; a text says what is wrong with them. */
export function readKeyKinds(words: readonly string[]): readonly KeyKind[] | string {
  if (words[0]?.toLowerCase() === "default") {
    return words.length === 1 ? usualKeys : "'Default' allows no other parameter";
  }
  const kinds: KeyKind[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    const [, joined] = /^rsa(\d*)$/i.exec(word) ?? [];
    if (joined !== undefined) {
      const next = words[i + 1];
      const isNext = joined === "" && next !== undefined && /^\d/.test(next);
      const bits = isNext ? Number(next) : joined === "" ? leastBits : Number(joined);
      if (isNext) i++;
      if (!(bits >= leastBits)) return `must be ${leastBits} or higher in order to be considered safe.`;
      if (bits > mostBits) return `is too large for an RSA key length: at most ${mostBits}`;
      if (kinds.some(({ type }) => type === "RSA")) return "two keys of type 'RSA' are not possible.";
      kinds.push({ type: "RSA", bits });
      continue;
    }
    const curve = curves[word.toLowerCase()];
    if (!curve) return `must be of RSA [bits], P-256, P-384 and P-521, found "${word}": no authority signs other keys`;
    if (kinds.some((kind) => kind.type === "EC" && kind.curve === curve)) {
      return `two keys of type '${word}' are not possible.`;
    }
    kinds.push({ type: "EC", curve, name: word });
  }
  return kinds;
}

/** Names of the files of a key and its certificate. */
export interface FileNames {
  readonly key: string;
  readonly certificate: string;
}

/** Those that are written: as Apache has them, of the name that the curve is written with. */
export function fileNames(kind: KeyKind): FileNames {
  return kind.type === "RSA" ? named("") : named(`.${kind.name.toLowerCase()}`);
}

/** Those that are read: of the other names of the curve too, should somebody write it otherwise than before. */
export function knownFileNames(kind: KeyKind): readonly FileNames[] {
  if (kind.type === "RSA") return [named("")];
  const others = Object.keys(curves).filter((name) => curves[name] === kind.curve && name !== kind.name.toLowerCase());
  return [fileNames(kind), ...others.map((name) => named(`.${name}`))];
}

const named = (middle: string): FileNames => ({ key: `privkey${middle}.pem`, certificate: `pubcert${middle}.pem` });

/** As the status shows it. */
export function showKeyKind(kind: KeyKind): string {
  return kind.type === "RSA" ? "rsa" : kind.name;
}

/** As md.json has it. */
export function keyKindRecord(kind: KeyKind): object {
  return kind.type === "RSA" ? { type: "RSA", bits: kind.bits } : { type: "EC", curve: kind.name };
}
