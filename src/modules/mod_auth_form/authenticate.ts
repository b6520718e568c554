// A request and its session, or the login form it sends → its user, or a page that asks for one.
import {
  authNameOf,
  authTypeOf,
  bodyOf,
  refuse,
  RequestBodyError,
  type Request,
  type Response,
  type Verdict,
} from "../../api/index.js";
import { readLogin, type Login } from "./fields.js";
import { ownLocation, redirectBy, redirectTo } from "./location.js";
import {
  checkLogin,
  isProven,
  keepSent,
  remember,
  rememberedUser,
  sentBefore,
  type Credentials,
  type LoginVerdict,
} from "./login.js";
import type { FormSettings } from "./settings.js";

/** Kept with a request that is to be made anew, by the method its login form named. */
export const relaunch = Symbol("request behind a login");

/** What the request behind a login is to be. */
export interface Relaunch {
  readonly method: string;
  readonly isWhole: boolean;
}

/** The hook of checkUser: declined where the scheme is another. */
export function authenticate(request: Request, settings: FormSettings): Verdict | Promise<Verdict> {
  const type = authTypeOf(request);
  if (type?.toLowerCase() !== "form") return undefined;
  const name = authNameOf(request);
  if (name === undefined) {
    request.log("error", "auth_form", `AH01810: need AuthName: ${request.path}`);
    return refuse(500);
  }
  request.authType = type;
  const before = sentBefore(request);
  const known = before ? { ...before, proof: undefined } : rememberedUser(request);
  // For the log, whether it is true or not.
  if (known.user !== undefined) request.user = known.user;
  if (known.user === undefined || known.password === undefined) return afterCheck(request, settings, 401);
  const who: Credentials = { user: known.user, password: known.password };
  if (isProven(known, name, settings.sitePassphrase)) return letIn(request, who, settings);
  const conclude = (verdict: LoginVerdict): Verdict | Promise<Verdict> =>
    verdict === "granted" ? letIn(request, who, settings) : afterCheck(request, settings, verdict);
  const verdict = checkLogin(request, who, settings);
  return verdict instanceof Promise ? verdict.then(conclude) : conclude(verdict);
}

function letIn(request: Request, { user, password }: Credentials, { fakesBasic }: FormSettings): Verdict {
  if (fakesBasic) {
    const pair = Buffer.from(`${user}:${password}`, "latin1").toString("base64");
    request.headers.set("Authorization", `Basic ${pair}`);
  }
  return "done";
}

/** Nobody is known yet: the request may be the login itself. */
function afterCheck(
  request: Request,
  settings: FormSettings,
  verdict: Exclude<LoginVerdict, "granted">,
): Verdict | Promise<Verdict> {
  const isLogin = verdict === 401 && request.method === "POST" && !request.previous && !request.parent;
  return isLogin ? logIn(request, settings) : refusal(request, settings, verdict);
}

/** The response to a login that failed, or to a request without one. */
function refusal(
  request: Request,
  { loginRequired, mayStore }: FormSettings,
  verdict: Exclude<LoginVerdict, "granted">,
  location?: string,
): Verdict {
  if (verdict === 401 && loginRequired) {
    return redirectBy(request, loginRequired, { code: "AH02340", what: "login required" });
  }
  if (location !== undefined) return redirectTo(location);
  if (verdict === "declined") return undefined;
  if (typeof verdict === "object") return verdict;
  // Else the browser would send the form again when the user goes back.
  if (verdict === 401 && !mayStore) request.alwaysHeaders.append("Cache-Control", "no-store");
  return refuse(verdict);
}

async function logIn(request: Request, settings: FormSettings): Promise<Verdict> {
  let login: Login;
  try {
    login = await readLogin(request, settings);
  } catch (error) {
    if (!(error instanceof RequestBodyError)) throw error;
    request.log("info", "auth_form", error.message);
    return { ...refuse(error.status), close: true };
  }
  request.user = login.user;
  const fault = takeRequestBehind(request, login);
  if (fault) return fault;
  const location = ownLocation(request, login.location);
  const { user, password } = login;
  if (user === undefined || password === undefined) {
    const missing =
      user === undefined ? `username field '${settings.userField}'` : `password field '${settings.passwordField}'`;
    request.log("debug", "auth_form", `AH02982: form parsed, but ${missing} was missing or empty, unauthorized`);
    return refusal(request, settings, 401, location);
  }
  const who = { user, password };
  keepSent(request, who);
  const verdict = await checkLogin(request, who, settings);
  if (verdict !== "granted") return refusal(request, settings, verdict, location);
  remember(request, who, settings);
  const { loginSuccess } = settings;
  if (location !== undefined) return redirectTo(location);
  if (loginSuccess) return redirectBy(request, loginSuccess, { code: "AH02339", what: "login success" });
  return letIn(request, who, settings);
}

/** The body is that of the request behind the login from now on, or none. */
function takeRequestBehind(request: Request, { method, mimeType, body }: Login): Response | undefined {
  if (/[^\t\x20-\x7e\x80-\xff]/.test(mimeType ?? "") || (method !== undefined && !/^[A-Za-z]{1,32}$/.test(method))) {
    request.log("error", "auth_form", "a login form names a method or a media type that cannot be one");
    return refuse(400);
  }
  const isWhole = body !== undefined && mimeType !== undefined;
  if (isWhole) request.headers.set("Content-Type", mimeType);
  const bytes = isWhole ? body : Buffer.alloc(0);
  request.body = bodyOf(bytes);
  request.headers.delete("Transfer-Encoding");
  request.headers.set("Content-Length", String(bytes.length));
  if (method !== undefined && method !== request.method) {
    const next: Relaunch = { method, isWhole };
    request.kept.set(relaunch, next);
  }
  return undefined;
}
