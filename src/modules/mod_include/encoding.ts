// A text and the words of decoding= and encoding= → the text decoded and encoded.
import { escapeHtml, escapePath, unescapeUrl } from "../../api/index.js";

/** An unknown word. */
export class EncodingError extends Error {
  override readonly name = "EncodingError";
}

type Change = (text: string) => string;

const decodings: Readonly<Record<string, Change>> = {
  none: (text) => text,
  url: unescapeUrl,
  urlencoded: (text) => unescapeUrl(text.replaceAll("+", " ")),
  entity: decodeEntities,
  base64: (text) => Buffer.from(text, "base64").toString("latin1"),
};

const encodings: Readonly<Record<string, Change>> = {
  none: (text) => text,
  url: escapePath,
  urlencoded: (text) =>
    text
      .replace(/[^A-Za-z0-9\-._* ]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`)
      .replaceAll(" ", "+"),
  entity: escapeHtml,
  base64: (text) => Buffer.from(text, "latin1").toString("base64"),
};

/** Decodes by the words of a decoding= argument, in order. */
export function decodeBy(words: string, text: string): string {
  return change(decodings, words, text);
}

/** Encodes by the words of an encoding= argument, in order. */
export function encodeBy(words: string, text: string): string {
  return change(encodings, words, text);
}

function change(table: Readonly<Record<string, Change>>, words: string, text: string): string {
  let changed = text;
  for (const word of words.split(/[, \t]+/).filter(Boolean)) {
    const key = word.toLowerCase();
    const make = Object.hasOwn(table, key) ? table[key] : undefined;
    if (!make) throw new EncodingError(word);
    changed = make(changed);
  }
  return changed;
}

/** Names of the characters from 192 on; "" has none. */
const latin1 = (
  "Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml " +
  "ETH Ntilde Ograve Oacute Ocirc Otilde Ouml  Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig " +
  "agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml " +
  "eth ntilde ograve oacute ocirc otilde ouml  oslash ugrave uacute ucirc uuml yacute thorn yuml"
).split(" ");
const entities = new Map<string, string>([
  ...latin1.map((name, index): [string, string] => [name, String.fromCharCode(192 + index)]),
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["quot", '"'],
]);

/** Resolves entities of HTML's first set; numbers of characters that are none are dropped, unknown names stay. */
export function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&([^;]*);/g, (all, name: string) => {
    if (!name.startsWith("#")) return (name !== "" && entities.get(name)) || all;
    const code = /^#\d+$/.test(name) ? Number(name.slice(1)) : 0;
    const isUsed = code === 9 || code === 10 || (code >= 32 && code < 127) || (code > 160 && code < 256);
    return isUsed ? String.fromCharCode(code) : "";
  });
}
