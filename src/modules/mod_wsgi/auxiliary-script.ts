// Scripts beside the applications (access, groups, dispatch) → questions to them, and their answers.
import {
  fileSystemPath,
  refuse,
  remoteHostOf,
  type AuthnProvider,
  type AuthzProvider,
  type Place,
  type Request,
  type ScriptAnswers,
  type ScriptRole,
  type Verdict,
} from "../../api/index.js";
import { constantPartOf, requestPart, scriptNameOf, type Environ } from "./environ.js";
import { compileGroupName, type GroupName } from "./group-name.js";
import { readOptions } from "./options.js";
import { variableOf } from "./ssl-variable.js";
import { wsgi, type WsgiSettings } from "./settings.js";

/** A script as a directive names it. */
export interface AuxiliaryScript {
  readonly path: string;
  /** The interpreter it runs in. */
  readonly applicationGroup: GroupName;
}

/** Reads a path and `application-group=`, which knows fewer expansions here than elsewhere. */
export function readAuxiliaryScript(path: string, optionText: string, place: Place): AuxiliaryScript {
  const written = readOptions(optionText, ["application-group"], place).get("application-group") ?? "%{GLOBAL}";
  if (written.startsWith("%{") && !["%{GLOBAL}", "%{SERVER}", "%{HOST}"].includes(written)) {
    place.fail(`option application-group must be a name, %{GLOBAL}, %{SERVER} or %{HOST}, found "${written}"`);
  }
  return { path: place.resolve(path), applicationGroup: compileGroupName(written) };
}

/** Asks a script; undefined when it gave no answer. */
export function ask<Role extends ScriptRole>(
  script: AuxiliaryScript,
  request: Request,
  question: { readonly role: Role; readonly words: readonly string[]; readonly environ?: Environ },
): Promise<ScriptAnswers[Role] | undefined> {
  const scriptName = scriptNameOf(request);
  const { applicationGroup: name } = script;
  const applicationGroup = typeof name === "string" ? name : name(request, scriptName);
  const { role, words, environ = environOf(request, scriptName) } = question;
  return request.applications.ask(
    {
      ...{ script: script.path, role, words, applicationGroup },
      environ: { ...environ, ...identity(applicationGroup) },
      variable: (name) => variableOf(request, environ, name),
    },
    request,
  );
}

const identity = (applicationGroup: string): Environ => ({
  "mod_wsgi.process_group": "",
  "mod_wsgi.application_group": applicationGroup,
});

/** Keys of an application's environ that these scripts get too, beside the fields of the request. */
const shown = [
  ...["SERVER_SOFTWARE", "SERVER_NAME", "SERVER_ADDR", "SERVER_PORT", "SERVER_ADMIN", "SERVER_PROTOCOL"],
  ...["REMOTE_ADDR", "REMOTE_PORT", "DOCUMENT_ROOT", "REQUEST_METHOD", "REQUEST_URI", "QUERY_STRING"],
  ...["SCRIPT_NAME", "PATH_INFO", "wsgi.url_scheme"],
];

function environOf(request: Request, scriptName: string): Environ {
  const mount = { scriptName, processGroup: "", applicationGroup: "", callable: "", handlerScript: "" };
  const constant = constantPartOf(request, mount);
  const options = {
    method: request.headOnly ? "HEAD" : request.method,
    passAuthorization: false,
    passAllAuthorization: false,
  };
  const whole = { ...constant, ...requestPart(request, constant, options) };
  const environ: Environ = { SERVER_SIGNATURE: "" };
  for (const name of shown) if (whole[name] !== undefined) environ[name] = whole[name];
  for (const [name, value] of Object.entries(whole)) if (name.startsWith("HTTP_")) environ[name] = value;
  const { environment } = request;
  // A variable of that name is not the client's field.
  for (const name of environment.keys())
    if (name.startsWith("HTTP_") && !request.headers.has(fieldOf(name))) Reflect.deleteProperty(environ, name);
  return environ;
}

function fieldOf(name: string): string {
  return name.slice("HTTP_".length).replaceAll("_", "-");
}

/** WSGIAccessScript: refuses a request unless the script allows it, or has no opinion. */
export async function checkAccess(request: Request, { accessScript }: WsgiSettings): Promise<Verdict> {
  if (!accessScript) return undefined;
  const { clientAddress } = request;
  const host = (await remoteHostOf(request)) ?? clientAddress;
  const allowed = await ask(accessScript, request, { role: "access", words: [host] });
  if (allowed === true || allowed === null) return undefined;
  request.log(
    "error",
    "wsgi",
    `WSGI0057: Client denied by server configuration: '${nameOf(request)}' (WSGIAccessScript ${accessScript.path})`,
  );
  return refuse(403);
}

/** AuthBasicProvider wsgi: whether the script of WSGIAuthUserScript knows the user and the password. */
export const passwords: AuthnProvider = {
  checkPassword: async (request, user, password) => {
    const script = userScriptOf(request);
    if (!script) return "error";
    const answer = await ask(script, request, { role: "password", words: [user, password] });
    if (answer === undefined) return "error";
    if (answer === null) return "user not found";
    if (typeof answer === "string") request.user = answer;
    return answer === false ? "denied" : "granted";
  },
  realmHash: async (request, user, realm) => {
    const script = userScriptOf(request);
    if (!script) return "error";
    const hash = await ask(script, request, { role: "realm", words: [user, realm] });
    if (hash === undefined) return "error";
    return hash === null ? "user not found" : { hash };
  },
};

function userScriptOf(request: Request): AuxiliaryScript | undefined {
  const { authUserScript } = request.settings(wsgi);
  if (!authUserScript) request.log("error", "wsgi", "WSGI0041: the provider wsgi needs a WSGIAuthUserScript");
  return authUserScript;
}

/** Require wsgi-group: whether the script of WSGIAuthGroupScript counts the user to one of the groups. */
export const wsgiGroup: AuthzProvider = {
  require: (names) => async (request) => {
    const { user } = request;
    if (user === undefined) return "no user";
    const { authGroupScript } = request.settings(wsgi);
    if (!authGroupScript) {
      request.log("error", "wsgi", "WSGI0058: Require wsgi-group without a WSGIAuthGroupScript: denied");
      return "denied";
    }
    const groups = await ask(authGroupScript, request, { role: "groups", words: [user] });
    if (groups?.some((group) => names.includes(group))) return "granted";
    request.log(
      "error",
      "wsgi",
      `WSGI0051: user '${user}' is in none of the groups ${names.join(" ")}: '${nameOf(request)}'`,
    );
    return "denied";
  },
};

function nameOf({ filename }: Request): string {
  return String(fileSystemPath(filename));
}
