// Redirect lines → the answers they give.
import {
  byteString,
  compileSubstitution,
  Headers,
  lookupFor,
  refuse,
  type Origin,
  type PathTest,
  type Place,
  type Request,
  type Response,
  type StringExpression,
  type Substitution,
} from "../../api/index.js";

/** A line of the Redirect family that names a path. */
export type Redirect = PathTest & RedirectTarget & { readonly fill?: Substitution };

/** A Redirect line that holds for all of its section. */
export interface SectionRedirect {
  readonly status: number;
  /** URL or URL-path; undefined for a status that leads nowhere. */
  readonly target: StringExpression | undefined;
  readonly origin: Origin;
}

/** Where a Redirect line leads. */
export interface RedirectTarget {
  readonly status: number;
  /** URL or URL-path as written, latin1; undefined for a status that leads nowhere. */
  readonly target: string | undefined;
  readonly origin: Origin;
}

const statusWords: Readonly<Record<string, number>> = { permanent: 301, temp: 302, seeother: 303, gone: 410 };

/** Whether a word is the status of a Redirect: a name or a number. */
export function isRedirectStatus(word: string): boolean {
  return word.toLowerCase() in statusWords || /^\d/.test(word);
}

/** The number of a status word. */
export function redirectStatus(word: string, place: Place): number {
  const status = statusWords[word.toLowerCase()] ?? Number(word);
  if (Number.isInteger(status) && status >= 100 && status <= 599) return status;
  return place.fail(`status must be permanent, temp, seeother, gone or a number from 100 to 599, found "${word}"`);
}

/** Checks that a target stands where the status needs one, and nowhere else. */
export function redirectTarget(status: number, target: string | undefined, place: Place): RedirectTarget {
  if (!isRedirection(status)) {
    if (target !== undefined) place.fail(`URL is not valid for status ${status}, found "${target}"`);
    return { status, target: undefined, origin: place.origin };
  }
  if (target === undefined) return place.fail("URL to redirect to is missing");
  return { status, target: byteString(target), origin: place.origin };
}

/** The redirect of a line with a URL prefix. */
export function prefixRedirect(prefix: string, redirect: RedirectTarget, place: Place): Redirect {
  if (redirect.target !== undefined) refuseNonUrl(redirect.target, place);
  return { ...redirect, prefix: byteString(prefix) };
}

/** The redirect of a line with a regular expression. */
export function regexRedirect(regex: RegExp, redirect: RedirectTarget): Redirect {
  const { target } = redirect;
  return { ...redirect, regex, ...(target === undefined ? {} : { fill: compileSubstitution(target) }) };
}

/** Refuses a target that is neither a URL nor a path. */
function refuseNonUrl(target: string, place: Place): void {
  if (!isUrl(target) && !target.startsWith("/")) place.fail(`URL must be a URL or start with "/", found "${target}"`);
}

/** The answer of the section's redirect, else of the first that matches; undefined when none does. */
export function redirectFor(
  request: Request,
  {
    section,
    redirects,
    relative,
  }: { section: SectionRedirect | undefined; redirects: readonly Redirect[]; relative: boolean },
): Response | undefined {
  if (section) {
    request.wentBy(section.origin);
    const target = section.target?.evaluate(request);
    if (section.target && target === undefined) return refuse(500);
    return respond(request, section.status, target && escapeUrl(target), relative);
  }
  if (redirects.length === 0) return undefined;
  const found = lookupFor(redirects)(request.path);
  if (!found) return undefined;
  const { rule, end, match } = found;
  request.wentBy(rule.origin);
  if (rule.target === undefined) return refuse(rule.status);
  const url = match && rule.fill ? escapeUrl(rule.fill(match)) : rule.target + escapePath(request.path.slice(end));
  return respond(request, rule.status, url, relative);
}

function respond(request: Request, status: number, url: string | undefined, relative: boolean): Response {
  if (url === undefined) return refuse(status);
  let location = url.startsWith("/") && !relative ? request.absoluteUrl(url) : url;
  if (!location.startsWith("/") && !isUrl(location)) {
    request.log(
      "error",
      "alias",
      `AH00672: cannot redirect '${request.path}' to '${url}'; target is not a valid URL or path`,
    );
    return refuse(500);
  }
  if (request.query !== undefined && request.query !== "" && !location.includes("?")) location += `?${request.query}`;
  return refuse(status, { headers: new Headers([["Location", location]]) });
}

function isRedirection(status: number): boolean {
  return status >= 300 && status < 400;
}

function isUrl(text: string): boolean {
  return /^[A-Za-z0-9+.-]+:/.test(text);
}

/** Escapes all but the query and fragment of a URL. */
function escapeUrl(url: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? escapePath(url) : escapePath(url.slice(0, end)) + url.slice(end);
}

const unsafe = /[^A-Za-z0-9$\-_.+!*'(),:;@&=/~]/g;

/** Percent-encodes what Apache does in a path: lower-case hexadecimal. */
function escapePath(path: string): string {
  return path.replace(unsafe, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
