// The handlers of logins and logouts, and the request that was behind a login.
import { escapePath, refuse, RequestBodyError, type Request, type Response } from "../../api/index.js";
import { relaunch, type Relaunch } from "./authenticate.js";
import { readLogin, type Login } from "./fields.js";
import { ownLocation, redirectBy, redirectTo } from "./location.js";
import { checkLogin, keepSent, remember, sentBefore, type Credentials } from "./login.js";
import type { FormSettings } from "./settings.js";

/** The hook of the handler phase. */
export function handle(request: Request, settings: FormSettings): undefined | Response | Promise<Response> {
  if (request.authType?.toLowerCase() === "form") {
    const next = request.kept.get(relaunch) as Relaunch | undefined;
    if (next) return makeAnew(request, next);
  }
  switch (request.handler) {
    case "form-login-handler":
      return logIn(request, settings);
    case "form-logout-handler":
      return logOut(request, settings);
    default:
      return undefined;
  }
}

function makeAnew(request: Request, { method, isWhole }: Relaunch): Response | Promise<Response> {
  request.kept.delete(relaunch);
  if (!isWhole) {
    request.log(
      "error",
      "auth_form",
      `AH01813: internal redirect requested but one or all of method, mimetype or body are NULL: ${request.path}`,
    );
    return refuse(500);
  }
  request.method = method;
  return request.redirect(escapePath(request.path), "same");
}

async function logIn(request: Request, settings: FormSettings): Promise<Response> {
  if (request.method !== "POST") {
    const message = `AH01811: the form-login-handler only supports the POST method for ${request.path}`;
    request.log("error", "auth_form", message);
    return refuse(405);
  }
  if (request.rehearsal) {
    return request.rehearsal.insteadOf("checks the login that a form sends, and puts it into the session");
  }
  let login: Pick<Login, "user" | "password" | "location">;
  const before = sentBefore(request);
  try {
    login = before ? { ...before, location: undefined } : await readLogin(request, settings);
  } catch (error) {
    if (!(error instanceof RequestBodyError)) throw error;
    request.log("info", "auth_form", error.message);
    return { ...refuse(error.status), close: true };
  }
  if (login.user !== undefined) request.user = login.user;
  const { user, password } = login;
  if (user === undefined || password === undefined) return refusal(request, settings);
  const who: Credentials = { user, password };
  keepSent(request, who);
  const verdict = await checkLogin(request, who, settings);
  if (verdict === 401) return refusal(request, settings);
  if (verdict !== "granted") return typeof verdict === "object" ? verdict : refuse(500);
  remember(request, who, settings);
  const location = ownLocation(request, login.location);
  const { loginSuccess } = settings;
  if (location !== undefined) return redirectTo(location);
  if (loginSuccess) return redirectBy(request, loginSuccess, { code: "AH02341", what: "login success" });
  return done();
}

function refusal(request: Request, { loginRequired }: FormSettings): Response {
  if (!loginRequired) return refuse(401);
  return redirectBy(request, loginRequired, { code: "AH02342", what: "login required" });
}

function logOut(request: Request, settings: FormSettings): Response {
  remember(request, undefined, settings);
  // A page from a cache would log nobody out.
  request.alwaysHeaders.append("Cache-Control", "no-store");
  const { logout } = settings;
  return logout ? redirectBy(request, logout, { status: 307, code: "AH02343", what: "logout" }) : done();
}

/** As Apache: the built-in page, of an error that is none. */
function done(): Response {
  return refuse(200);
}
