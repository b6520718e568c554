// What the SSL directives set.
import {
  defineSettings,
  list,
  notInherited,
  value,
  type Condition,
  type Origin,
  type SettingsOf,
} from "../../api/index.js";
import type { OcspRules } from "./ocsp-check.js";
import type { RevocationCheck } from "./revocation.js";
import type { Version, Versions } from "./versions.js";

/** A file named by a directive, and where. */
export interface NamedFile {
  readonly path: string;
  readonly origin: Origin;
}

/** What SSLVerifyClient may say. */
export type VerifyClient = "none" | "optional" | "optional_no_ca" | "require";

/** Words of SSLOptions. */
export const optionWords = [
  "StdEnvVars",
  "ExportCertData",
  "FakeBasicAuth",
  "StrictRequire",
  "OptRenegotiate",
  "LegacyDNStringFormat",
] as const;
export type OptionWord = (typeof optionWords)[number];

/** Options in force; `+` and `-` change what is inherited, words without replace it. */
export type SslOptions = ReadonlySet<OptionWord>;

/** A change of options: what a line says. */
export interface OptionChange {
  readonly set: SslOptions | undefined;
  readonly plus: SslOptions;
  readonly minus: SslOptions;
}

const none: OptionChange = { set: undefined, plus: new Set(), minus: new Set() };

function overlay(below: OptionChange, above: OptionChange): OptionChange {
  if (above.set) return above;
  const plus = new Set([...below.plus, ...above.plus].filter((word) => !above.minus.has(word)));
  const minus = new Set([...below.minus, ...above.minus].filter((word) => !above.plus.has(word)));
  return { set: below.set, plus, minus };
}

/** The options a change comes to. */
export function optionsOf({ set, plus, minus }: OptionChange): SslOptions {
  return new Set([...(set ?? []), ...plus].filter((word) => !minus.has(word)));
}

/** A program that gives pass phrases: run with the virtual host's name, or asked by a line on its input. */
export interface PassPhraseProgram {
  readonly path: string;
  readonly isPipe: boolean;
}

const noCheck: RevocationCheck = { covers: "none", acceptsMissing: false };
const files = list<NamedFile>("replace");

export const ssl = defineSettings("mod_ssl", {
  engine: notInherited(value<boolean | undefined>(undefined)),
  certificates: files,
  keys: files,
  chain: value<NamedFile | undefined>(undefined),
  authorities: value<NamedFile | undefined>(undefined),
  authorityFolder: value<NamedFile | undefined>(undefined),
  revocations: value<NamedFile | undefined>(undefined),
  revocationFolder: value<NamedFile | undefined>(undefined),
  revocationCheck: value<RevocationCheck>(noCheck),
  versions: value<Versions>({ least: "TLSv1.2", most: "TLSv1.3" }),
  /** By OpenSSL's own names: they win. */
  leastVersion: value<Version | undefined>(undefined),
  mostVersion: value<Version | undefined>(undefined),
  ciphers: value<string>("DEFAULT"),
  ciphers13: value<string | undefined>(undefined),
  curves: value<string | undefined>(undefined),
  signatureAlgorithms: value<string | undefined>(undefined),
  dhParameters: value<NamedFile | undefined>(undefined),
  honorsOrder: value<boolean>(false),
  tickets: value<boolean>(true),
  ticketKeyFile: value<NamedFile | undefined>(undefined),
  /** Seconds; undefined: as OpenSSL has it. */
  sessionTimeout: value<number | undefined>(undefined),
  passPhraseProgram: value<PassPhraseProgram | undefined>(undefined),
  verifyClient: value<VerifyClient>("none"),
  verifyDepth: value<number>(1),
  options: { initial: none, add: overlay, nest: overlay },
  requiresTls: value<boolean>(false),
  requirements: list<Condition>(),
  userName: value<string | undefined>(undefined),
  strictNames: value<boolean>(false),
  namePolicy: value<"strict" | "secure" | "authonly" | "insecure">("secure"),
  ocsp: value<Pick<OcspRules, "covers" | "acceptsMissing"> | undefined>(undefined),
  ocspUrl: value<string | undefined>(undefined),
  ocspForced: value<boolean>(false),
  /** Seconds, these three. */
  ocspTimeout: value<number>(10),
  ocspSkew: value<number>(300),
  ocspMaxAge: value<number>(-1),
  ocspNonce: value<boolean>(true),
  ocspVerifies: value<boolean>(true),
  ocspResponders: value<NamedFile | undefined>(undefined),
  ocspProxy: value<string | undefined>(undefined),
  staples: value<boolean>(false),
  staplingUrl: value<string | undefined>(undefined),
  /** Seconds, these and those below. */
  staplingTimeout: value<number>(10),
  staplingReturnsErrors: value<boolean>(true),
  staplingFakesTryLater: value<boolean>(true),
  staplingKeeps: value<number>(3600),
  staplingKeepsErrors: value<number>(600),
  /** Less than 0: without limit. */
  staplingMaxAge: value<number>(-1),
  staplingSkew: value<number>(300),
  // For back ends of mod_proxy.
  proxyEngine: value<boolean>(false),
  proxyVerify: value<VerifyClient>("none"),
  proxyVerifyDepth: value<number>(1),
  proxyAuthorities: value<NamedFile | undefined>(undefined),
  proxyAuthorityFolder: value<NamedFile | undefined>(undefined),
  proxyRevocations: value<NamedFile | undefined>(undefined),
  proxyRevocationFolder: value<NamedFile | undefined>(undefined),
  proxyRevocationCheck: value<RevocationCheck>(noCheck),
  proxyChecksName: value<boolean>(true),
  proxyChecksCn: value<boolean>(true),
  proxyChecksExpiry: value<boolean>(true),
  proxyIdentity: value<NamedFile | undefined>(undefined),
  proxyIdentityFolder: value<NamedFile | undefined>(undefined),
  proxyChain: value<NamedFile | undefined>(undefined),
  proxyVersions: value<Versions>({ least: "TLSv1.2", most: "TLSv1.3" }),
  proxyCiphers: value<string>("DEFAULT"),
  proxyCiphers13: value<string | undefined>(undefined),
});

export type SslSettings = SettingsOf<typeof ssl.settings>;
