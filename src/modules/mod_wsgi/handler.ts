// A request for a script → a run of its application, or the status that refuses it.
import {
  byteString,
  core,
  fileSystemPath,
  refuse,
  type ApplicationCall,
  type Request,
  type Verdict,
} from "../../api/index.js";
import { ask, type AuxiliaryScript } from "./auxiliary-script.js";
import { insidePath } from "./chroot.js";
import { ConstantParts, requestPart, scriptNameOf, type Environ } from "./environ.js";
import { compileCallable, compileGroupName, type GroupName } from "./group-name.js";
import { groupOf, stateOf } from "./groups.js";
import type { HandlerScript } from "./named-script.js";
import { relay } from "./relay.js";
import { aliasOf, scriptHandler, type AliasOptions, type ScriptAlias } from "./script-alias.js";
import { ownerFault } from "./script-owner.js";
import type { WsgiSettings } from "./settings.js";
import { proxyCorrection } from "./trusted-proxy.js";

/** What is worked out once for settings and an alias. */
interface Mount {
  readonly processGroup: GroupName;
  readonly applicationGroup: GroupName;
  readonly callable: GroupName;
  readonly passAuthorization: boolean;
  readonly interface: AliasOptions["interface"];
  /** Names of the groups WSGIRestrictProcess lists. */
  readonly allowed: ReadonlySet<string> | undefined;
  readonly constants: ConstantParts;
}

const mounts = new WeakMap<WsgiSettings, Map<Runner, Mount>>();

/** Extensions of scripts that Node runs; WSGIRestrictEmbedded is about Python, which is not in this process. */
const nodeScript = /\.[mc]?[jt]s$/;

/** What runs a request: an alias, the script of a handler's name, or the file itself. */
type Runner = ScriptAlias | HandlerScript | undefined;

/** Runs the application of a request whose handler is wsgi-script, or one that WSGIHandlerScript defines. */
export function handle(request: Request, settings: WsgiSettings): Verdict | Promise<Verdict> {
  const name = request.handler ?? request.contentType;
  const script = name === undefined ? undefined : handlerScriptOf(settings, name);
  if (!script && name !== scriptHandler && name !== "application/x-httpd-wsgi") return undefined;
  const alias = aliasOf(request);
  const status = (script ? undefined : targetRefusal(request, alias)) ?? refusalOf(request, settings);
  if (status !== undefined) return refuse(status);
  const runner = script ?? alias;
  const { dispatchScript } = settings;
  if (!dispatchScript) return run(request, settings, mountOf(settings, runner), script);
  return dispatched(request, { settings, runner, dispatchScript }).then((mount) =>
    mount ? run(request, settings, mount, script) : refuse(500),
  );
}

function run(
  request: Request,
  settings: WsgiSettings,
  mount: Mount,
  script: HandlerScript | undefined,
): Verdict | Promise<Verdict> {
  const call = callOf(request, settings, mount, script);
  if (typeof call === "number") return refuse(call);
  const daemon = call.processGroup !== "";
  const answer = request.applications.run(call, request);
  if (answer instanceof Promise) return answer.then((response) => relay(request, response, { daemon, settings }));
  return relay(request, answer, { daemon, settings });
}

function handlerScriptOf({ handlerScripts }: WsgiSettings, name: string): HandlerScript | undefined {
  return Object.hasOwn(handlerScripts, name) ? handlerScripts[name] : undefined;
}

/** The mount with what the dispatch script chooses; undefined when it gave no answer. */
async function dispatched(
  request: Request,
  { settings, runner, dispatchScript }: { settings: WsgiSettings; runner: Runner; dispatchScript: AuxiliaryScript },
): Promise<Mount | undefined> {
  const mount = mountOf(settings, runner);
  const scriptName = scriptNameOf(request);
  const none = { scriptName, processGroup: "", applicationGroup: "", callable: "", handlerScript: "" };
  const constant = mount.constants.of(request, none);
  const environ = { ...constant, ...environOf(request, { settings, mount, constant }) };
  delete environ["mod_wsgi.callable_object"];
  const chosen = await ask(dispatchScript, request, { role: "dispatch", words: [], environ });
  if (!chosen) return undefined;
  const { process_group: processGroup, application_group: applicationGroup, callable_object: callable } = chosen;
  return {
    ...mount,
    ...(processGroup === undefined ? {} : { processGroup: compileGroupName(processGroup) }),
    ...(applicationGroup === undefined ? {} : { applicationGroup: compileGroupName(applicationGroup) }),
    ...(callable === undefined ? {} : { callable: compileCallable(callable) }),
  };
}

/** The checks of the script a request is for, in mod_wsgi's order; the status of the first that fails. */
function targetRefusal(request: Request, alias: ScriptAlias | undefined): number | undefined {
  const { options } = request.settings(core);
  if (!alias && !options.plain?.ExecCGI) {
    return fault(request, 403, `WSGI0134: Options ExecCGI is off in this directory: ${request.filename}`);
  }
  if (!request.file) return fault(request, 404, `WSGI0135: Target WSGI script not found: ${request.filename}`);
  if (request.file.isDirectory()) {
    return fault(request, 403, `WSGI0136: Target WSGI script is a directory: ${request.filename}`);
  }
  return undefined;
}

/** The checks of a request before its application is looked for, in mod_wsgi's order. */
function refusalOf(request: Request, settings: WsgiSettings): number | undefined {
  const { acceptPathInfo, limitRequestBody } = request.settings(core);
  if (acceptPathInfo === "Off" && request.pathInfo !== "") {
    return fault(request, 404, `WSGI0137: AcceptPathInfo is Off: ${request.filename}${request.pathInfo}`);
  }
  const { length } = request.body;
  if (length === undefined && !settings.chunkedRequest && request.headers.has("transfer-encoding")) {
    return fault(request, 411, "WSGI0139: the request body is chunked and WSGIChunkedRequest is Off");
  }
  if (length !== undefined && limitRequestBody > 0 && length > limitRequestBody) {
    // Marks the body as refused, which shows in how the page is sent.
    void request.body.discard();
    return fault(
      request,
      413,
      `AH01588: Requested content-length of ${length} is larger than the configured limit of ${limitRequestBody}`,
    );
  }
  return undefined;
}

/** The run of an application, or the status that refuses it. */
function callOf(
  request: Request,
  settings: WsgiSettings,
  mount: Mount,
  handlerScript: HandlerScript | undefined,
): ApplicationCall | number {
  const scriptName = scriptNameOf(request);
  const resolve = (name: GroupName) => (typeof name === "string" ? name : name(request, scriptName));
  const processGroup = resolve(mount.processGroup);
  if (mount.allowed && !mount.allowed.has(processGroup)) {
    return fault(
      request,
      500,
      `WSGI0149: Daemon process group '${processGroup}' is not allowed here by WSGIRestrictProcess`,
    );
  }
  let script = handlerScript?.path ?? textOf(request.filename);
  const embedded = processGroup === "";
  let chroot: string | undefined;
  if (!embedded) {
    const state = stateOf(processGroup, request.virtualHost);
    if (state === "unknown") {
      return fault(request, 500, `WSGI0151: No WSGI daemon process called '${processGroup}' has been configured`);
    }
    if (state === "of another host") {
      return fault(
        request,
        500,
        `WSGI0152: Daemon process called '${processGroup}' cannot be accessed by this virtual host`,
      );
    }
    const group = groupOf(processGroup, request.virtualHost);
    const reason = group && ownerFault(group, script);
    if (reason !== undefined) {
      return fault(request, 403, `daemon group '${processGroup}' does not run ${request.filename}: ${reason}`);
    }
    if (group?.threads === 0) {
      return fault(
        request,
        503,
        `daemon group '${processGroup}' has threads=0: it runs scripts, and takes no requests`,
      );
    }
    if (group?.chroot !== undefined) {
      const inside = insidePath(group, script);
      if (inside === undefined) {
        return fault(request, 500, `WSGI0081: the script ${script} is not inside of the chroot ${group.chroot}`);
      }
      ({ chroot } = group);
      script = inside;
    }
  } else if (settings.restrictEmbedded && !nodeScript.test(handlerScript?.path ?? request.filename)) {
    return fault(
      request,
      500,
      "WSGI0143: Embedded mode of mod_wsgi disabled by WSGIRestrictEmbedded: choose a WSGIProcessGroup",
    );
  }
  const applicationGroup = resolve(mount.applicationGroup);
  const callable = resolve(mount.callable);
  const constant = mount.constants.of(request, {
    ...{ scriptName, processGroup, applicationGroup, callable },
    handlerScript: handlerScript ? byteString(script) : "",
    chroot,
  });
  return {
    script,
    callable,
    processGroup,
    applicationGroup,
    constant,
    environ: environOf(request, { settings, mount, constant }),
    scriptReloading: settings.scriptReloading,
    ...(mount.interface ? { interface: mount.interface } : {}),
    ...(settings.webSocket ? { webSocket: settings.webSocket } : {}),
    ...(settings.ignoreActivity ? { ignoresActivity: true } : {}),
  };
}

/** The part of the environ that belongs to the request, as it is shown: HEAD mapped, proxies believed. */
function environOf(
  request: Request,
  { settings, mount, constant }: { settings: WsgiSettings; mount: Mount; constant: Readonly<Environ> },
): Environ {
  const head = request.headOnly && settings.mapHeadToGet !== "On" && !servesError(request);
  const environ = requestPart(request, constant, {
    method: head ? "HEAD" : request.method,
    passAuthorization: mount.passAuthorization,
    passAllAuthorization: request.settings(core).cgiPassAuth,
  });
  const { connection, environment } = request;
  const correct = proxyCorrection(settings);
  correct?.(environ, connection.remoteAddress);
  // As mod_wsgi leaves it for logs: what it found itself is "1".
  if ((connection.secure || correct) && environ["wsgi.url_scheme"] === "https") environment.set("HTTPS", "1");
  return environ;
}

function mountOf(settings: WsgiSettings, alias: Runner): Mount {
  let byAlias = mounts.get(settings);
  if (!byAlias) {
    byAlias = new Map<Runner, Mount>();
    mounts.set(settings, byAlias);
  }
  const known = byAlias.get(alias);
  if (known) return known;
  const { restrictProcess } = settings;
  const mount: Mount = {
    processGroup: compileGroupName(alias?.processGroup ?? settings.processGroup ?? "%{GLOBAL}"),
    applicationGroup: compileGroupName(alias?.applicationGroup ?? settings.applicationGroup ?? "%{RESOURCE}"),
    // The option of an alias is taken literally.
    callable: alias?.callable ?? compileCallable(settings.callable ?? "application"),
    passAuthorization: alias?.passAuthorization ?? settings.passAuthorization,
    interface: alias?.interface,
    allowed: restrictProcess && new Set(restrictProcess.map((name) => (name === "%{GLOBAL}" ? "" : name))),
    constants: new ConstantParts(),
  };
  byAlias.set(alias, mount);
  return mount;
}

/** Whether the request is the internal redirect to an ErrorDocument, which is always a GET. */
function servesError({ previous, environment }: Request): boolean {
  return previous !== undefined && Number(environment.get("REDIRECT_STATUS") ?? 200) >= 400;
}

function fault(request: Request, status: number, message: string): number {
  request.log("error", "wsgi", message);
  return status;
}

/** A file name of a request as the text of a path. */
function textOf(filename: string): string {
  const path = fileSystemPath(filename);
  return typeof path === "string" ? path : path.toString("utf8");
}
