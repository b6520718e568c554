// Bytes in one encoding → bytes in another, piece by piece.
import iconv from "iconv-lite";

/** Why a text could not be translated; the message is that of the error log. */
export class TranslationError extends Error {
  override readonly name = "TranslationError";
}

const invalid = "AH02194: xlate filter - an input character was invalid";
const incomplete = "AH02196: xlate filter - incomplete char at end of input";

/** Whether there is such an encoding here. */
export function isEncoding(name: string): boolean {
  return iconv.encodingExists(name);
}

/** The way from one encoding to another for one text. What has no sign in either of them ends it with a TranslationError. */
export class Translation {
  readonly #decoder: Decoder;
  readonly #encoder: ReturnType<typeof iconv.getEncoder>;
  readonly #to: string;

  constructor(from: string, to: string) {
    this.#decoder = decoderOf(from);
    this.#encoder = iconv.getEncoder(to);
    this.#to = to;
  }

  write(piece: Buffer): Buffer {
    return this.#encode(this.#decoder.write(piece));
  }

  end(): Buffer {
    const rest = this.#encode(this.#decoder.end());
    return Buffer.concat([rest, this.#encoder.end() ?? Buffer.alloc(0)]);
  }

  #encode(text: string): Buffer {
    if (!isUnicode(this.#to) && /[^\0-\x7f]/.test(text)) checkSigns(text, this.#to);
    return this.#encoder.write(text);
  }
}

interface Decoder {
  write(piece: Buffer): string;
  end(): string;
}

function decoderOf(from: string): Decoder {
  if (/^utf-?8$/i.test(from)) {
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return {
      write: (piece) => orThrow(invalid, () => strict.decode(piece, { stream: true })),
      end: () => orThrow(incomplete, () => strict.decode()),
    };
  }
  const decoder = iconv.getDecoder(from, { stripBOM: false });
  const checked = (text: string, fault: string): string => {
    if (!isUnicode(from) && text.includes("\ufffd")) throw new TranslationError(fault);
    return text;
  };
  return {
    write: (piece) => checked(decoder.write(piece), invalid),
    end: () => checked(decoder.end() ?? "", incomplete),
  };
}

function orThrow(fault: string, decode: () => string): string {
  try {
    return decode();
  } catch {
    throw new TranslationError(fault);
  }
}

function isUnicode(name: string): boolean {
  return /^(?:utf|ucs|unicode)/i.test(name);
}

/** Signs that an encoding has, and has not, by its name. */
const known = new Map<string, Map<string, boolean>>();

function checkSigns(text: string, to: string): void {
  const signs = known.get(to) ?? new Map<string, boolean>();
  known.set(to, signs);
  for (const sign of text) {
    let has = signs.get(sign);
    if (has === undefined) signs.set(sign, (has = iconv.decode(iconv.encode(sign, to), to) === sign));
    if (!has) throw new TranslationError(invalid);
  }
}

const singles = new Map<string, boolean>();

/** Whether each of the 256 bytes becomes one byte: what is translated then keeps its length. */
export function keepsLength(from: string, to: string): boolean {
  const pair = `${from} ${to}`;
  const before = singles.get(pair);
  if (before !== undefined) return before;
  let keeps = true;
  try {
    for (let byte = 0; byte < 256 && keeps; byte++) {
      const translation = new Translation(from, to);
      keeps = translation.write(Buffer.of(byte)).length + translation.end().length === 1;
    }
  } catch (error) {
    if (!(error instanceof TranslationError)) throw error;
    keeps = false;
  }
  singles.set(pair, keeps);
  return keeps;
}
