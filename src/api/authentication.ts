// What a request's user is known by: AuthType and AuthName, password providers, and how to ask for a name.
import type { StringExpression } from "./expression.js";
import { defineSettings } from "./module.js";
import type { Request } from "./request.js";
import type { Response } from "./response.js";
import { value } from "./settings.js";

/** AuthType and AuthName, kept by mod_authn_core; ask `authTypeOf` and `authNameOf` for what they are for a request. */
export const authentication = defineSettings("mod_authn_core", {
  type: value<StringExpression | undefined>(undefined),
  name: value<StringExpression | undefined>(undefined),
});

/** AuthType as written; undefined for None and where nothing is said, or it cannot be told. */
export function authTypeOf(request: Request): string | undefined {
  // Without mod_authn_core nobody has written one.
  const known: { readonly type?: StringExpression | undefined } | undefined = request.settings(authentication);
  const type = known?.type;
  if (!type) return undefined;
  const text = type.constant ?? type.evaluate(request);
  return text?.toLowerCase() === "none" ? undefined : text;
}

/** The realm as it stands between quotes in a field: a latin1 string of bytes, quotes escaped. */
export function authNameOf(request: Request): string | undefined {
  const { name } = request.settings(authentication);
  const text = name && (name.constant ?? name.evaluate(request));
  return text === undefined ? undefined : escapeQuotes(text);
}

/** Puts a backslash before each quote that has none. What is no text is left out. */
function escapeQuotes(text: string): string {
  return text.replace(/[^\t\x20-\x7e\x80-\xff]/g, "").replace(/\\[^]|"/g, (found) => (found === '"' ? '\\"' : found));
}

/**
 * What a provider says of a user and password. "error" it has logged itself: the request is answered with 500. A
 * response is answered as it is.
 */
export type PasswordVerdict = "granted" | "denied" | "user not found" | "error" | Response;

/** What a provider says of a user in a realm; see `realmHash`. */
export type RealmVerdict = { readonly hash: string } | Exclude<PasswordVerdict, "granted">;

/**
 * A provider of passwords (AuthBasicProvider, AuthDigestProvider, AuthFormProvider), registered as
 * `provides: { authnProvider: { NAME: provider } }`. Texts are latin1 strings of bytes without NUL.
 */
export interface AuthnProvider {
  /** Whether that is the user's password. */
  checkPassword?(request: Request, user: string, password: string): PasswordVerdict | Promise<PasswordVerdict>;
  /** The hash of "user:realm:password" in hexadecimal: MD5, unless the provider keeps another. */
  realmHash?(request: Request, user: string, realm: string): RealmVerdict | Promise<RealmVerdict>;
}

/** The field in which a client says who it is: to a proxy in another one than to a server. */
export function credentialsField({ isForwarded }: Request): "proxy-authorization" | "authorization" {
  return isForwarded ? "proxy-authorization" : "authorization";
}

/**
 * A field by which a response asks for another name: WWW-Authenticate and its value. A client of a proxy gets it as
 * Proxy-Authenticate, with 407 for 401.
 */
export type Challenge = () => readonly [string, string];

/** Kept with a request whose user is known: how to ask for another one (a Challenge). */
export const challenge = Symbol("challenge");

const byDefault = ["file"];

/** Asks providers in order (`file` where none is named) until one knows the user. */
export function askProviders<Verdict>(
  request: Request,
  names: readonly string[],
  ask: (provider: AuthnProvider | undefined) => Verdict | Promise<Verdict>,
  from = 0,
): Verdict | "user not found" | Promise<Verdict | "user not found"> {
  const asked = names.length > 0 ? names : byDefault;
  const known = request.providers("authnProvider");
  for (let i = from; i < asked.length; i++) {
    const verdict = ask(known.get(asked[i] ?? "") as AuthnProvider | undefined);
    if (verdict instanceof Promise) {
      return verdict.then((late) => (late === "user not found" ? askProviders(request, asked, ask, i + 1) : late));
    }
    if (verdict !== "user not found") return verdict;
  }
  return "user not found";
}
