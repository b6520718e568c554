// An exchange from the wire → its request through the phases → the response sent and logged.
import { posix } from "node:path";
import { Readable } from "node:stream";
import type {
  AnnouncementReader,
  Applications,
  Connection,
  Ends,
  ForwardProxy,
  LogRecord,
  Lookup,
  NamedFilter,
  Phase,
  Response,
  SettingsOf,
  TlsChallenges,
  TlsProvider,
  Verdict,
  VirtualHost,
} from "../api/index.js";
import {
  allowedTime,
  answer,
  dropBody,
  endText,
  escapePath,
  Headers,
  http2,
  phases,
  readTimeouts,
  refuse,
  RequestBodyError,
  serverBanner,
} from "../api/index.js";
import type { CompiledHost, CompiledServer } from "../config/compile.js";
import type { AnnouncementOptions } from "./announcement.js";
import { withFields } from "./answer-fields.js";
import type { BoundHook } from "../config/merge.js";
import { AccessFiles } from "./directory-walk.js";
import { elsewhere, wholeTarget } from "./elsewhere.js";
import { errorDocument } from "./error-document.js";
import { errorPage } from "./error-page.js";
import type { Exchange, ExchangeHandler, Http2Limits, Sent, Transmission, WireLimits } from "./exchange.js";
import { beginFilters, filterBody, filterResponse } from "./filter.js";
import { hostOf, type HostName } from "./host-name.js";
import { mapToStorage, matchLocations } from "./map.js";
import { encodedPath, parseTarget, refusedParts, sentPath, type TargetParts } from "./path.js";
import type { Observer } from "./observer.js";
import { http1, type Spoken } from "./protocols.js";
import { ServerRequest, type CoreSettings, type Services } from "./request.js";
import { SectionIndex } from "./sections.js";
import { hostByName, hostByPath, Sites, type HostGroup } from "./site.js";
import { TlsEndpoint } from "./tls.js";

/** The connection of requests that nobody has sent. */
const nobody: Connection = {
  id: "",
  remoteAddress: "127.0.0.1",
  remotePort: 0,
  localAddress: "127.0.0.1",
  localPort: 0,
  secure: false,
  keepalives: 0,
  signal: new AbortController().signal,
};

type Awaitable<Value> = Value | Promise<Value>;

/** What each virtual host needs for its requests, made at its first. */
export interface HostState {
  readonly sections: SectionIndex;
  readonly core: CoreSettings;
  readonly transmission: Transmission;
}

/** Takes requests through the phases. One for each compiled server. */
export class Pipeline implements ExchangeHandler {
  readonly server: CompiledServer;
  readonly sites: Sites;
  readonly #services: Services;
  readonly #accessFiles: AccessFiles;
  readonly #states = new Map<CompiledHost, HostState>();
  readonly #tls = new Map<HostGroup, TlsEndpoint | false>();
  readonly #announcements: readonly AnnouncementReader[];

  /** `observer` hears what each step does; without one nothing is told to anybody. */
  constructor(server: CompiledServer, applications: Applications, observer?: Observer) {
    this.server = server;
    this.#accessFiles = new AccessFiles(server.readAccessFile);
    this.sites = new Sites(server.virtualHosts);
    this.#announcements = [...server.providers("announcements").values()] as AnnouncementReader[];
    this.#services = {
      observer,
      applications,
      checksEachUrl: server.modules.some(({ checksEachUrl }) => checksEachUrl),
      providers: (kind) => server.providers(kind),
      outputFilterChains: [...server.providers("outputFilterChain").values()],
      filtersBegin: [...server.providers("outputFilter").values()].some((each) => "begin" in (each as NamedFilter)),
      lookup: (from, urlPath) => this.#lookup(from, urlPath),
      lookupFile: (from, filename, isVariant) => this.#lookupFile(from, filename, isVariant ? from.pathInfo : ""),
      serve: (found) => then(this.#handlerPhase(found), (response) => this.#filter(found, withFields(found, response))),
      redirect: (from, urlPath, method) => this.#redirect(from, urlPath, method === "same" ? from.method : "GET"),
    };
  }

  limits(localAddress: string, localPort: number): WireLimits {
    const host = this.sites.group(localAddress, localPort).default;
    const { core } = this.#state(host);
    const reading = host.plan.settings[readTimeouts.module] as WireLimits["reading"];
    return {
      requestLine: core.limitRequestLine,
      fields: core.limitRequestFields,
      fieldSize: core.limitRequestFieldSize,
      timeout: core.timeout,
      ...(reading ? { reading } : {}),
      http2: this.#http2Limits(host),
      keepAliveTimeout: core.keepAliveTimeout,
      allow09: core.httpProtocolOptions.allow09,
      strict: core.httpProtocolOptions.strict,
    };
  }

  announcement(ends: Ends): AnnouncementOptions | undefined {
    const [main] = this.server.virtualHosts;
    const reader = main && this.#announcements.find((each) => each.expects(main, ends));
    if (!reader) return undefined;
    const { timeout, reading } = this.limits(ends.localAddress, ends.localPort);
    const { errorLog } = this.sites.group(ends.localAddress, ends.localPort).default;
    const client = endText(ends.remoteAddress, ends.remotePort);
    return {
      reader,
      ends,
      timeout: Math.min(timeout, reading ? allowedTime(reading.header, 0) : Infinity),
      refused: (message) => errorLog.write({ level: "error", module: reader.module, message, client }),
    };
  }

  tls(localAddress: string, localPort: number): TlsEndpoint | undefined {
    const group = this.sites.group(localAddress, localPort);
    let endpoint = this.#tls.get(group);
    if (endpoint === undefined) {
      const providers = [...this.server.providers("tls").values()] as TlsProvider[];
      const options = {
        timeout: this.#state(group.default).core.timeout,
        spoken: (host: VirtualHost) => this.#spoken(host as CompiledHost),
        challenges: [...this.server.providers("tlsChallenges").values()] as TlsChallenges[],
      };
      endpoint = TlsEndpoint.of(group, providers, options) ?? false;
      this.#tls.set(group, endpoint);
    }
    return endpoint || undefined;
  }

  #http2Limits(host: CompiledHost): Http2Limits | undefined {
    const settings = host.plan.settings[http2.module] as SettingsOf<typeof http2.settings> | undefined;
    if (!settings) return undefined;
    const { protocols } = this.#state(host).core;
    const begins = {
      plain: protocols.includes("h2c") && settings.direct !== false,
      encrypted: protocols.includes("h2") && settings.direct === true,
    };
    return {
      ...settings,
      begins,
      ended: (message, { remoteAddress, remotePort }) => {
        const client = endText(remoteAddress, remotePort);
        host.errorLog.write({ level: "info", module: "http2", message, client });
      },
    };
  }

  #spoken(host: CompiledHost): Spoken {
    const { protocols, protocolsHonorOrder } = this.#state(host).core;
    const known = host.plan.settings[http2.module] ? ["h2", http1] : [http1];
    return { protocols: protocols.filter((each) => known.includes(each)), honorsOrder: protocolsHonorOrder };
  }

  handle(exchange: Exchange): void {
    const { request, refused } = this.#accept(exchange);
    const response = this.answerOf(request, refused);
    if (response instanceof Promise) void response.then((value) => this.#send(exchange, request, value));
    else this.#send(exchange, request, response);
  }

  /** The finished response to a request: phases, error document, output filters. Never fails. */
  answerOf(request: ServerRequest, refused?: Response): Awaitable<Response> {
    let response: Awaitable<Response>;
    try {
      response = refused ?? this.#serve(request);
    } catch (error) {
      response = failed(request, error);
    }
    if (response instanceof Promise) {
      return response.catch((error: unknown) => failed(request, error)).then((value) => this.#finish(request, value));
    }
    return this.#finish(request, response);
  }

  #accept(exchange: Exchange): { request: ServerRequest; refused: Response | undefined } {
    const { connection, fault } = exchange;
    const group = this.sites.group(connection.localAddress, connection.localPort);
    const host = fault && !fault.hostKnown ? undefined : hostOf(exchange, connection.secure);
    const named = host && group.hosts.length > 1 ? hostOfGroup(group, host) : undefined;
    const virtualHost = named ?? group.default;
    exchange.virtualHost = virtualHost;
    const request = this.#makeRequest(exchange, virtualHost, host);
    this.#services.observer?.hostChosen(request, { group, named });
    const state = this.#state(virtualHost);
    exchange.limitBody(state.core.limitRequestBody);
    if (state.core.mergeTrailers) exchange.mergeTrailers?.();
    if (fault) {
      if (fault.reason !== "") request.log("info", "core", fault.reason);
      Object.assign(request, refusedParts(request.target, false));
      return { request, refused: refuse(fault.status, fault.note === undefined ? {} : { note: fault.note }) };
    }
    const elsewhereTo = elsewhere(exchange, virtualHost);
    if (elsewhereTo) {
      const takes = [...this.#services.providers("forwardProxy").values()] as ForwardProxy[];
      if (takes.some((each) => each(request))) {
        return { request: this.#makeRequest(exchange, virtualHost, host, true), refused: undefined };
      }
      if (elsewhereTo.isForeign) {
        request.log("info", "core", "AH00126: the target's scheme is not served here");
        request.undecodable = refuse(400);
      }
    }
    const strict = state.core.strictHostCheck && host?.hostname !== "" && !named && !isNamed(virtualHost, host);
    return { request, refused: strict ? refuse(400) : undefined };
  }

  /** A request that nobody has sent, for questions outside of any. */
  imagine(virtualHost: VirtualHost): ServerRequest {
    return new ServerRequest({
      services: this.#services,
      connection: nobody,
      virtualHost: virtualHost as CompiledHost,
      startTime: Date.now(),
      method: "GET",
      target: "/",
      requestLine: "GET / HTTP/1.1",
      protocol: "HTTP/1.1",
      headers: new Headers(),
      body: { length: 0, arrived: Buffer.alloc(0), stream: () => Readable.from([]), discard: () => true },
      hostname: "",
      hostPort: undefined,
    });
  }

  #makeRequest(
    exchange: Exchange,
    virtualHost: CompiledHost,
    host: HostName | undefined,
    isForwarded = false,
  ): ServerRequest {
    return new ServerRequest({
      services: this.#services,
      connection: exchange.connection,
      virtualHost,
      startTime: exchange.startTime,
      method: exchange.method,
      target: isForwarded ? exchange.target : (host?.target ?? exchange.target),
      requestLine: exchange.requestLine,
      protocol: exchange.protocol,
      headers: exchange.headers,
      body: exchange.body,
      hostname: host?.hostname ?? "",
      hostPort: host?.port,
      exchange,
      isForwarded,
    });
  }

  #state(host: CompiledHost): HostState {
    const known = this.#states.get(host);
    if (known) return known;
    const core = host.plan.settings["core"] as CoreSettings;
    const state: HostState = {
      sections: new SectionIndex(host, this.#accessFiles),
      core,
      transmission: {
        server: serverBanner(core.serverTokens),
        keepAlive: core.keepAlive,
        keepAliveTimeout: core.keepAliveTimeout,
        maxKeepAliveRequests: core.maxKeepAliveRequests,
        timeout: core.timeout,
        failurePage: () => errorPage({ status: 500, method: "GET", serverAdmin: core.serverAdmin }),
      },
    };
    this.#states.set(host, state);
    return state;
  }

  #serve(request: ServerRequest): Awaitable<Response> {
    return then(this.#prepare(request, !request.parent), (refused) => refused ?? this.#handlerPhase(request));
  }

  #handlerPhase(request: ServerRequest): Awaitable<Response> {
    const { limitRequestBody } = request.core;
    if (limitRequestBody !== this.#state(request.virtualHost).core.limitRequestBody) {
      request.exchange?.limitBody(limitRequestBody);
    }
    if (request.core.inputFilters.length > 0 || request.inputFilters.length > 0) filterBody(request);
    if (this.#services.filtersBegin) beginFilters(request);
    return then(runPhase(request, "handler"), (verdict) => {
      if (isAnswer(verdict)) return withStatus(request, verdict);
      request.log("warn", "core", `AH00523: handler "${request.handler ?? ""}" not found for: ${request.filename}`);
      return refuse(500);
    });
  }

  /** The phases up to fixups; a response where one of them refused or answered. */
  #prepare(request: ServerRequest, main: boolean): Awaitable<Response | undefined> {
    const parts = this.#partsOf(request);
    if ("status" in parts) {
      Object.assign(request, refusedParts(request.target, true));
      request.undecodable = refuse(parts.status);
    } else {
      request.path = parts.path;
      request.query = parts.query;
    }
    request.services.observer?.begun(request);
    return main ? this.#read(request) : this.#enter(request, subSteps);
  }

  #partsOf({ target, isForwarded, undecodable, virtualHost }: ServerRequest): TargetParts {
    if (undecodable) return refusedParts(target, false);
    return isForwarded ? wholeTarget(target) : parseTarget(target, this.#state(virtualHost).core);
  }

  /** The phases that see the virtual host's settings alone, as what is answered in them does; in the first one the path is as it was sent. */
  #read(request: ServerRequest): Awaitable<Response | undefined> {
    const { path } = request;
    if (!request.isForwarded) request.path = sentPath(request.target);
    return then(runPhase(request, "postReadRequest"), (verdict) => {
      request.path = path;
      if (isAnswer(verdict)) return verdict;
      // No answer is kept for a path that cannot be decoded.
      const kept = request.undecodable ? undefined : runPhase(request, "quickHandler");
      return then(kept, (response) => (isAnswer(response) ? response : this.#enter(request, mainSteps)));
    });
  }

  /** The phases from the first that sees sections. */
  #enter(request: ServerRequest, steps: readonly Step[]): Awaitable<Response | undefined> {
    const { undecodable, path } = request;
    // A 404 only unless somebody takes the path as it was sent.
    if (undecodable && undecodable.status !== 404) return undecodable;
    if (!path.startsWith("/") && !request.isForwarded) return starTarget(request);
    const { sections } = this.#state(request.virtualHost);
    return then(matchLocations(request, sections), () => runSteps(steps, 0, request, sections));
  }

  #lookup(from: ServerRequest, urlPath: string): Awaitable<Lookup> {
    const folder = escapePath(from.path.slice(0, from.path.lastIndexOf("/") + 1) || "/");
    const request = this.#derive(from, urlPath.startsWith("/") ? urlPath : folder + urlPath, { parent: from });
    request.copyEnvironment(from);
    return then(tooDeep(request) ?? this.#prepare(request, false), (response) => lookupResult(request, response));
  }

  #lookupFile(from: ServerRequest, name: string, pathInfo: string): Awaitable<Lookup> {
    const folder = from.filename.slice(0, from.filename.lastIndexOf("/") + 1);
    const filename = posix.normalize(name.startsWith("/") ? name : folder + name);
    const isBeside = filename.startsWith(folder) && !filename.slice(folder.length).includes("/");
    const own = from.path.endsWith(pathInfo) ? from.path.slice(0, from.path.length - pathInfo.length) : from.path;
    const path = isBeside ? own.slice(0, own.lastIndexOf("/") + 1) + filename.slice(folder.length) + pathInfo : "";
    const request = this.#derive(from, escapePath(path), { parent: from });
    request.copyEnvironment(from);
    request.path = path;
    request.filename = filename;
    const refused = tooDeep(request);
    if (refused) return lookupResult(request, refused);
    const { sections } = this.#state(request.virtualHost);
    return then(runSteps(fileSteps, 0, request, sections), (response) => lookupResult(request, response));
  }

  #redirect(from: ServerRequest, urlPath: string, method: string, errorStatus?: number): Awaitable<Response> {
    const { parent } = from;
    const request = this.#derive(from, urlPath, { previous: from, method, ...(parent ? { parent } : {}) });
    request.errorStatus = errorStatus ?? from.errorStatus;
    request.variantsTag = from.variantsTag;
    if (errorStatus === undefined) request.status = from.status;
    inheritEnvironment(from, request, errorStatus ?? from.status ?? 200);
    const vary = from.ownAnswerHeaders?.get("vary");
    if (vary !== undefined && from.notes.has("redirect-keeps-vary")) request.answerHeaders.set("Vary", vary);
    const refused = tooDeep(request);
    if (refused) return refused;
    from.last = request;
    return this.#serve(request);
  }

  #derive(
    from: ServerRequest,
    urlPath: string,
    { method = "GET", ...link }: { parent?: ServerRequest; previous?: ServerRequest; method?: string },
  ): ServerRequest {
    return new ServerRequest({
      services: this.#services,
      connection: from.connection,
      virtualHost: from.virtualHost,
      startTime: from.startTime,
      method: from.headOnly ? "HEAD" : method,
      target: urlPath,
      requestLine: from.requestLine,
      protocol: from.protocol,
      headers: from.headers,
      body: from.body,
      hostname: from.hostname,
      hostPort: from.hostPort,
      originalTarget: from.originalTarget,
      ...link,
    });
  }

  #finish(request: ServerRequest, made: Response): Awaitable<Response> {
    const response = request.isForwarded && made.failure && made.status === 401 ? asProxy(made) : made;
    // Where internal redirects led elsewhere, what they led to has failed, and its ErrorDocument counts.
    const last = lastOf(request);
    if (!response.failure) return this.#filter(request, withFields(last, response));
    return then(this.#page(last, response), (page) =>
      this.#filter(request, withFields(lastOf(request), page, page.page)),
    );
  }

  /** What is sent for a refusal. */
  #page(request: ServerRequest, refused: Response): Awaitable<Response> {
    const begunAnew = (served: Response): Awaitable<Response> => {
      const document = lastOf(request);
      if (!served.failure?.isOwn || document === request) return served;
      document.errorStatus = undefined;
      return this.#page(document, served);
    };
    const serveLocal = (path: string): Awaitable<Response> => {
      try {
        const served = then(this.#redirect(request, path, "GET", refused.status), begunAnew);
        return served instanceof Promise ? served.catch((error: unknown) => failed(request, error)) : served;
      } catch (error) {
        return failed(request, error);
      }
    };
    return errorDocument(request, refused, serveLocal);
  }

  #filter(request: ServerRequest, response: Response): Awaitable<Response> {
    if (response.failure || response.raw || response.unfiltered) return response;
    const last = lastOf(request);
    const end = (filtered: Response): Awaitable<Response> =>
      filtered.failure || last.last ? this.#finish(request, filtered) : filtered;
    const lost = (error: unknown): Response => {
      request.log("error", "core", `an output filter failed: ${describe(error)}`);
      dropBody(response.body);
      return answer(500);
    };
    try {
      const filtered = filterResponse(last, response);
      return filtered instanceof Promise ? filtered.then(end).catch(lost) : end(filtered);
    } catch (error) {
      return lost(error);
    }
  }

  #send(exchange: Exchange, request: ServerRequest, response: Response): void {
    const { transmission } = this.#state(request.virtualHost);
    // What could not be sent as it was has become a 500; a request that internal redirects led from has been served.
    const first = request.ownStatus ?? (request.last ? (request.status ?? 200) : undefined);
    exchange.send(response, transmission, (sent) => logTransaction(request, first ?? sent.status, sent));
  }
}

const isAnswer = (verdict: Verdict): verdict is Response => verdict !== undefined && verdict !== "done";

type Step = Exclude<Phase, "postReadRequest" | "quickHandler" | "handler" | "logTransaction">;
const notSteps: readonly Phase[] = ["postReadRequest", "quickHandler", "handler", "logTransaction"];
const mainSteps = (Object.keys(phases) as Phase[]).filter((phase): phase is Step => !notSteps.includes(phase));
const subSteps = mainSteps.filter((step) => step !== "headerParser");
const fileSteps = subSteps.filter((step) => step !== "preTranslateName" && step !== "translateName");

/** Runs the phases before the handler; waits only where a hook does. */
function runSteps(
  steps: readonly Step[],
  from: number,
  request: ServerRequest,
  sections: SectionIndex,
): Awaitable<Response | undefined> {
  for (let i = from; i < steps.length; i++) {
    const step = steps[i] as Step;
    if (isSettled(request, step)) continue;
    // What Locations and conditions have said so far is said again once the file is known, and not to what is refused before.
    if (step === "mapToStorage") request.plan = request.virtualHost.plan;
    const verdict = step === "preTranslateName" ? takeEncoded(request, sections) : runPhase(request, step);
    const ended =
      verdict instanceof Promise
        ? verdict.then((value) => endStep(step, value, request, sections))
        : endStep(step, verdict, request, sections);
    if (ended instanceof Promise) {
      return ended.then((refused) => refused ?? runSteps(steps, i + 1, request, sections));
    }
    if (ended) return ended;
  }
  return undefined;
}

function endStep(
  step: Step,
  verdict: Verdict,
  request: ServerRequest,
  sections: SectionIndex,
): Awaitable<Response | undefined> {
  if (isAnswer(verdict)) return verdict;
  if (step === "checkUser") return refuseNameless(request);
  if (step !== "mapToStorage") return undefined;
  const { observer } = request.services;
  const refused = mapToStorage(request, sections, verdict === "done");
  if (!observer) return refused;
  return then(refused, (response) => {
    observer.mapped(request, response);
    return response;
  });
}

/**
 * Whether there is nothing to do in a step: nobody has to be known, or the request this one came of has passed it under
 * the same settings.
 */
function isSettled(request: ServerRequest, step: Step): boolean {
  if (step === "accessChecker") {
    const origin = request.parent ?? request.previous;
    if (origin?.plan !== request.plan || request.services.checksEachUrl) return false;
    request.user = origin.user;
    request.authType = origin.authType;
    return true;
  }
  return (step === "checkUser" || step === "authChecker") && !request.needsUser;
}

/** The phase of hooks that see the path before it is decoded; where none of them takes the request, it is decoded again. */
function takeEncoded(request: ServerRequest, sections: SectionIndex): Awaitable<Verdict> {
  const { path, undecodable, plan } = request;
  if (!undecodable && (plan.hooks.preTranslateName.length === 0 || request.isForwarded)) return undefined;
  const encoded = encodedPath(request.target, request.virtualHost.plan.settings["core"] as CoreSettings);
  if (encoded === undefined) return refuseUndecoded(request);
  request.path = encoded;
  const laid = encoded === path ? undefined : matchLocations(request, sections);
  return then(
    then(laid, () => runPhase(request, "preTranslateName")),
    (verdict) => {
      if (verdict !== undefined) return verdict;
      request.path = path;
      if (undecodable) return refuseUndecoded(request);
      return encoded === path ? undefined : then(matchLocations(request, sections), () => undefined);
    },
  );
}

/** No section is asked for the page of a path that cannot be decoded. */
function refuseUndecoded(request: ServerRequest): Response | undefined {
  request.plan = request.virtualHost.plan;
  return request.undecodable;
}

function refuseNameless(request: ServerRequest): Response | undefined {
  if (request.user !== undefined) return undefined;
  request.log(
    "error",
    "core",
    "AH00027: No authentication done but request not allowed without authentication for " +
      `${request.path}. Authentication not configured?`,
  );
  return refuse(500);
}

/** Runs the hooks of a phase, those behind a position; where one of them changes the request's sections, the others are those of the new ones. */
function runPhase(request: ServerRequest, phase: Phase, past = -1): Awaitable<Verdict> {
  let { plan } = request;
  let hooks = plan.hooks[phase];
  const { observer } = request.services;
  const all = phases[phase] === "all";
  for (let i = past < 0 ? 0 : indexPast(hooks, past); i < hooks.length; i++) {
    const hook = hooks[i];
    if (!hook) break;
    const verdict = observer ? observer.run(request, phase, hook) : runHook(request, hook);
    if (verdict instanceof Promise) {
      return verdict.then((value) =>
        value === undefined || (all && value === "done") ? runPhase(request, phase, hook.position) : value,
      );
    }
    if (verdict !== undefined && !(all && verdict === "done")) return verdict;
    if (request.plan === plan) continue;
    ({ plan } = request);
    hooks = plan.hooks[phase];
    i = indexPast(hooks, hook.position) - 1;
  }
  return undefined;
}

function indexPast(hooks: readonly BoundHook[], past: number): number {
  const index = hooks.findIndex(({ position }) => position > past);
  return index < 0 ? hooks.length : index;
}

/** Runs one hook of a phase. */
export function runHook(request: ServerRequest, { run, settings }: BoundHook): Awaitable<Verdict> {
  return (run as (request: ServerRequest, settings: unknown) => Awaitable<Verdict>)(request, settings);
}

/** The answer of a handler, sent as what modules have said; that of another request stands as it is. */
function withStatus({ status, last }: ServerRequest, response: Response): Response {
  const isMeant = status !== undefined && !last && response.status === 200 && !response.failure && !response.ownStatus;
  return isMeant ? { ...response, status } : response;
}

/** A proxy asks for names in a field of its own. */
function asProxy(response: Response): Response {
  const headers = new Headers();
  response.headers.forEach((name, value, key) => {
    headers.append(key === "www-authenticate" ? "Proxy-Authenticate" : name, value);
  });
  return { ...response, status: 407, headers };
}

/** "*", and the authority form of CONNECT. */
function starTarget(request: ServerRequest): Response {
  request.filename = `${request.core.documentRoot}/${request.path}`;
  if (request.method === "OPTIONS" && request.path === "*") return { ...answer(200), unfiltered: true };
  return refuse(request.method === "CONNECT" ? 405 : 400);
}

function lookupResult(request: ServerRequest, response: Response | undefined): Lookup {
  return { request, status: response ? response.status : 200, response };
}

/** By name; without one, by path. */
function hostOfGroup(group: HostGroup, { hostname, target }: HostName): CompiledHost | undefined {
  if (hostname !== "") return hostByName(group, hostname);
  const [path = ""] = target.split("?", 1);
  return hostByPath(group, path.replace(/^\/\/+/, "/"));
}

function isNamed(host: CompiledHost, named: HostName | undefined): boolean {
  return named !== undefined && host.serverName.toLowerCase() === named.hostname;
}

function tooDeep(request: ServerRequest): Response | undefined {
  if (request.depth <= request.core.limitInternalRecursion) return undefined;
  request.log(
    "error",
    "core",
    `AH00124: Request exceeded the limit of ${request.core.limitInternalRecursion} internal redirects due to probable ` +
      "configuration error. Use 'LimitInternalRecursion' to increase the limit if necessary.",
  );
  return refuse(500);
}

/** Every variable X of the request before becomes REDIRECT_X. */
function inheritEnvironment(from: ServerRequest, to: ServerRequest, status: number): void {
  for (const [name, value] of from.environment) to.environment.set(`REDIRECT_${name}`, value);
  to.environment.set("REDIRECT_STATUS", String(status));
  if (status >= 400) to.environment.set("REDIRECT_REQUEST_METHOD", from.headOnly ? "HEAD" : from.method);
}

function lastOf(request: ServerRequest): ServerRequest {
  let last = request;
  while (last.last) last = last.last;
  return last;
}

/** What became of a request; the fields sent are worked out only for a log that shows them. */
class SentRecord implements LogRecord {
  readonly request: ServerRequest;
  readonly original: ServerRequest;
  readonly originalStatus: number;
  readonly status: number;
  readonly bodyBytes: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly connectionState: Sent["connectionState"];
  readonly endTime = performance.timeOrigin + performance.now();
  readonly #sent: Sent;

  constructor(request: ServerRequest, original: ServerRequest, originalStatus: number, sent: Sent) {
    this.request = request;
    this.original = original;
    this.originalStatus = originalStatus;
    this.status = (request === original ? undefined : request.ownStatus) ?? sent.status;
    this.bodyBytes = sent.bodyBytes;
    this.bytesIn = sent.bytesIn;
    this.bytesOut = sent.bytesOut;
    this.connectionState = sent.connectionState;
    this.#sent = sent;
  }

  get headers(): Headers {
    return this.#sent.headers;
  }
}

function logTransaction(original: ServerRequest, originalStatus: number, sent: Sent): void {
  const request = lastOf(original);
  const record = new SentRecord(request, original, originalStatus, sent);
  for (const { run, settings, module } of original.plan.hooks.logTransaction) {
    try {
      (run as (record: LogRecord, settings: unknown) => void)(record, settings);
    } catch (error) {
      original.log("error", "core", `${module} could not log: ${describe(error)}`);
    }
  }
}

function failed(request: ServerRequest, error: unknown): Response {
  if (error instanceof RequestBodyError) {
    request.log("info", "core", error.message);
    return { ...refuse(error.status), close: true };
  }
  request.log("error", "core", `the request failed: ${describe(error)}`);
  return refuse(500);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function then<A, B>(value: Awaitable<A>, next: (value: A) => Awaitable<B>): Awaitable<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}
