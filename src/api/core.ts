// The settings of core that the server itself needs: what files and hosts are, limits, keep-alive, processes.
import type { ErrorLogFormat } from "./error-log-format.js";
import type { StringExpression } from "./expression.js";
import { defineSettings } from "./module.js";
import { list, map, notInherited, overlaid, value, type Setting } from "./settings.js";

/** The Options of a directory. */
export interface OptionSet {
  readonly Indexes: boolean;
  readonly Includes: boolean;
  readonly IncludesNOEXEC: boolean;
  readonly FollowSymLinks: boolean;
  readonly SymLinksIfOwnerMatch: boolean;
  readonly ExecCGI: boolean;
  readonly MultiViews: boolean;
}

/** A line of words that is a plain list, or edits (`+`, `-`) of what is inherited: Options, FileETag. */
export interface Edit<Words> {
  /** Present when the line was a plain list; merged settings always have it. */
  readonly plain?: Words;
  readonly edits: Readonly<Partial<Words>>;
}

/** An Options line. */
export type OptionsChange = Edit<OptionSet>;

export const noOptions: OptionSet = {
  Indexes: false,
  Includes: false,
  IncludesNOEXEC: false,
  FollowSymLinks: false,
  SymLinksIfOwnerMatch: false,
  ExecCGI: false,
  MultiViews: false,
};

/** Apache's default: FollowSymLinks alone. */
export const defaultOptions: OptionSet = { ...noOptions, FollowSymLinks: true };

function editable<Words>(initial: Words): Setting<Edit<Words>> {
  const none = {} as Readonly<Partial<Words>>;
  const combine = (earlier: Edit<Words>, later: Edit<Words>): Edit<Words> =>
    later.plain
      ? later
      : earlier.plain
        ? { plain: { ...earlier.plain, ...later.edits }, edits: none }
        : { edits: { ...earlier.edits, ...later.edits } };
  return { initial: { plain: initial, edits: none }, add: combine, nest: combine };
}

/** An AllowOverride line. */
export type AllowedOverrides = Omit<import("./place.js").OverrideRights, "directives">;

/** What ErrorDocument says for a status: a text, a path of this server, a URL; `content` gives it for a request. */
export type ErrorDocument =
  { readonly kind: "text" | "local" | "external"; readonly content: StringExpression } | { readonly kind: "default" };

/** The parts of an entity tag; `digest` goes before the others. */
export interface ETagParts {
  readonly inode: boolean;
  readonly mtime: boolean;
  readonly size: boolean;
  readonly digest: boolean;
}

/** Apache's default: MTime Size. */
export const defaultETag: ETagParts = { inode: false, mtime: true, size: true, digest: false };

const anyETag = editable<ETagParts>(defaultETag);

/** Edits on top of nothing start from no part at all, not from the default. */
const fileETag: Setting<Edit<ETagParts>> = {
  ...anyETag,
  nest: (outer, inner) =>
    anyETag.nest(
      outer === anyETag.initial
        ? { plain: { inode: false, mtime: false, size: false, digest: false }, edits: {} }
        : outer,
      inner,
    ),
};

/** What HttpProtocolOptions says; `written` are the parts that lines set, so that the others are inherited. */
export interface ProtocolOptions {
  readonly strict: boolean;
  readonly lenientMethods: boolean;
  readonly allow09: boolean;
  readonly written: readonly ("strict" | "lenientMethods" | "allow09")[];
}

const combineProtocolOptions = (earlier: ProtocolOptions, later: ProtocolOptions): ProtocolOptions => ({
  strict: (later.written.includes("strict") ? later : earlier).strict,
  lenientMethods: (later.written.includes("lenientMethods") ? later : earlier).lenientMethods,
  allow09: (later.written.includes("allow09") ? later : earlier).allow09,
  written: [...earlier.written, ...later.written],
});

const httpProtocolOptions: Setting<ProtocolOptions> = {
  initial: { strict: true, lenientMethods: true, allow09: true, written: [] },
  add: combineProtocolOptions,
  nest: combineProtocolOptions,
};

type Levels = Readonly<Record<string, import("./log.js").Level>>;

const logLevels: Setting<Levels> = {
  initial: { "": "warn" },
  // A level without a module forgets those set for modules on earlier lines.
  add: (earlier, later) => ("" in later ? later : overlaid(earlier, later)),
  nest: (outer, inner) => ({ ...outer, ...inner }),
};

/** A limit of RLimitCPU (seconds), RLimitMEM (bytes) or RLimitNPROC: soft and hard; "max" is what the server may have. */
export interface ProcessLimit {
  readonly soft: number | "max";
  readonly hard: number | "max" | undefined;
}

/** A Unix socket to listen on: its path, and who may connect. */
export interface UnixSocket {
  readonly path: string;
  readonly mode: number;
  /** Names or "#number"; undefined: as the server serves. */
  readonly user: string | undefined;
  readonly group: string | undefined;
}

/** A Listen line: address "" for all; "unix:/path" for a Unix socket, whose connections count as ones to `port`. */
export interface Listen {
  readonly address: string;
  readonly port: number;
  readonly protocol: string;
  readonly unix?: UnixSocket;
  readonly origin: import("./origin.js").Origin;
}

/** A ServerName, taken apart. */
export interface ServerName {
  readonly scheme: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
}

export const core = defineSettings("core", {
  /** UTF-8 text, absolute, without trailing slash ("/" is ""). */
  documentRoot: value<string>("/var/www/html"),
  /** The line that set it. */
  documentRootOrigin: value<import("./origin.js").Origin | undefined>(undefined),
  /** Mutex lines, in order. */
  mutexes: list<import("./mutex.js").MutexLine>("outer first"),
  serverName: notInherited(value<ServerName | undefined>(undefined)),
  serverAliases: notInherited(list<string>("replace")),
  serverPath: notInherited(value<string | undefined>(undefined)),
  serverAdmin: value<string>("[no address given]"),
  serverSignature: value<"Off" | "On" | "EMail">("Off"),
  /** The Server field by ServerTokens; see `serverTokens` for the word. */
  serverTokens: value<"Prod" | "Major" | "Minor" | "Min" | "OS" | "Full">("Full"),
  useCanonicalName: value<"On" | "Off" | "DNS">("Off"),
  useCanonicalPhysicalPort: value<boolean>(false),
  hostnameLookups: value<"Off" | "On" | "Double">("Off"),
  /** Milliseconds. */
  timeout: value<number>(60_000),
  keepAlive: value<boolean>(true),
  keepAliveTimeout: value<number>(5_000),
  maxKeepAliveRequests: value<number>(100),
  limitRequestLine: value<number>(8190),
  limitRequestFields: value<number>(100),
  limitRequestFieldSize: value<number>(8190),
  limitRequestBody: value<number>(1_073_741_824),
  limitInternalRecursion: value<number>(10),
  httpProtocolOptions,
  allowEncodedSlashes: notInherited(value<"Off" | "On" | "NoDecode">("Off")),
  mergeSlashes: value<boolean>(true),
  mergeTrailers: value<boolean>(false),
  /** Names of further methods by RegisterHttpMethod. */
  registeredMethods: list<string>("outer first"),
  /** Whether REDIRECT_URL is an absolute URL. */
  qualifyRedirectURL: value<boolean>(false),
  acceptPathInfo: value<"Default" | "On" | "Off">("Default"),
  traceEnable: value<"on" | "off" | "extended">("on"),
  strictHostCheck: value<boolean>(false),
  options: editable<OptionSet>(defaultOptions),
  /** Empty for None. */
  allowOverride: value<AllowedOverrides>({
    classes: new Set(),
    options: new Set(),
    ignoresForbidden: false,
    ignoresUnknown: false,
  }),
  /** In lower case. */
  allowOverrideList: value<ReadonlySet<string>>(new Set()),
  accessFileName: value<readonly string[]>([".htaccess"]),
  errorDocuments: map<ErrorDocument>(),
  fileETag,
  enableSendfile: value<boolean>(false),
  maxRanges: value<number>(200),
  maxRangeOverlaps: value<number>(20),
  maxRangeReversals: value<number>(20),
  addDefaultCharset: value<string | undefined>(undefined),
  /** Lower-case type with parameters; undefined: not forced. */
  forceType: value<string | undefined>(undefined),
  /** "none" leaves the handler as it is. */
  setHandler: value<StringExpression | undefined>(undefined),
  /** Names of SetOutputFilter, in upper case. */
  outputFilters: value<readonly string[]>([]),
  /** The same of SetInputFilter. */
  inputFilters: value<readonly string[]>([]),
  contentDigest: value<boolean>(false),
  /** What is spoken, in lower case, in the order of preference. */
  protocols: value<readonly string[]>(["http/1.1"]),
  /** Whether that order goes before the client's. */
  protocolsHonorOrder: value<boolean>(true),
  /** Undefined: as mod_status has it. */
  extendedStatus: value<boolean | undefined>(undefined),
  seeRequestTail: value<boolean>(false),
  cgiPassAuth: value<boolean>(false),
  /** Whether programs find in REQUEST_URI the path of the last internal redirect. */
  cgiCurrentUri: value<boolean>(false),
  /** What the system lets a program use that runs for a request. */
  processLimits: map<ProcessLimit>(),
  /** "path", "|program" or "syslog:facility:tag"; resolved. */
  errorLog: value<string>("logs/error_log"),
  /** The format of its messages; undefined: Apache's own. */
  errorLogFormat: value<ErrorLogFormat | undefined>(undefined),
  /** Formats of lines in front of the first message of a connection, and of a request. */
  connectionLogFormats: list<ErrorLogFormat>("replace"),
  requestLogFormats: list<ErrorLogFormat>("replace"),
  /** Levels by module name without "mod_"; "" for all. */
  logLevels,
  listens: list<Listen>("outer first"),
});

/** Who serves, and how many: kept by mod_unixd, shared by mpm_event, mpm_worker and mpm_prefork. */
export const processes = defineSettings("mod_unixd", {
  user: value<string | undefined>(undefined),
  group: value<string | undefined>(undefined),
  pidFile: value<string>("logs/httpd.pid"),
  /** Fewest HTTP workers, and most; `workerCount` says how many there are. */
  startServers: value<number>(0),
  serverLimit: value<number>(Infinity),
  /** Connections at the same time, over all workers together. */
  maxRequestWorkers: value<number>(4096),
  /** Connections a worker takes before another takes its place; 0 without limit. */
  maxConnectionsPerWorker: value<number>(0),
  /** Milliseconds; 0 without limit. */
  gracefulShutdownTimeout: value<number>(0),
  listenBacklog: value<number>(511),
  defaultRuntimeDir: value<string>("run"),
});

/**
 * The number of HTTP workers, within StartServers and ServerLimit: one for each core; one for two where daemon groups
 * do the work of the applications, as these need cores too, and fewer workers hand more requests over at a time.
 */
export function workerCount(
  { startServers, serverLimit }: { readonly startServers: number; readonly serverLimit: number },
  cores: number,
  hasDaemonGroups: boolean,
): number {
  const wanted = hasDaemonGroups ? Math.ceil(cores / 2) : cores;
  return Math.max(1, Math.min(Math.max(wanted, startServers), serverLimit));
}
