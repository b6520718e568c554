// A request with its Authorization field → its user, or 401 with the field that asks for one.
import { createHash } from "node:crypto";
import {
  askProviders,
  authNameOf,
  authTypeOf,
  challenge,
  credentialsField,
  Headers,
  isSame,
  refuse,
  type AuthnProvider,
  type Challenge,
  type PasswordVerdict,
  type Request,
  type Response,
  type Verdict,
} from "../../api/index.js";

/** What the directives say. */
export interface BasicSettings {
  readonly providers: readonly string[];
  readonly authoritative: boolean;
  readonly digestAlgorithm: "Off" | "MD5";
}

interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** The hook of checkUser: declined where the scheme is another. */
export function authenticate(request: Request, settings: BasicSettings): Verdict | Promise<Verdict> {
  const type = authTypeOf(request);
  if (type?.toLowerCase() !== "basic") return undefined;
  const name = authNameOf(request);
  if (name === undefined) {
    request.log("error", "auth_basic", `AH01615: need AuthName: ${request.path}`);
    return refuse(500);
  }
  request.authType = type;
  const ask: Challenge = () => ["WWW-Authenticate", `Basic realm="${name}"`];
  const sent = credentialsOf(request);
  if (!sent) return refuse(401, { headers: new Headers([ask()]) });
  request.user = sent.user;
  const conclude = (verdict: PasswordVerdict): Verdict => answerTo(verdict, { request, settings, ask });
  const verdict = askProviders(request, settings.providers, (provider) =>
    askProvider(request, sent, { provider, settings, realm: name }),
  );
  return verdict instanceof Promise ? verdict.then(conclude) : conclude(verdict);
}

/** Name and password of the field, up to the first NUL, as Apache takes them. */
function credentialsOf(request: Request): Credentials | undefined {
  const field = request.headers.get(credentialsField(request));
  if (field === undefined) return undefined;
  const [, scheme = "", encoded = ""] = /^([^ ]*) *[ \t]*([A-Za-z0-9+/]*)/.exec(field) ?? [];
  if (scheme.toLowerCase() !== "basic") {
    request.log("error", "auth_basic", `AH01614: client used wrong authentication scheme: ${request.path}`);
    return undefined;
  }
  const decoded = Buffer.from(encoded, "base64").toString("latin1");
  const pair = decoded.includes("\0") ? decoded.slice(0, decoded.indexOf("\0")) : decoded;
  const colon = pair.indexOf(":");
  return colon < 0 ? { user: pair, password: "" } : { user: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

interface Circumstances {
  readonly provider: AuthnProvider | undefined;
  readonly settings: BasicSettings;
  readonly realm: string;
}

function askProvider(
  request: Request,
  { user, password }: Credentials,
  { provider, settings, realm }: Circumstances,
): PasswordVerdict | Promise<PasswordVerdict> {
  if (settings.digestAlgorithm === "Off") {
    if (provider?.checkPassword) return provider.checkPassword(request, user, password);
    request.log("error", "auth_basic", "AH01616: No Authn provider configured");
    return "error";
  }
  if (!provider?.realmHash) {
    request.log("error", "auth_basic", "AH02493: Authn provider does not support AuthBasicUseDigestAlgorithm");
    return "error";
  }
  const given = createHash("md5").update(`${user}:${realm}:${password}`, "latin1").digest("hex");
  const compare = (found: Awaited<ReturnType<NonNullable<AuthnProvider["realmHash"]>>>): PasswordVerdict =>
    typeof found === "object" && "hash" in found ? (isSame(given, found.hash) ? "granted" : "denied") : found;
  const found = provider.realmHash(request, user, realm);
  return found instanceof Promise ? found.then(compare) : compare(found);
}

function answerTo(
  verdict: PasswordVerdict,
  { request, settings, ask }: { request: Request; settings: BasicSettings; ask: Challenge },
): Verdict {
  if (verdict === "granted") {
    request.kept.set(challenge, ask);
    return "done";
  }
  // Nobody else knows better what a known user's password is.
  if (!settings.authoritative && verdict !== "denied") return undefined;
  if (typeof verdict === "object") return withChallenge(verdict, ask);
  if (verdict === "error") return refuse(500);
  const { user = "", path } = request;
  request.log(
    "error",
    "auth_basic",
    verdict === "denied"
      ? `AH01617: user ${user}: authentication failure for "${path}": Password Mismatch`
      : `AH01618: user ${user} not found: ${path}`,
  );
  return refuse(401, { headers: new Headers([ask()]) });
}

function withChallenge(response: Response, ask: Challenge): Response {
  if (response.status === 401) response.headers.set(...ask());
  return response;
}
