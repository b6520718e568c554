// The settings of core that the server itself needs: what files and hosts are, limits, keep-alive, processes.
import { defineSettings } from "./module.js";
import { list, map, notInherited, value, type Setting } from "./settings.js";

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

/** An Options line: a plain list, or edits of what is inherited. */
export interface OptionsChange {
  /** Present when the line was a plain list. */
  readonly plain?: OptionSet;
  readonly edits: Readonly<Partial<OptionSet>>;
}

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

const combineOptions = (earlier: OptionsChange, later: OptionsChange): OptionsChange =>
  later.plain
    ? later
    : earlier.plain
      ? { plain: { ...earlier.plain, ...later.edits }, edits: {} }
      : { edits: { ...earlier.edits, ...later.edits } };

const options: Setting<OptionsChange> = {
  initial: { plain: defaultOptions, edits: {} },
  add: combineOptions,
  nest: combineOptions,
};

/** What ErrorDocument says for a status. */
export type ErrorDocument =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "local"; readonly path: string }
  | { readonly kind: "external"; readonly url: string }
  | { readonly kind: "default" };

/** The parts of an entity tag. */
export interface ETagParts {
  readonly inode: boolean;
  readonly mtime: boolean;
  readonly size: boolean;
}

/** A Listen line: address "" for all. */
export interface Listen {
  readonly address: string;
  readonly port: number;
  readonly protocol: string;
  readonly origin: import("./origin.js").Origin;
}

/** A ServerName, taken apart. */
export interface ServerName {
  readonly scheme: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
}

export const core = defineSettings("core", {
  documentRoot: value<string>("/usr/local/apache2/htdocs"),
  serverName: notInherited(value<ServerName | undefined>(undefined)),
  serverAliases: notInherited(list<string>("replace")),
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
  httpProtocolOptions: value<{ readonly strict: boolean; readonly lenientMethods: boolean; readonly allow09: boolean }>(
    {
      strict: true,
      lenientMethods: true,
      allow09: true,
    },
  ),
  allowEncodedSlashes: notInherited(value<"Off" | "On" | "NoDecode">("Off")),
  mergeSlashes: value<boolean>(true),
  acceptPathInfo: value<"Default" | "On" | "Off">("Default"),
  traceEnable: value<"on" | "off" | "extended">("on"),
  strictHostCheck: value<boolean>(false),
  options,
  allowOverride: value<ReadonlySet<string>>(new Set()),
  accessFileName: value<readonly string[]>([".htaccess"]),
  errorDocuments: map<ErrorDocument>(),
  fileETag: value<ETagParts>({ inode: false, mtime: true, size: true }),
  enableSendfile: value<boolean>(false),
  maxRanges: value<number>(200),
  maxRangeOverlaps: value<number>(20),
  maxRangeReversals: value<number>(20),
  addDefaultCharset: value<string | undefined>(undefined),
  /** Lower-case type with parameters; undefined: not forced. */
  forceType: value<string | undefined>(undefined),
  setHandler: value<string | undefined>(undefined),
  contentDigest: value<boolean>(false),
  cgiPassAuth: value<boolean>(false),
  /** "path", "|program" or "syslog"; resolved. */
  errorLog: value<string>("logs/error_log"),
  /** Levels by module name without "mod_"; "" for all. */
  logLevels: map<import("./log.js").Level>({ "": "warn" }),
  listens: list<Listen>("outer first"),
});

/** Who serves, and how many: kept by mod_unixd, shared by mpm_event, mpm_worker and mpm_prefork. */
export const processes = defineSettings("mod_unixd", {
  user: value<string | undefined>(undefined),
  group: value<string | undefined>(undefined),
  pidFile: value<string>("logs/httpd.pid"),
  /** Number of HTTP workers; undefined: one for each core. */
  workers: value<number | undefined>(undefined),
  /** Connections at the same time, over all workers. */
  maxRequestWorkers: value<number>(4096),
  /** Milliseconds; 0 without limit. */
  gracefulShutdownTimeout: value<number>(0),
  listenBacklog: value<number>(511),
  defaultRuntimeDir: value<string>("run"),
});
