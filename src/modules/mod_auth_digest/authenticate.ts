// A request with a digest of its name, password and target → its user, or 401 with a nonce to sign (RFC 7616).
import { createHash, randomBytes } from "node:crypto";
import {
  askProviders,
  authNameOf,
  authTypeOf,
  challenge,
  credentialsField,
  Headers,
  isSame,
  refuse,
  type Challenge,
  type RealmVerdict,
  type Request,
  type Verdict,
} from "../../api/index.js";
import { readField, type DigestField } from "./field.js";
import { nonceOf, timeOf, type NonceFor } from "./nonce.js";
import type { DigestSettings } from "./settings.js";
import { isTarget } from "./target.js";
import { counts, countUse, type Misuse } from "./uses.js";

/** Kept with a request whose user has been proven, for the answer's Authentication-Info. */
export const proven = Symbol("digest");

/** What the answer is signed with. */
export interface Proven {
  readonly field: DigestField;
  /** The hash of name, realm and password. */
  readonly secret: string;
  /** As of `timeOf`. */
  readonly nonceTime: number;
  readonly nonceFor: NonceFor;
}

interface Circumstances {
  readonly request: Request;
  readonly settings: DigestSettings;
  readonly key: Buffer;
  /** AuthName as it is sent, and what it means. */
  readonly name: string;
  readonly realm: string;
  readonly field?: DigestField;
}

/** The hook of checkUser: declined where the scheme is another. */
export function authenticate(request: Request, settings: DigestSettings, key: Buffer): Verdict | Promise<Verdict> {
  const type = authTypeOf(request);
  if (type?.toLowerCase() !== "digest") return undefined;
  const name = authNameOf(request);
  if (name === undefined) {
    request.log("error", "auth_digest", `AH01780: need AuthName: ${request.path}`);
    return refuse(500);
  }
  const realm = name.replace(/\\([^])/g, "$1");
  const around: Circumstances = { request, settings, key, name, realm };
  const [text] = request.headers.all(credentialsField(request));
  if (text === undefined) return askAgain(around);
  const field = readField(text);
  if (!field) {
    const missing = "missing user, realm, nonce, uri, digest, cnonce, or nonce_count in authorization header";
    return askAgain(around, `AH01782: ${missing}: ${request.path}`);
  }
  if ("scheme" in field) {
    return askAgain(around, `AH01781: client used wrong authentication scheme \`${field.scheme}': ${request.path}`);
  }
  if (timeOf(field.nonce, { realm, opaque: field.opaque, key }) === "malformed") {
    return askAgain({ ...around, field }, `AH01775: invalid nonce '${field.nonce}' received`);
  }
  request.user = field.username;
  request.authType = "Digest";
  return checkField(field, { ...around, field });
}

/** A new nonce; made behind the time of the newest one that this client has used, which may have come of another worker's clock. */
export function nextNonce(
  request: Request,
  nonceFor: NonceFor,
  { nonceLifetime, after = 0 }: { readonly nonceLifetime: number; readonly after?: number },
): string {
  const time = Math.max(request.startTime, after + 0.001);
  return nonceOf(nonceLifetime === 0 ? -time : time, nonceFor);
}

/** The field that asks for a digest. */
function ask(around: Circumstances, { stale = false, after = 0 } = {}): [string, string] {
  const { request, settings, realm, key, field, name } = around;
  const { domain, nonceLifetime } = settings;
  const given = field?.opaque;
  const isKnown = given !== undefined && typeof timeOf(field?.nonce ?? "", { realm, opaque: given, key }) === "number";
  const isStranger = given !== undefined && !isKnown;
  const isNew = isStranger || (given === undefined && counts(settings));
  const opaque = isKnown ? given : isNew ? randomBytes(8).toString("hex") : undefined;
  const nonce = nextNonce(request, { realm, opaque, key }, { nonceLifetime, after });
  const client = opaque === undefined ? "" : `, opaque="${opaque}"`;
  const domains = domain.length > 0 ? `, domain="${domain.join(" ")}"` : "";
  const again = stale || isStranger ? ", stale=true" : "";
  const text = `Digest realm="${name}", nonce="${nonce}", algorithm=MD5${client}${domains}${again}, qop="auth"`;
  return ["WWW-Authenticate", text];
}

function askAgain(around: Circumstances, message?: string, stale = false): Verdict {
  if (message !== undefined) around.request.log(stale ? "info" : "error", "auth_digest", message);
  return refuse(401, { headers: new Headers([ask(around, { stale })]) });
}

function checkField(field: DigestField, around: Circumstances): Verdict | Promise<Verdict> {
  const { request, settings, realm } = around;
  const { username } = field;
  if (!isTarget(field.uri, request)) {
    request.log(
      "error",
      "auth_digest",
      `AH01786: uri mismatch - <${field.uri}> does not match request-uri <${request.originalTarget}>`,
    );
    return refuse(400);
  }
  if (field.realm !== realm) {
    return askAgain(around, `AH01788: realm mismatch - got \`${field.realm}' but expected \`${realm}'`);
  }
  if (field.algorithm !== undefined && field.algorithm.toLowerCase() !== "md5") {
    return askAgain(around, `AH01789: unknown algorithm \`${field.algorithm}' received: ${request.path}`);
  }
  const conclude = (verdict: RealmVerdict): Verdict | Promise<Verdict> => {
    if (typeof verdict === "object") return "hash" in verdict ? checkDigest(field, verdict.hash, around) : verdict;
    if (verdict === "error") return refuse(500);
    return askAgain(
      around,
      verdict === "denied"
        ? `AH01791: user \`${username}' in realm \`${realm}' denied by provider: ${request.path}`
        : `AH01790: user \`${username}' in realm \`${realm}' not found: ${request.path}`,
    );
  };
  const verdict = askProviders<RealmVerdict>(request, settings.providers, (provider) => {
    if (provider?.realmHash) return provider.realmHash(request, username, realm);
    request.log("error", "auth_digest", "AH01770: No Authn provider configured");
    return "error";
  });
  return verdict instanceof Promise ? verdict.then(conclude) : conclude(verdict);
}

function checkDigest(field: DigestField, secret: string, around: Circumstances): Verdict | Promise<Verdict> {
  const { request, settings, realm, key } = around;
  const { username, opaque } = field;
  if (field.qop?.toLowerCase() !== "auth") {
    return askAgain(
      around,
      `AH10560: invalid or missing qop value '${field.qop ?? ""}', RFC 2069 is no longer supported: ${request.path}`,
    );
  }
  if (!isSame(digestOf(request, field, secret), field.response)) {
    return askAgain(around, `AH01794: user ${username}: password mismatch: ${request.path}`);
  }
  // Last, so that only who knows the password is told that the nonce is old. Nobody has been given an empty opaque.
  const nonceFor = { realm, opaque, key };
  const time = opaque === "" ? "forged" : timeOf(field.nonce, nonceFor);
  if (typeof time === "string") {
    request.log("error", "auth_digest", `AH01776: invalid nonce ${field.nonce} received - it is not of this server`);
    return askAgain(around, undefined, true);
  }
  const age = request.startTime - time;
  const { nonceLifetime } = settings;
  if (nonceLifetime > 0 && age < 0) {
    return askAgain(around, `AH01777: invalid nonce ${field.nonce} received - user attempted time travel`, true);
  }
  if (nonceLifetime > 0 && age > nonceLifetime) {
    return askAgain(around, `AH01778: user ${username}: nonce expired - sending new nonce`, true);
  }
  const conclude = (misuse: Misuse | undefined): Verdict => {
    if (misuse) {
      request.log(misuse.level, "auth_digest", misuse.message);
      return refuse(401, { headers: new Headers([ask(around, misuse)]) });
    }
    const known: Proven = { field, secret, nonceTime: time, nonceFor };
    request.kept.set(proven, known);
    const again: Challenge = () => ask(around);
    request.kept.set(challenge, again);
    return "done";
  };
  if (!counts(settings)) return conclude(undefined);
  const misuse = countUse(firstOf(request), field, { settings, made: Math.abs(time) });
  if (!(misuse instanceof Promise)) return conclude(misuse);
  return misuse.then(conclude, (error: Error) => {
    request.log("error", "auth_digest", `the use of a nonce cannot be counted: ${error.message}`);
    return refuse(500);
  });
}

function firstOf(request: Request): Request {
  let first = request;
  while (first.previous ?? first.parent) first = first.previous ?? first.parent ?? first;
  return first;
}

/** What the client should have sent. */
function digestOf(request: Request, { uri, nonce, nc, cnonce, qop }: DigestField, secret: string): string {
  const first = firstOf(request);
  // A body does not change the method that was signed, nor does an internal redirect.
  const method = first.requestLine.split(" ")[0] ?? first.method;
  const target = md5(`${method}:${uri}`);
  return md5(`${secret}:${nonce}:${nc ?? ""}:${cnonce ?? ""}:${qop ?? ""}:${target}`);
}

/** MD5 of a latin1 text, in hexadecimal. */
export function md5(text: string): string {
  return createHash("md5").update(text, "latin1").digest("hex");
}
