// What a module sees of a request, its connection and the virtual host it fell to.
import type { Stats } from "node:fs";
import type { Readable } from "node:stream";
import type { AnnouncedClient, Ends } from "./announcement.js";
import type { Applications } from "./application.js";
import type { Headers } from "./headers.js";
import type { ErrorLog, Level } from "./log.js";
import type { Origin } from "./origin.js";
import type { Response } from "./response.js";
import type { TlsConnection } from "./tls.js";

/** The client's connection. */
export interface Connection extends Ends {
  /** Unique in this server start. */
  readonly id: string;
  /** The client, where the proxy in front names it before anything else; `remoteAddress` is the proxy's then. */
  readonly announced?: AnnouncedClient | undefined;
  /** TLS. */
  readonly secure: boolean;
  /** How it is encrypted. */
  readonly tls?: TlsConnection | undefined;
  /** Set for a request of HTTP/2: the stream it came on. */
  readonly http2?: Http2Stream | undefined;
  /** Number of requests answered before this one. */
  readonly keepalives: number;
  /**
   * Aborted when the client leaves while a request of it is in work. One for all requests of the connection: whoever
   * listens takes its listener away when its request is done.
   */
  readonly signal: AbortSignal;
  /** Sends an interim response, 103 for instance; nothing once the response itself has begun, or where the client knows none. */
  inform?(status: number, headers: Headers): void;
  /** Whether the client has ended its side: it is gone, or still waits for the answer; only writing to it tells which. */
  readonly hasEnded?: boolean;
}

/** The stream of a request of HTTP/2. What else a Connection says, `signal` too, is then of this request alone. */
export interface Http2Stream {
  readonly id: number;
}

/** The body of a request. Nothing is read from the client, and no 100 Continue sent, before it is asked for. */
export interface RequestBody {
  /** Length in bytes when Content-Length said so; 0 without a body; undefined when chunked. */
  readonly length: number | undefined;
  /** The whole body if it has arrived already, else undefined. Costs nothing; takes nothing away. */
  readonly arrived: Buffer | undefined;
  /** Whether it has been streamed or dropped before (an error document comes after that). */
  readonly isTaken?: boolean;
  /** The bytes as they come, with backpressure. May be called once. Fails with a RequestBodyError. */
  stream(): Readable;
  /** Reads and drops what is left, up to LimitRequestBody; false when it was too much or broke. */
  discard(): boolean | Promise<boolean>;
  /** The fields behind it (of a chunked body, or of HTTP/2), once its end has been read; undefined without any. */
  readonly trailers?: Headers | undefined;
  /** Why it could not be read to its end, once that has shown; `status` is what to answer. */
  readonly error?: RequestBodyError | undefined;
}

/** Why a body could not be read to its end; `status` is what to answer: 400, 408 or 413. */
export class RequestBodyError extends Error {
  override readonly name = "RequestBodyError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A `<VirtualHost>`, or the main server. */
export interface VirtualHost {
  /** ServerName without scheme and port. */
  readonly serverName: string;
  /** Port of ServerName, else of the first address of the `<VirtualHost>`, else undefined. */
  readonly serverPort: number | undefined;
  /** Scheme of ServerName, if it has one. */
  readonly serverScheme: string | undefined;
  readonly aliases: readonly string[];
  /** As written in the `<VirtualHost>` line, "*:443"; none for the main server. */
  readonly addresses: readonly string[];
  /** The `<VirtualHost>` line, or the start of the main file. */
  readonly origin: Origin;
  readonly isMain: boolean;
  readonly errorLog: ErrorLog;
  /** Position among the virtual hosts; the main server is 0. */
  readonly index: number;
}

/** A request on its way through the phases. Modules set what their phase is for, and read the rest. */
export interface Request {
  /** 24 characters, unique among requests. */
  readonly id: string;
  readonly connection: Connection;
  /** Who asks: the other side of the connection, or the one a trusted proxy speaks for (mod_remoteip). */
  clientAddress: string;
  /** 0 where only the address is known. */
  clientPort: number;
  readonly virtualHost: VirtualHost;
  /** The request whose sub-request this is. */
  readonly parent: Request | undefined;
  /** The request before the internal redirect that led here. */
  readonly previous: Request | undefined;
  /** Milliseconds since the epoch, with a fraction. */
  readonly startTime: number;

  /** "GET" for HEAD too; see `headOnly`. */
  method: string;
  readonly headOnly: boolean;
  /** The target as sent: path with query, undecoded. */
  readonly target: string;
  /** `target` of the client's own request, also after internal redirects (REQUEST_URI). */
  readonly originalTarget: string;
  /** The request line, as received, for logs. */
  readonly requestLine: string;
  /** "HTTP/1.1". */
  readonly protocol: string;
  /** Request fields, latin1 strings, repeated ones as separate entries (`get` joins them). */
  readonly headers: Headers;
  body: RequestBody;
  /**
   * What the client asks the connection to change to (its Upgrade field: "websocket", or a list), where a handler may
   * answer with `switchProtocols`: HTTP/1.1, named by Connection, without a body, not HEAD, not a sub-request. Else
   * undefined, whatever the fields say. A request that is answered otherwise goes on as any other.
   */
  readonly upgrade: string | undefined;

  /**
   * The client asks for another server, and this one is its proxy (see ForwardProxy): `target` and `path` are the whole URL,
   * or host and port of CONNECT, undecoded.
   */
  readonly isForwarded: boolean;

  /** Host as the client named it, lower case, without port; "" if it did not. */
  readonly hostname: string;
  /** Server name and port for self-referencing URLs, by UseCanonicalName. */
  readonly serverName: string;
  readonly serverPort: number;
  readonly scheme: "http" | "https";

  /** Path of the URL, normalised and decoded, as a latin1 string of its bytes. */
  path: string;
  /** Without "?"; undefined when the target had none. */
  query: string | undefined;
  /** File name the path maps to, as a latin1 string of its bytes; "" until translateName. */
  filename: string;
  /** What stat said of `filename`; undefined when nothing is there. */
  file: Stats | undefined;
  /** What is left of the path behind the file. */
  pathInfo: string;
  /** The URL prefix and file path of the Alias in force (CONTEXT_PREFIX, CONTEXT_DOCUMENT_ROOT). */
  contextPrefix: string;
  contextDocumentRoot: string;
  /** DocumentRoot, as a latin1 string of bytes; modules that map hosts to folders set their own. */
  documentRoot: string;

  /** Handler name: from SetHandler, AddHandler, or an alias. */
  handler: string | undefined;
  contentType: string | undefined;
  charset: string | undefined;
  contentEncoding: readonly string[];
  contentLanguage: readonly string[];
  /** Names of filters the response goes through, in upper case, by what the file is (AddOutputFilter). */
  outputFilters: readonly string[];
  /** The same for the request's body (AddInputFilter). */
  inputFilters: readonly string[];
  /** Tag of the list of variants this is one of; a part of its entity tag. */
  variantsTag: string | undefined;
  /** What an answer of 200 is sent as, where a module has said so; handed on to the request it leads to, as REDIRECT_STATUS too. */
  status?: number | undefined;
  user: string | undefined;
  authType: string | undefined;
  /** Set in accessChecker where nobody may have this without a name: the phases checkUser and authChecker then run. */
  needsUser: boolean;

  /** Subprocess environment: SetEnv, SetEnvIf, PassEnv, regex section matches. Names count in any case. */
  readonly environment: Map<string, string>;
  /** Notes modules leave for each other and for `%{name}n`. */
  readonly notes: Map<string, string>;
  /** A value a module keeps from one phase to the next, by a key of its own. */
  readonly kept: Map<symbol, unknown>;

  /**
   * Set while this request is explained: whoever is about to act outside of this process (run a program, ask a back end,
   * keep something) leaves it, and where that would have been the answer gives `insteadOf` it.
   */
  readonly rehearsal: RequestRehearsal | undefined;
  /** Says which line a module goes by, for whoever has this request explained (`modhostctl explain`); nobody else hears it. */
  wentBy(origin: Origin): void;
  /** Runs a function while the settings of a section are laid over those in force (provider aliases). */
  under<Result>(section: unknown, run: () => Result): Result;
  /** The merged settings of a module: pass its settings definition. */
  settings<S>(definition: { readonly module: string; readonly settings: S }): import("./settings.js").SettingsOf<S>;
  /** Fields for the answer, whoever makes it, in front of its own. An error or a redirect goes without them. */
  readonly answerHeaders: Headers;
  /** The same for every answer, errors too; kept through internal redirects. */
  readonly alwaysHeaders: Headers;
  /** Fields behind the body of the answer, for logs (`%{NAME}^to`): what a back end sent there. */
  answerTrailers?: Headers | undefined;
  /**
   * Looks a URL path (with query, one without a slash in front taken from the folder of this request's path) up without
   * serving it: a sub-request, whose `parent` is this one, through the phases up to fixups. `method` GET; its environment begins as a copy of this one's.
   */
  lookup(urlPath: string): Lookup | Promise<Lookup>;
  /**
   * The same for a file name, absolute or taken from the folder of this request's file. Only a file of that very folder
   * has a path, so that `<Location>` sections can apply to it. `isVariant`: what is behind this one's name in its path is
   * behind the file's too.
   */
  lookupFile(filename: string, isVariant?: boolean): Lookup | Promise<Lookup>;
  /**
   * Serves what was looked up, for a part of this request's answer: the response of its handler behind its output
   * filters. A refusal comes back as one, without its page.
   */
  serve(found: Request): Response | Promise<Response>;
  /**
   * Goes on as that looked-up request, in place: path, file, handler, types, environment and settings become its own
   * (DirectoryIndex, FallbackResource). The phases after this one run on it; no REDIRECT_ variables.
   */
  adopt(found: Request): void;
  /**
   * Serves another URL path (with query) of this server as the answer: a new request through all phases whose `previous`
   * is this one and whose environment has this one's under REDIRECT_ names. Bounded by LimitInternalRecursion. By GET,
   * unless the method is to be kept.
   */
  redirect(urlPath: string, method?: "GET" | "same"): Response | Promise<Response>;
  /** A URL that names this server: scheme://host[:port]path; the path is taken as it is. */
  absoluteUrl(path: string): string;
  /** Programs and daemon groups. */
  readonly applications: Applications;
  /** Providers registered under that kind by modules: see Module.provides. */
  providers(kind: string): ReadonlyMap<string, unknown>;
  /** Writes to the error log, under the LogLevel in force; `cause` is the error of the system behind it. */
  log(level: Level, module: string, message: string, cause?: unknown): void;
}

/** In place of what a request that is explained would do. */
export interface RequestRehearsal {
  /** The answer in place of a deed, told in words that follow the module's name: "passes the request to ...". */
  insteadOf(deed: string): Response;
}

/** What a look-up found: the request as it came out of the phases and 200, or the status that ended it. */
export interface Lookup {
  readonly request: Request;
  readonly status: number;
  /** The response that ended it, if one did. */
  readonly response: Response | undefined;
}
