// The body of a virtual host, laid over the main server's → the virtual host as compiled, its plan made when first asked for.
import {
  namelessHost,
  type AddressNames,
  type Change,
  type core,
  type ErrorLog,
  type Origin,
  type SettingsOf,
  type VirtualHost,
} from "../api/index.js";
import { isCondition, type AppliedSection, type Body } from "./apply.js";
import { hostSettings, Plan, type PlanContext } from "./merge.js";

/** A virtual host as compiled: what modules see of it, and what the server needs. */
export interface CompiledHost extends VirtualHost {
  /** Addresses of its `<VirtualHost>` line as written, with the main server's port where they have none; none for the main server. */
  readonly addresses: readonly string[];
  /** Paths that are its own for clients without a Host field (ServerPath). */
  readonly serverPath: string | undefined;
  /** The plan with no section matched. */
  readonly plan: Plan;
  /** Its own sections, and the main server's, which come first; in order. */
  readonly ownSections: readonly AppliedSection[];
  readonly mainSections: readonly AppliedSection[];
  /** What the lines outside of sections set: the main server's, then its own. */
  readonly bodies: readonly Body[];
}

/** Opens the error log of a virtual host. */
export type OpenErrorLog = (host: {
  readonly index: number;
  readonly serverName: string;
  readonly core: SettingsOf<typeof core.settings>;
}) => ErrorLog;

/** What the virtual hosts of one configuration share. */
export interface HostContext {
  readonly main: Plan["settings"];
  /** The name of the main server. */
  readonly mainName: () => string;
  /** The port that the main server has where virtual hosts are read, for those of an address without one. */
  readonly mainPort: number | undefined;
  readonly addressNames: AddressNames;
  readonly mainBody: Body;
  readonly plans: PlanContext;
  readonly openErrorLog: OpenErrorLog;
  /** The start of the main file. */
  readonly start: Origin;
}

/** The main server where there is no section. 10,000 virtual hosts are loaded faster than merged: each is when it is asked. */
export class LazyHost implements CompiledHost {
  readonly index: number;
  readonly isMain: boolean;
  readonly addresses: readonly string[];
  readonly serverName: string;
  readonly serverPort: number | undefined;
  readonly serverScheme: string | undefined;
  readonly serverPath: string | undefined;
  readonly aliases: readonly string[];
  readonly origin: Origin;
  readonly ownSections: readonly AppliedSection[];
  readonly #section: AppliedSection | undefined;
  readonly #context: HostContext;
  #plan: Plan | undefined;
  #errorLog: ErrorLog | undefined;

  constructor(index: number, section: AppliedSection | undefined, context: HostContext) {
    const { main, mainName, mainPort, addressNames, start } = context;
    const mainCore = main["core"] as SettingsOf<typeof core.settings>;
    const own = section?.body.changes.get("core") as Change<typeof core.settings> | undefined;
    const name = section ? own?.serverName : mainCore.serverName;
    this.#section = section;
    this.#context = context;
    this.index = index;
    this.isMain = !section;
    this.addresses = section?.matcher.kind === "virtual host" ? withPort(section.matcher.addresses, mainPort) : [];
    this.serverName = name?.host ?? nameOfAddress(this.addresses, addressNames) ?? mainName();
    this.serverPort = name ? name.port : section ? portOf(this.addresses[0]) : undefined;
    this.serverScheme = name?.scheme;
    this.serverPath = section ? own?.serverPath : mainCore.serverPath;
    this.aliases = section ? (own?.serverAliases ?? []) : mainCore.serverAliases;
    this.origin = section?.origin ?? start;
    this.ownSections = section ? section.body.sections : [];
  }

  get mainSections(): readonly AppliedSection[] {
    return this.#context.mainBody.sections;
  }

  get bodies(): readonly Body[] {
    const { mainBody } = this.#context;
    return this.#section ? [mainBody, this.#section.body] : [mainBody];
  }

  get plan(): Plan {
    this.#plan ??= this.#makePlan();
    return this.#plan;
  }

  get errorLog(): ErrorLog {
    const { index, serverName } = this;
    this.#errorLog ??= this.#context.openErrorLog({
      index,
      serverName,
      core: this.plan.settings["core"] as SettingsOf<typeof core.settings>,
    });
    return this.#errorLog;
  }

  #makePlan(): Plan {
    const { main, mainBody, plans } = this.#context;
    const section = this.#section;
    const settings = section ? hostSettings(main, section.body, plans.modules) : main;
    const sections = section ? [...mainBody.sections, ...section.body.sections] : mainBody.sections;
    return new Plan(settings, { sections: [], conditions: sections.filter(isCondition) }, plans);
  }
}

/** As Apache: an address without a port is for that of the main server's name, if it has one. */
function withPort(addresses: readonly string[], port: number | undefined): readonly string[] {
  if (port === undefined) return addresses;
  return addresses.map((address) => (/^(\[[^\]]*\]|[^:]*)$/.test(address) ? `${address}:${port}` : address));
}

/** What Apache calls a virtual host of an address of its own; undefined where it is for any. */
function nameOfAddress(addresses: readonly string[], names: AddressNames): string | undefined {
  const hosts = addresses.map((each) => /^\[(.*)\]|^([^:]*)/.exec(each)).map((match) => match?.[1] ?? match?.[2] ?? "");
  const isForAny = hosts.some((host) => ["", "*", "_default_", "0.0.0.0", "::"].includes(host));
  return isForAny || hosts[0] === undefined ? undefined : (names.nameOf(hosts[0]) ?? namelessHost);
}

function portOf(address: string | undefined): number | undefined {
  const port = Number(/:(\d+)$/.exec(address ?? "")?.[1]);
  return port > 0 ? port : undefined;
}
