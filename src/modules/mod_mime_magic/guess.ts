// The first bytes of a file → its type, where no rule knows it: words of texts, tar archives, what is packed.
import { constants, gunzipSync } from "node:zlib";

const words: Readonly<Record<string, readonly string[]>> = {
  "text/html": ["<html>", "<HTML>", "<head>", "<HEAD>", "<title>", "<TITLE>", "<h1>", "<H1>", "<!--"],
  "text/plain": [
    ...[
      "/*",
      "#include",
      "char",
      "The",
      "the",
      "double",
      "extern",
      "float",
      "real",
      "struct",
      "union",
      "CFLAGS",
      "LDFLAGS",
    ],
    ...["all:", ".PRECIOUS", "subroutine", "function", "block", "common", "dimension", "integer", "data", ".ascii"],
    ...[".asciiz", ".byte", ".even", ".globl", "clr", "(input,", "dcl"],
  ],
  "message/rfc822": ["Received:", ">From", "Return-Path:", "Cc:"],
  "message/news": ["Newsgroups:", "Path:", "Organization:"],
};
const typeOfWord = new Map(Object.entries(words).flatMap(([type, all]) => all.map((word) => [word, type] as const)));
/** Bytes in which words are looked for. */
const searched = 1024;

/** The type of a text, or of a tar archive; undefined where nothing says it. */
export function guessType(bytes: Buffer): string | undefined {
  const text = bytes.toString("latin1", 0, searched).replace(/\0[^]*/, "");
  if (/^\.\s*(?:[A-Za-z0-9][A-Za-z0-9]|\\[A-Za-z0-9])/.test(text)) return "application/x-troff";
  if (/^[cC]\s/.test(text)) return "text/plain";
  for (const [word] of text.matchAll(/[^ \t\n\r\f]+/g)) {
    const type = typeOfWord.get(word);
    if (type !== undefined) return type;
  }
  return isTar(bytes) ? "application/x-tar" : undefined;
}

const record = 512;
const sumAt = 148;
const sumLength = 8;

/** Whether the sum in the first record of an archive is that of its bytes, the sum itself counted as blanks. */
function isTar(bytes: Buffer): boolean {
  if (bytes.length + 1 < record) return false;
  const written = bytes.toString("latin1", sumAt, sumAt + sumLength);
  const [, digits] = /^\s*([0-7]*)(?:[\s\0]|$)/.exec(written) ?? [];
  if (digits === undefined || /^\s*$/.test(written)) return false;
  let sum = sumLength * 32;
  for (let at = 0; at < record; at++) if (at < sumAt || at >= sumAt + sumLength) sum += bytes[at] ?? 0;
  return sum === (digits === "" ? 0 : parseInt(digits, 8));
}

/** What is packed in those bytes, as far as it goes; without bytes where nothing here can unpack it, empty where it is broken. */
export function unpacked(
  bytes: Buffer,
  most: number,
): { readonly coding?: string; readonly bytes?: Buffer } | undefined {
  const magic = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  if (magic === 0x1f9d) return { coding: "x-compress" };
  if (magic === 0x1f1e) return { coding: "x-gzip" };
  if (magic !== 0x1f8b) return undefined;
  try {
    // 4 KiB unpack to 4 MiB at most.
    const whole = gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
    return { coding: "x-gzip", bytes: whole.subarray(0, most - 1) };
  } catch {
    return {};
  }
}
