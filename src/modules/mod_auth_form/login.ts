// A name and a password → whether providers know them; those of a session, and of the request itself.
import { createHmac } from "node:crypto";
import {
  askProviders,
  authNameOf,
  isSame,
  type PasswordVerdict,
  type Request,
  type Response,
  type Session,
  type Sessions,
} from "../../api/index.js";
import type { FormSettings } from "./settings.js";

/** A name and a password that have been sent. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Kept with the first request of a chain: what its form said, by realm. */
const sentForms = Symbol("login forms");

/** The realm, which names the entries of a session. */
export function realmOf(request: Request): string {
  return authNameOf(request) ?? "";
}

/** The session of a request, where it has one. */
export function sessionOf(request: Request): Session | undefined {
  const sessions = request.providers("sessions").get("mod_session") as Sessions | undefined;
  return sessions?.load(request);
}

/** What a session knows of its user. */
export interface RememberedUser {
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Proof that a login at this site has succeeded, see AuthFormSitePassphrase. */
  readonly proof: string | undefined;
}

export function rememberedUser(request: Request): RememberedUser {
  const entries = sessionOf(request)?.entries;
  const realm = realmOf(request);
  return {
    user: entries?.get(`${realm}-user`),
    password: entries?.get(`${realm}-pw`),
    proof: entries?.get(`${realm}-site`),
  };
}

/** Puts a user into the session, or takes it out. */
export function remember(request: Request, who: Credentials | undefined, settings: FormSettings): void {
  const session = sessionOf(request);
  if (!session) return;
  const realm = realmOf(request);
  const { sitePassphrase } = settings;
  const proof = who && sitePassphrase !== undefined ? proofOf(who.user, realm, sitePassphrase) : undefined;
  for (const [name, value] of [
    ["user", who?.user],
    ["pw", who?.password],
    ["site", proof],
  ] as const) {
    if (value === undefined) session.entries.delete(`${realm}-${name}`);
    else session.entries.set(`${realm}-${name}`, value);
  }
  session.isDirty = true;
}

/** Whether the session proves that its user has logged in at this site. */
export function isProven({ user, proof }: RememberedUser, realm: string, sitePassphrase: string | undefined): boolean {
  if (sitePassphrase === undefined || user === undefined || proof === undefined) return false;
  return isSame(proofOf(user, realm, sitePassphrase), proof);
}

function proofOf(user: string, realm: string, sitePassphrase: string): string {
  return createHmac("sha256", Buffer.from(sitePassphrase, "latin1"))
    .update(`${realm}\0${user}`, "latin1")
    .digest("hex");
}

/** What the form of this request, or of the one it came of, has said already. */
export function sentBefore(request: Request): Credentials | undefined {
  return (firstOf(request).kept.get(sentForms) as Map<string, Credentials> | undefined)?.get(realmOf(request));
}

/** Keeps what the form said: its body can be read only once. */
export function keepSent(request: Request, sent: Credentials): void {
  const { kept } = firstOf(request);
  const forms = (kept.get(sentForms) as Map<string, Credentials> | undefined) ?? new Map<string, Credentials>();
  forms.set(realmOf(request), sent);
  kept.set(sentForms, forms);
}

function firstOf(request: Request): Request {
  let first = request;
  while (first.previous ?? first.parent) first = first.previous ?? first.parent ?? first;
  return first;
}

/** "granted"; the status of the refusal; "declined" where others may know the user. */
export type LoginVerdict = "granted" | "declined" | 401 | 500 | Response;

/** Asks the providers, and says in the log why a login failed. */
export function checkLogin(
  request: Request,
  { user, password }: Credentials,
  settings: FormSettings,
): LoginVerdict | Promise<LoginVerdict> {
  const conclude = (verdict: PasswordVerdict): LoginVerdict => {
    if (verdict === "granted") return verdict;
    if (!settings.authoritative && verdict !== "denied") return "declined";
    if (typeof verdict === "object") return verdict;
    if (verdict === "error") return 500;
    request.log(
      "error",
      "auth_form",
      verdict === "denied"
        ? `AH01807: user '${user}': authentication failure for "${request.path}": password Mismatch`
        : `AH01808: user '${user}' not found: ${request.path}`,
    );
    return 401;
  };
  const verdict = askProviders<PasswordVerdict>(request, settings.providers, (provider) => {
    if (provider?.checkPassword) return provider.checkPassword(request, user, password);
    request.log("error", "auth_form", "AH01806: no authn provider configured");
    return "error";
  });
  return verdict instanceof Promise ? verdict.then(conclude) : conclude(verdict);
}
