// A request while it goes through the phases.
import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { byteString, endText, Headers, localNameOf } from "../api/index.js";
import type {
  Applications,
  Connection,
  core,
  Level,
  Lookup,
  Origin,
  Request,
  RequestRehearsal,
  RequestBody,
  Response,
  SettingsOf,
} from "../api/index.js";
import type { AppliedSection } from "../config/apply.js";
import type { CompiledHost } from "../config/compile.js";
import type { Exchange } from "./exchange.js";
import type { Observer } from "./observer.js";
import { Variables } from "./variables.js";
import type { Plan } from "../config/merge.js";

export type CoreSettings = SettingsOf<typeof core.settings>;

/** What a request needs of the pipeline. */
export interface Services {
  /** Only where a request is explained. */
  readonly observer: Observer | undefined;
  readonly applications: Applications;
  /** Whether a loaded module has a say in each URL, see ModuleDefinition.checksEachUrl. */
  readonly checksEachUrl: boolean;
  providers(kind: string): ReadonlyMap<string, unknown>;
  /** Chains of filters by modules, see FilterChain. */
  readonly outputFilterChains: readonly unknown[];
  /** Whether there are filters that want to be told before the handler runs. */
  readonly filtersBegin: boolean;
  lookup(from: ServerRequest, urlPath: string): Lookup | Promise<Lookup>;
  lookupFile(from: ServerRequest, filename: string, isVariant: boolean): Lookup | Promise<Lookup>;
  serve(found: ServerRequest): Response | Promise<Response>;
  redirect(from: ServerRequest, urlPath: string, method: "GET" | "same"): Response | Promise<Response>;
}

/** A directory without trailing slash, and the sections over it. */
export interface Walked {
  readonly directory: string;
  readonly sections: readonly AppliedSection[];
}

/** What a request starts from. */
export interface RequestParts {
  readonly services: Services;
  readonly connection: Connection;
  readonly virtualHost: CompiledHost;
  readonly startTime: number;
  readonly method: string;
  readonly target: string;
  readonly requestLine: string;
  readonly protocol: string;
  readonly headers: Headers;
  readonly body: RequestBody;
  readonly hostname: string;
  readonly hostPort: number | undefined;
  /** Target of the client's own request, for requests derived from it. */
  readonly originalTarget?: string;
  /** Where it came from, to set what its body may hold; undefined for derived requests. */
  readonly exchange?: Exchange;
  /** See Request.isForwarded. */
  readonly isForwarded?: boolean;
  readonly parent?: ServerRequest;
  readonly previous?: ServerRequest;
}

const idPrefix = randomBytes(9).toString("base64url");
let idCount = 0;
const none: readonly string[] = Object.freeze([]);

/** The one implementation of Request. */
export class ServerRequest implements Request {
  readonly services: Services;
  readonly connection: Connection;
  clientAddress: string;
  clientPort: number;
  readonly virtualHost: CompiledHost;
  readonly parent: ServerRequest | undefined;
  readonly previous: ServerRequest | undefined;
  readonly startTime: number;
  readonly headOnly: boolean;
  readonly target: string;
  readonly requestLine: string;
  readonly protocol: string;
  readonly headers: Headers;
  body: RequestBody;
  readonly hostname: string;
  readonly isForwarded: boolean;

  method: string;
  path = "";
  /** The answer to a path that cannot be decoded, unless it is taken before that (preTranslateName). */
  undecodable: Response | undefined;
  query: string | undefined = undefined;
  filename = "";
  file: Stats | undefined = undefined;
  pathInfo = "";
  contextPrefix = "";
  contextDocumentRoot = "";
  handler: string | undefined = undefined;
  contentType: string | undefined = undefined;
  charset: string | undefined = undefined;
  contentEncoding: readonly string[] = none;
  contentLanguage: readonly string[] = none;
  outputFilters: readonly string[] = none;
  inputFilters: readonly string[] = none;
  variantsTag: string | undefined = undefined;
  status: number | undefined = undefined;
  user: string | undefined = undefined;
  authType: string | undefined = undefined;
  needsUser = false;
  answerTrailers: Headers | undefined = undefined;

  /** Settings and hooks in force; grows as sections match. */
  plan: Plan;
  /** The directory whose sections have been laid over the request, where its files are known again by it. */
  walked: Walked | undefined = undefined;
  /** Status of the first error, when this request serves its ErrorDocument. */
  errorStatus: number | undefined = undefined;
  /** Internal redirects and sub-requests that led here. */
  readonly depth: number;

  /** Port the client named in Host. */
  readonly hostPort: number | undefined;
  /** Target of the request line, through internal redirects (REQUEST_URI). */
  readonly originalTarget: string;
  readonly exchange: Exchange | undefined;
  /** The request this one was internally redirected to. */
  last: ServerRequest | undefined = undefined;
  /** Its status for logs, where that is not the one that was sent: before an ErrorDocument, or of one that failed. */
  ownStatus: number | undefined = undefined;

  #id: string | undefined;
  #environment: Variables | undefined;
  #notes: Map<string, string> | undefined;
  #kept: Map<symbol, unknown> | undefined;
  #documentRoot: string | undefined;
  #answerHeaders: Headers | undefined;
  #alwaysHeaders: Headers | undefined;

  constructor(parts: RequestParts) {
    this.services = parts.services;
    this.connection = parts.connection;
    const { clientAddress, clientPort } = parts.parent ??
      parts.previous ?? {
        clientAddress: parts.connection.announced?.address ?? parts.connection.remoteAddress,
        clientPort: parts.connection.announced?.port ?? parts.connection.remotePort,
      };
    this.clientAddress = clientAddress;
    this.clientPort = clientPort;
    this.virtualHost = parts.virtualHost;
    this.parent = parts.parent;
    this.previous = parts.previous;
    this.startTime = parts.startTime;
    this.headOnly = parts.method === "HEAD";
    this.method = this.headOnly ? "GET" : parts.method;
    this.target = parts.target;
    this.requestLine = parts.requestLine;
    this.protocol = parts.protocol;
    this.headers = parts.headers;
    this.body = parts.body;
    this.hostname = parts.hostname;
    this.isForwarded = parts.isForwarded ?? false;
    this.hostPort = parts.hostPort;
    this.originalTarget = parts.originalTarget ?? parts.target;
    this.exchange = parts.exchange;
    this.plan = parts.virtualHost.plan;
    this.depth = (parts.previous ?? parts.parent)?.depth ?? 0;
    if (parts.parent || parts.previous) this.depth++;
  }

  get id(): string {
    return (this.#id ??= idPrefix + (idCount++).toString(36).padStart(12, "0"));
  }

  get upgrade(): string | undefined {
    if (this.parent || this.errorStatus !== undefined) return undefined;
    return this.exchange ? this.exchange.upgrade : this.previous?.upgrade;
  }

  get environment(): Map<string, string> {
    return (this.#environment ??= new Variables());
  }

  get notes(): Map<string, string> {
    return (this.#notes ??= new Variables());
  }

  get kept(): Map<symbol, unknown> {
    return (this.#kept ??= new Map());
  }

  get answerHeaders(): Headers {
    return (this.#answerHeaders ??= new Headers());
  }

  get alwaysHeaders(): Headers {
    if (this.previous) return this.previous.alwaysHeaders;
    return (this.#alwaysHeaders ??= new Headers());
  }

  /** `answerHeaders` where a module has set some. */
  get ownAnswerHeaders(): Headers | undefined {
    return this.#answerHeaders;
  }

  /** `alwaysHeaders` where a module has set some. */
  get ownAlwaysHeaders(): Headers | undefined {
    return this.previous ? this.previous.ownAlwaysHeaders : this.#alwaysHeaders;
  }

  /** Begins with the environment of the request that this one is a part of. */
  copyEnvironment(from: ServerRequest): void {
    if (from.#environment) this.#environment = Variables.copyOf(from.#environment);
  }

  get documentRoot(): string {
    return (this.#documentRoot ??= byteString(this.core.documentRoot));
  }

  set documentRoot(path: string) {
    this.#documentRoot = path;
  }

  get core(): CoreSettings {
    return this.plan.settings["core"] as CoreSettings;
  }

  get scheme(): "http" | "https" {
    return this.connection.secure ? "https" : "http";
  }

  get serverName(): string {
    const { hostname, virtualHost, connection } = this;
    switch (this.core.useCanonicalName) {
      case "Off":
        return hostname || virtualHost.serverName;
      case "On":
        return virtualHost.serverName;
      case "DNS":
        return localNameOf(connection.localAddress) ?? virtualHost.serverName;
    }
  }

  get serverPort(): number {
    const { useCanonicalName, useCanonicalPhysicalPort } = this.core;
    const physical = useCanonicalPhysicalPort ? this.connection.localPort : undefined;
    const own = this.virtualHost.serverPort;
    const standard = this.scheme === "https" ? 443 : 80;
    return useCanonicalName === "On" ? (own ?? physical ?? standard) : (this.hostPort ?? physical ?? own ?? standard);
  }

  get applications(): Applications {
    return this.services.applications;
  }

  settings<S>(definition: { readonly module: string; readonly settings: S }): SettingsOf<S> {
    return this.plan.settings[definition.module] as SettingsOf<S>;
  }

  get rehearsal(): RequestRehearsal | undefined {
    return this.services.observer?.rehearsal;
  }

  wentBy(origin: Origin): void {
    this.services.observer?.wentBy(this, origin);
  }

  under<Result>(section: unknown, run: () => Result): Result {
    const { plan } = this;
    this.plan = plan.with(section as AppliedSection);
    try {
      return run();
    } finally {
      this.plan = plan;
    }
  }

  lookup(urlPath: string): Lookup | Promise<Lookup> {
    return this.services.lookup(this, urlPath);
  }

  lookupFile(filename: string, isVariant = false): Lookup | Promise<Lookup> {
    return this.services.lookupFile(this, filename, isVariant);
  }

  serve(found: Request): Response | Promise<Response> {
    if (!(found instanceof ServerRequest)) throw new TypeError("serve takes a request that lookup gave");
    return this.services.serve(found);
  }

  redirect(urlPath: string, method: "GET" | "same" = "GET"): Response | Promise<Response> {
    return this.services.redirect(this, urlPath, method);
  }

  adopt(found: Request): void {
    if (!(found instanceof ServerRequest)) throw new TypeError("adopt takes a request that lookup gave");
    this.path = found.path;
    this.query = found.query;
    this.filename = found.filename;
    this.file = found.file;
    this.pathInfo = found.pathInfo;
    this.contextPrefix = found.contextPrefix;
    this.contextDocumentRoot = found.contextDocumentRoot;
    this.#documentRoot = found.#documentRoot;
    this.handler = found.handler;
    this.contentType = found.contentType;
    this.charset = found.charset;
    this.contentEncoding = found.contentEncoding;
    this.contentLanguage = found.contentLanguage;
    this.outputFilters = found.outputFilters;
    this.inputFilters = found.inputFilters;
    this.plan = found.plan;
    for (const [name, value] of found.environment) this.environment.set(name, value);
    for (const [name, value] of found.notes) this.notes.set(name, value);
    for (const [key, value] of found.kept) this.kept.set(key, value);
    // Its fields come first, as in Apache: it shows in Vary.
    const [answer, always] = [this.#answerHeaders, this.#alwaysHeaders];
    this.#answerHeaders = found.#answerHeaders?.copy() ?? answer;
    this.#alwaysHeaders = found.#alwaysHeaders?.copy() ?? always;
    if (found.#answerHeaders) answer?.forEach((name, value) => this.answerHeaders.append(name, value));
    if (found.#alwaysHeaders) always?.forEach((name, value) => this.alwaysHeaders.append(name, value));
  }

  absoluteUrl(path: string): string {
    const scheme = this.virtualHost.serverScheme ?? this.scheme;
    // The scheme of ServerName does not change what the port left out is: that of the connection.
    const standard = this.scheme === "https" ? 443 : 80;
    const port = this.serverPort;
    return `${scheme}://${this.serverName}${port === standard ? "" : `:${port}`}${path}`;
  }

  providers(kind: string): ReadonlyMap<string, unknown> {
    return this.services.providers(kind);
  }

  log(level: Level, module: string, message: string, cause?: unknown): void {
    const { errorLog: hostLog } = this.virtualHost;
    const errorLog = hostLog.under?.(this.core.logLevels) ?? hostLog;
    if (!errorLog.takes(level, module)) return;
    const referer = this.headers.get("referer");
    errorLog.write({
      level,
      module,
      message,
      client: endText(this.clientAddress, this.clientPort),
      ...(referer === undefined ? {} : { referer }),
      ...(cause === undefined ? {} : { cause }),
      connection: this.connection,
      request: this,
    });
  }
}
