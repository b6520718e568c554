// The flags of a RewriteRule → what they say.
import type { Place } from "../../api/index.js";
import { parseTemplate, type Template } from "./template.js";

/** What the flags of a rule say; names are those of the manual. */
export interface RuleFlags {
  readonly chain: boolean;
  readonly discardPathInfo: boolean;
  readonly end: boolean;
  readonly last: boolean;
  readonly next: boolean;
  /** Rounds that [N] may take. */
  readonly rounds: number;
  readonly noCase: boolean;
  readonly noEscape: boolean;
  readonly noSubrequest: boolean;
  readonly proxy: boolean;
  readonly passThrough: boolean;
  readonly queryAppend: boolean;
  readonly queryDiscard: boolean;
  readonly queryLast: boolean;
  readonly redirect: boolean;
  /** Of a redirect, or the answer where `isAnswer`. */
  readonly status: number;
  /** The rule answers with its status and substitutes nothing: [F], [G], [R=404]. */
  readonly isAnswer: boolean;
  readonly skip: number;
  readonly unsafeAllow3F: boolean;
  readonly unsafePrefixStat: boolean;
  readonly keepSlashes: boolean;
  /** "NAME:VALUE" or "!NAME". */
  readonly environment: readonly Template[];
  readonly cookies: readonly Template[];
  readonly handler: Template | undefined;
  readonly type: Template | undefined;
  readonly escape: boolean;
  readonly escapeOnly: string | undefined;
  readonly escapeControls: boolean;
  readonly escapeExcept: string;
  readonly escapeNoPlus: boolean;
}

type Change = Partial<RuleFlags>;
type Flag = (value: string, flags: RuleFlags, place: Place) => Change;

const mostRounds = 32_000;

const noFlags: RuleFlags = {
  chain: false,
  discardPathInfo: false,
  end: false,
  last: false,
  next: false,
  rounds: mostRounds,
  noCase: false,
  noEscape: false,
  noSubrequest: false,
  proxy: false,
  passThrough: false,
  queryAppend: false,
  queryDiscard: false,
  queryLast: false,
  redirect: false,
  status: 302,
  isAnswer: false,
  skip: 0,
  unsafeAllow3F: false,
  unsafePrefixStat: false,
  keepSlashes: false,
  environment: [],
  cookies: [],
  handler: undefined,
  type: undefined,
  escape: false,
  escapeOnly: undefined,
  escapeControls: false,
  escapeExcept: "",
  escapeNoPlus: false,
};

const sets =
  (change: Change): Flag =>
  () =>
    change;

const backReferences: Flag = (value) => ({ escape: true, ...(value === "" ? {} : { escapeOnly: value }) });
const notEscaped: Flag = (value, _flags, place) =>
  value === "" ? place.fail("flag 'BNE' wants a list of characters (i.e. [BNE=...])") : { escapeExcept: value };
const cookie: Flag = (value, { cookies }) => ({ cookies: [...cookies, parseTemplate(value)] });
const variable: Flag = (value, { environment }) => ({ environment: [...environment, parseTemplate(value)] });
const handler: Flag = (value) => ({ handler: parseTemplate(value) });
const type: Flag = (value) => ({ type: parseTemplate(value) });
const next: Flag = (value) => ({ next: true, ...(value === "" ? {} : { rounds: wholeNumber(value) }) });
const skip: Flag = (value) => ({ skip: wholeNumber(value) });

/** The statuses Apache knows. */
const statuses: ReadonlySet<number> = new Set([
  ...[100, 101, 102, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308],
  ...[400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424],
  ...[426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511],
]);

const words: Readonly<Record<string, number>> = { permanent: 301, temp: 302, seeother: 303 };

const redirect: Flag = (value, _flags, place) => {
  if (value === "") return { redirect: true };
  const word = words[value.toLowerCase()];
  if (word !== undefined) return { redirect: true, status: word };
  if (!/^\d/.test(value)) return { redirect: true, status: 0 };
  const status = wholeNumber(value);
  if (!statuses.has(status)) return place.fail(`invalid HTTP response code '${value}' for flag 'R'`);
  return { redirect: true, status, ...(isRedirection(status) ? {} : { isAnswer: true }) };
};

const table: Readonly<Record<string, Flag>> = {
  b: backReferences,
  backrefescaping: backReferences,
  bctls: sets({ escape: true, escapeControls: true }),
  bne: notEscaped,
  bnp: sets({ escapeNoPlus: true }),
  backrefernoplus: sets({ escapeNoPlus: true }),
  c: sets({ chain: true }),
  chain: sets({ chain: true }),
  co: cookie,
  cookie,
  dpi: sets({ discardPathInfo: true }),
  discardpath: sets({ discardPathInfo: true }),
  e: variable,
  env: variable,
  end: sets({ end: true }),
  f: sets({ isAnswer: true, status: 403 }),
  forbidden: sets({ isAnswer: true, status: 403 }),
  g: sets({ isAnswer: true, status: 410 }),
  gone: sets({ isAnswer: true, status: 410 }),
  h: handler,
  handler,
  l: sets({ last: true }),
  last: sets({ last: true }),
  n: next,
  next,
  nc: sets({ noCase: true }),
  nocase: sets({ noCase: true }),
  ne: sets({ noEscape: true }),
  noescape: sets({ noEscape: true }),
  ns: sets({ noSubrequest: true }),
  nosubreq: sets({ noSubrequest: true }),
  p: sets({ proxy: true }),
  proxy: sets({ proxy: true }),
  pt: sets({ passThrough: true }),
  passthrough: sets({ passThrough: true }),
  qsa: sets({ queryAppend: true }),
  qsappend: sets({ queryAppend: true }),
  qsd: sets({ queryDiscard: true }),
  qsdiscard: sets({ queryDiscard: true }),
  qsl: sets({ queryLast: true }),
  qslast: sets({ queryLast: true }),
  r: redirect,
  redirect,
  s: skip,
  skip,
  t: type,
  type,
  unc: sets({ keepSlashes: true }),
  unsafeallow3f: sets({ unsafeAllow3F: true }),
  unsafeprefixstat: sets({ unsafePrefixStat: true }),
};

/** Puts flags together. Fails for one that does not exist. */
export function readFlags(
  flags: readonly { readonly name: string; readonly value: string }[],
  place: Place,
): RuleFlags {
  let read = noFlags;
  for (const { name, value } of flags) {
    const key = name.toLowerCase();
    const flag = Object.hasOwn(table, key) ? table[key] : undefined;
    if (!flag)
      return place.fail(`unknown flag '${name}'`, "the flags are those of Apache 2.4: B, C, CO, E, F, L, R ...");
    read = { ...read, ...flag(value, read, place) };
  }
  return read;
}

/** Whether a status leads elsewhere. */
export function isRedirection(status: number): boolean {
  return status >= 300 && status < 400;
}

function wholeNumber(text: string): number {
  return Number(/^\s*[+-]?\d+/.exec(text)?.[0] ?? 0);
}
