// BalancerMember and ProxySet lines → the balancers of each virtual host, with the state that all workers share.
import {
  byteString,
  core,
  SharedTable,
  type BalancerParameters,
  type ProxyBalancer,
  type ProxyBalancers,
  type ServerView,
  type SharedRecord,
  type VirtualHost,
  type WorkerView,
} from "../../api/index.js";
import { linesByHost, type Lines } from "./balancer-lines.js";
import { Member } from "./member.js";
import { joined, type AllParameters, type Parameters } from "./parameters.js";
import { isAlone, type ProxyRule } from "./rules.js";
import { definition } from "./settings.js";
import { comparable, nameOf, parseTarget, type Target } from "./target.js";

/** A balancer of a virtual host. */
export class Balancer implements ProxyBalancer {
  readonly name: string;
  readonly key: string;
  readonly path: string;
  readonly mostMembers: number;
  readonly #parts: BalancerParts;
  readonly #added = new Map<string, Member>();
  /** The record that parameters and members were made by. */
  #seen: SharedRecord | undefined;
  #members: readonly Member[];
  #parameters: BalancerParameters;

  constructor(parts: BalancerParts) {
    this.name = parts.name;
    this.key = parts.key;
    this.path = parts.path;
    this.mostMembers = parts.members.length + parts.growth;
    this.#parts = parts;
    this.#members = parts.members;
    this.#parameters = parts.parameters;
  }

  get members(): readonly Member[] {
    this.#look();
    return this.#members;
  }

  get parameters(): BalancerParameters {
    this.#look();
    return this.#parameters;
  }

  get method(): string {
    return this.parameters.method ?? "byrequests";
  }

  /** What this one says over what another says, whose members it takes. */
  over(outer: Balancer): Balancer {
    if (Object.keys(this.#parts.parameters).length === 0) return outer;
    const { members, parameters } = outer.#parts;
    return new Balancer({ ...this.#parts, members, parameters: { ...parameters, ...this.#parts.parameters } });
  }

  change(values: SharedRecord): void {
    this.#parts.table.change({ key: this.key, set: values });
  }

  add(text: string): Member | string {
    const member = this.#parts.make(text);
    if (typeof member === "string") return member;
    const { members } = this;
    if (members.some(({ url }) => comparable(url) === comparable(member.url))) return "it is a member already";
    if (members.length >= this.mostMembers) return "growth= of the balancer allows no more members";
    member.change({ D: true });
    this.change({ [`${adding}${text}`]: true });
    return this.members.find(({ url }) => url === member.url) ?? member;
  }

  /** What was changed while serving goes over what is configured. */
  #look(): void {
    const { table, parameters, members, make } = this.#parts;
    const record = table.get(this.key);
    if (record === this.#seen) return;
    this.#seen = record;
    this.#parameters = { ...parameters, ...changesIn(record ?? {}) };
    for (const name of Object.keys(record ?? {})) {
      const url = name.startsWith(adding) ? name.slice(adding.length) : undefined;
      if (url === undefined || this.#added.has(url)) continue;
      const member = make(url);
      if (typeof member !== "string") this.#added.set(url, member);
    }
    this.#members = [...members, ...this.#added.values()].slice(0, this.mostMembers);
  }
}

interface BalancerParts {
  readonly name: string;
  readonly key: string;
  readonly path: string;
  readonly members: readonly Member[];
  readonly parameters: BalancerParameters;
  /** Members that can be added. */
  readonly growth: number;
  readonly table: SharedTable;
  /** A member of that URL, or why it can be none. */
  readonly make: (url: string) => Member | string;
}

/** In front of the URLs of members that were added. */
const adding = "member ";

function changesIn({ method, timeout, maxAttempts, failsOver, sticky }: SharedRecord): BalancerParameters {
  const [cookie = "", path = cookie] = typeof sticky === "string" ? sticky.split("|") : [];
  return {
    ...(typeof method === "string" ? { method } : {}),
    ...(typeof timeout === "number" ? { timeout } : {}),
    ...(typeof maxAttempts === "number" ? { maxAttempts } : {}),
    ...(typeof failsOver === "boolean" ? { failsOver } : {}),
    ...(typeof sticky === "string" ? { sticky: cookie === "" ? undefined : { cookie, path } } : {}),
  };
}

/** What a virtual host knows of balancers. */
interface Known {
  readonly byName: ReadonlyMap<string, Balancer>;
  readonly inheritsBalancers: boolean;
  readonly inheritsRules: boolean;
  readonly persists: boolean;
}

/** The balancers of this worker, by virtual host. */
const balancers = new Map<VirtualHost, Known>();

/** For modules that watch or change them. */
export const allBalancers: ProxyBalancers = {
  of(host) {
    const known = balancers.get(host);
    return {
      balancers: [...(known?.byName.values() ?? [])],
      inheritsBalancers: known?.inheritsBalancers ?? true,
      inheritsRules: known?.inheritsRules ?? true,
      persists: known?.persists ?? false,
    };
  },
};

/** The balancer of that name ("balancer://name") that a virtual host knows. */
export function balancerOf(host: VirtualHost, name: string): Balancer | undefined {
  return balancers.get(host)?.byName.get(name.toLowerCase());
}

/** Names of the balancers that have members, by virtual host; for checks. */
export function balancerNames(server: ServerView): ReadonlyMap<VirtualHost, ReadonlySet<string>> {
  const all = linesByHost(server);
  const [main] = server.virtualHosts;
  const namesOf = (host: VirtualHost): string[] => all.get(host)?.members.map(({ balancer }) => balancer) ?? [];
  return new Map(
    server.virtualHosts.map((host) => {
      const inherited = main && !server.settings(definition, host).ownBalancersOnly ? namesOf(main) : [];
      return [host, new Set([...inherited, ...namesOf(host)])];
    }),
  );
}

/** Makes the balancers when the worker starts. */
export function makeBalancers({ server, sharedTable }: Pick<WorkerView, "server" | "sharedTable">): void {
  const all = linesByHost(server);
  const [main] = server.virtualHosts;
  if (!main) return;
  const made = new Map<VirtualHost, Map<string, Balancer>>();
  for (const host of server.virtualHosts) {
    const { keepsBalancers, ownBalancersOnly, timeout } = server.settings(definition, host);
    const name = keepsBalancers ? "balancers kept" : "balancers";
    const table = sharedTable?.(name, keepsBalancers ? "kept" : undefined) ?? new SharedTable();
    const own = all.get(host);
    const makes: Making = { host, table, timeout: timeout ?? server.settings(core, host).timeout };
    const ofHost = own ? balancersFrom(own, makes) : new Map<string, Balancer>();
    // As in Apache, those of the main server go before a virtual host's own.
    const inherited = host === main || ownBalancersOnly ? [] : [...(made.get(main)?.entries() ?? [])];
    for (const [key, balancer] of inherited) {
      const ownOne = ofHost.get(key);
      if (balancer.members.length > 0 || !ownOne?.members.length) ofHost.set(key, ownOne?.over(balancer) ?? balancer);
    }
    made.set(host, ofHost);
    balancers.set(host, {
      byName: ofHost,
      inheritsBalancers: !ownBalancersOnly,
      inheritsRules: !isAlone(rulesOf(server, host)),
      persists: keepsBalancers,
    });
  }
}

function rulesOf(server: ServerView, host: VirtualHost): readonly ProxyRule[] {
  return server.settings(definition, host).rules;
}

/** Forgets them. */
export function forgetBalancers(): void {
  balancers.clear();
}

/** What the balancers of a virtual host are made with. */
interface Making {
  readonly host: VirtualHost;
  readonly table: SharedTable;
  readonly timeout: number;
}

function balancersFrom({ members, sets, passes }: Lines, making: Making): Map<string, Balancer> {
  const names = new Set([
    ...members.map(({ balancer }) => balancer),
    ...passes.map(({ name }) => name),
    ...sets.map(({ url }) => url.replace(/^(balancer:\/\/[^/]*).*$/, "$1")),
  ]);
  const { host, table } = making;
  const hostKey = `${host.index} ${host.serverName}:${host.serverPort ?? ""}`;
  const made = new Map<string, Balancer>();
  for (const name of names) {
    let all: AllParameters = {};
    const ownPasses = passes.filter((pass) => pass.name === name);
    for (const { parameters } of ownPasses) all = joined(all, parameters);
    for (const { parameters } of sets.filter(({ url }) => url === name || url.startsWith(`${name}/`))) {
      all = joined(all, parameters);
    }
    // Parameters of back ends on the balancer are those of all its members.
    const { balancer: parameters = {}, ...common } = all;
    const member = (url: string, target: Target, own: Parameters): Member =>
      new Member({
        ...{ url, target, table, timeout: making.timeout },
        parameters: joined(common, own),
        key: JSON.stringify([hostKey, name, comparable(nameOf(target))]),
      });
    made.set(
      name,
      new Balancer({
        ...{ name, table, parameters },
        key: JSON.stringify([hostKey, name]),
        path: ownPasses.at(-1)?.path ?? "/",
        growth: parameters.growth ?? 0,
        members: members
          .filter(({ balancer }) => balancer === name)
          .map(({ target, parameters: own }) => member(nameOf(target), target, own)),
        make: (text) => {
          const target = targetOf(text);
          return typeof target === "string" ? target : member(nameOf(target), target, {});
        },
      }),
    );
  }
  return made;
}

/** The target of a URL that was entered while serving, or why it can be none. */
function targetOf(text: string): Target | string {
  try {
    const target = parseTarget(byteString(text), {
      fail: (reason: string) => {
        throw new TypeError(reason);
      },
    });
    return target.address.scheme === "balancer" ? "a balancer cannot be a member" : target;
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}
