// Variants, what a client takes, and priorities of languages → the best variant.
import type { Accepted, Accepts } from "./accept.js";

/** One representation there is to choose from. */
export interface Variant {
  readonly fileName: string;
  readonly type: string;
  readonly charset: string;
  readonly languages: readonly string[];
  readonly encoding: string;
  readonly sourceQuality: number;
  readonly level: number;
  readonly description: string;
  /** Bytes. */
  readonly length: number;
  /** Of a map: where its content stands in the map itself. */
  readonly body: string | undefined;
}

/** What decides besides the client. */
export interface Rules {
  readonly priority: readonly string[];
  readonly prefer: boolean;
  readonly fallback: boolean;
  /** Variables of the request. */
  readonly noGzip: boolean;
  readonly gzipOnlyHtml: boolean;
  readonly preferLanguage: string | undefined;
}

interface Weighed {
  readonly variant: Variant;
  readonly type: number;
  readonly language: number;
  readonly languageIndex: number;
  readonly charset: number;
  readonly encoding: number;
  readonly levelMatched: number;
}

const isPlain = (encoding: string): boolean => encoding === "" || /^(?:7bit|8bit|binary)$/.test(encoding);

/** The best variant; undefined where none is acceptable. */
export function chooseVariant(variants: readonly Variant[], accepts: Accepts, rules: Rules): Variant | undefined {
  const anyLanguage = variants.some(({ languages }) => languages.length > 0);
  const weighed = variants
    .filter(({ encoding, type }) => {
      const isPacked = !isPlain(encoding) && encoding !== "identity";
      return !isPacked || !(rules.noGzip || (rules.gzipOnlyHtml && !type.startsWith("text/html")));
    })
    .map((variant) => weigh(variant, accepts, { rules, withoutLanguage: anyLanguage ? 0.0001 : 1 }));
  const { preferLanguage } = rules;
  const preferred =
    preferLanguage === undefined ? [] : weighed.filter(({ variant }) => variant.languages.includes(preferLanguage));
  return best(preferred) ?? best(weighed);
}

function best(weighed: readonly Weighed[]): Variant | undefined {
  let chosen: Weighed | undefined;
  for (const each of weighed) {
    if (each.type * each.language * each.charset * each.encoding * each.variant.sourceQuality === 0) continue;
    if (!chosen || isBetter(each, chosen)) chosen = each;
  }
  return chosen?.variant;
}

function isBetter(one: Weighed, other: Weighed): boolean {
  const quality = (each: Weighed): number => each.type * each.variant.sourceQuality;
  if (quality(one) !== quality(other)) return quality(one) > quality(other);
  if (one.language !== other.language) return one.language > other.language;
  const index = (each: Weighed): number => (each.languageIndex < 0 ? Infinity : each.languageIndex);
  if (index(one) !== index(other)) return index(one) < index(other);
  if (one.variant.type === other.variant.type) {
    if (one.levelMatched !== other.levelMatched) return one.levelMatched > other.levelMatched;
    if (one.variant.level !== other.variant.level) return one.variant.level < other.variant.level;
  }
  if (one.charset !== other.charset) return one.charset > other.charset;
  const isLatin = ({ variant }: Weighed): boolean => variant.charset === "" || variant.charset === "iso-8859-1";
  if (isLatin(other) && !isLatin(one)) return true;
  if (one.encoding !== other.encoding) return one.encoding > other.encoding;
  return one.variant.length < other.variant.length;
}

function weigh(
  variant: Variant,
  accepts: Accepts,
  { rules, withoutLanguage }: { readonly rules: Rules; readonly withoutLanguage: number },
): Weighed {
  const language =
    variant.languages.length === 0
      ? { quality: withoutLanguage, index: -1 }
      : weighLanguage(variant.languages, accepts.languages, rules);
  return {
    variant,
    ...weighType(variant, accepts),
    language: language.quality,
    languageIndex: language.index,
    charset: weighCharset(variant, accepts.charsets),
    encoding: weighEncoding(variant, accepts.encodings),
  };
}

function weighType({ type, level }: Variant, { types, weighs }: Accepts): { type: number; levelMatched: number } {
  let [stars, quality, levelMatched] = [0, 0, 0];
  for (const { name, quality: given, level: most } of types) {
    const match =
      name === "*" || name === "*/*" ? 1 : name.endsWith("/*") ? (type.startsWith(name.slice(0, -1)) ? 2 : 0) : 3;
    const parsed = name === "text/html" && /^text\/x-server-parsed-html3?$/.test(type);
    if (match === 0 || match <= stars || (match === 3 && ((name !== type && !parsed) || most < level))) continue;
    stars = match;
    if (match === 3) levelMatched = level;
    // A client that says everything alike means its wildcards less than its names.
    quality = weighs || match === 3 ? given : match === 1 ? 0.01 : 0.02;
  }
  return { type: quality, levelMatched };
}

function weighLanguage(
  languages: readonly string[],
  accepted: readonly Accepted[] | undefined,
  { priority, prefer, fallback }: Rules,
): { quality: number; index: number } {
  let quality = accepted ? acceptedLanguage(languages, accepted) : 1;
  const indexes = languages.map((language) => priority.findIndex((each) => language.startsWith(each.toLowerCase())));
  const known = indexes.filter((index) => index >= 0);
  if (known.length === 0) return { quality, index: -1 };
  const index = Math.min(...known);
  if (quality > 0) return { quality, index: prefer ? index : -1 };
  if (!fallback) return { quality, index: -1 };
  quality = 0.0001;
  return { quality, index };
}

function acceptedLanguage(languages: readonly string[], accepted: readonly Accepted[]): number {
  const star = accepted.find(({ name }) => name === "*");
  let chosen: Accepted | undefined;
  let fiddled = 0;
  let matchesStar = false;
  for (const language of languages) {
    let match: Accepted | undefined;
    for (const each of accepted) {
      if (each.name === "*") continue;
      const fits = language === each.name || language.startsWith(`${each.name}-`);
      if (fits && each.name.length > (match?.name.length ?? 0)) match = each;
      // "en-US" shall do for "en", if nothing else does.
      const dash = each.name.indexOf("-");
      if (!match && dash >= 0 && language.startsWith(each.name.slice(0, dash))) fiddled = 0.001;
    }
    if (!chosen || (match && match.quality > chosen.quality)) chosen = match;
    if (!match && star) matchesStar = true;
  }
  if (matchesStar && star && (!chosen || star.quality > chosen.quality)) chosen = star;
  return chosen ? chosen.quality : fiddled;
}

function weighCharset({ charset, type }: Variant, accepted: readonly Accepted[] | undefined): number {
  if (!accepted || (charset === "" && !type.startsWith("text/"))) return 1;
  const own = charset === "" ? "iso-8859-1" : charset;
  const match = accepted.find(({ name }) => name === own) ?? accepted.findLast(({ name }) => name === "*");
  return match ? match.quality : own === "iso-8859-1" ? 1 : 0;
}

function weighEncoding({ encoding }: Variant, accepted: readonly Accepted[] | undefined): number {
  if (!accepted) return isPlain(encoding) ? 1 : 0.5;
  const own = isPlain(encoding) ? "identity" : encoding.replace(/^x-/, "");
  const match =
    accepted.find(({ name }) => name.replace(/^x-/, "") === own) ?? accepted.findLast(({ name }) => name === "*");
  return match ? match.quality : isPlain(encoding) ? 0.0001 : 0;
}
