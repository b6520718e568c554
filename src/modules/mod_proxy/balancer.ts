// BalancerMember and ProxySet lines → the balancers of each virtual host, with the state that all workers share.
import { SharedTable, type ServerView, type VirtualHost, type WorkerView } from "../../api/index.js";
import { joined, type AllParameters, type BalancerParameters, type Parameters } from "./parameters.js";
import { definition, type MemberLine, type SetLine } from "./settings.js";
import { comparable, nameOf, type Target } from "./target.js";

/** Milliseconds a member in error is left alone, where `retry` says nothing. */
const usualRetry = 60_000;

/** One back end of a balancer. */
export class Member {
  readonly url: string;
  readonly target: Target;
  readonly parameters: Parameters;
  /** Of its record in the shared table. */
  readonly key: string;
  readonly #table: SharedTable;
  /** How often its turn has come, for methods that count; of this worker alone. */
  turns = 0;

  constructor(url: string, target: Target, { parameters, key, table }: MemberParts) {
    this.url = url;
    this.target = target;
    this.parameters = parameters;
    this.key = key;
    this.#table = table;
  }

  /** Letters of `status`. */
  get letters(): string {
    return this.parameters.status ?? "";
  }

  has(letter: string): boolean {
    return this.letters.includes(letter);
  }

  get route(): string {
    return this.parameters.route ?? "";
  }

  get redirect(): string {
    return this.parameters.redirect ?? "";
  }

  /** Hundredths. */
  get loadFactor(): number {
    return this.parameters.loadFactor ?? 100;
  }

  get set(): number {
    return this.parameters.set ?? 0;
  }

  get busy(): number {
    return this.#table.number(this.key, "busy");
  }

  get elected(): number {
    return this.#table.number(this.key, "elected");
  }

  /** Bytes sent to it, and read from it. */
  get sent(): number {
    return this.#table.number(this.key, "sent");
  }

  get read(): number {
    return this.#table.number(this.key, "read");
  }

  /** When it failed; 0: it has not. */
  get failedAt(): number {
    return this.#table.number(this.key, "failedAt");
  }

  get retry(): number {
    return this.parameters.retry ?? usualRetry;
  }

  /** Whether it is in error, and its time to be tried again has not come. */
  get isFailing(): boolean {
    const { failedAt } = this;
    return failedAt > 0 && Date.now() <= failedAt + this.retry;
  }

  /** Whether requests may go to it; a draining one takes those alone that have its route. */
  isUsable(withRoute = false): boolean {
    const { letters } = this;
    if (/[DSE]/.test(letters) || (letters.includes("N") && !withRoute)) return false;
    return !this.isFailing;
  }

  fail(): void {
    if (!this.has("I")) this.#table.change({ key: this.key, set: { failedAt: Date.now() } });
  }

  recover(): void {
    if (this.failedAt > 0) this.#table.change({ key: this.key, set: { failedAt: 0 } });
  }

  begin(): void {
    this.#table.change({ key: this.key, add: { elected: 1 }, held: { busy: 1 } });
  }

  end(sent: number, read: number): void {
    this.#table.change({ key: this.key, add: { sent, read }, held: { busy: -1 } });
  }
}

interface MemberParts {
  readonly parameters: Parameters;
  readonly key: string;
  readonly table: SharedTable;
}

/** A balancer of a virtual host. */
export class Balancer {
  /** "balancer://name". */
  readonly name: string;
  readonly members: readonly Member[];
  readonly parameters: BalancerParameters;

  constructor(name: string, members: readonly Member[], parameters: BalancerParameters) {
    this.name = name;
    this.members = members;
    this.parameters = parameters;
  }

  get method(): string {
    return this.parameters.method ?? "byrequests";
  }
}

/** What the lines of a virtual host say of balancers. */
interface Lines {
  readonly members: MemberLine[];
  readonly sets: SetLine[];
  readonly passes: { readonly name: string; readonly parameters: AllParameters }[];
}

/** The balancers of this worker, by virtual host. */
const balancers = new Map<VirtualHost, ReadonlyMap<string, Balancer>>();

/** The balancer of that name ("balancer://name") that a virtual host knows. */
export function balancerOf(host: VirtualHost, name: string): Balancer | undefined {
  return balancers.get(host)?.get(name.toLowerCase());
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
    const { keepsBalancers, ownBalancersOnly } = server.settings(definition, host);
    const name = keepsBalancers ? "balancers kept" : "balancers";
    const table = sharedTable?.(name, keepsBalancers ? "kept" : undefined) ?? new SharedTable();
    const own = all.get(host);
    const ofHost = own ? balancersFrom(own, host, table) : new Map<string, Balancer>();
    // As in Apache, those of the main server go before a virtual host's own.
    const inherited = host === main || ownBalancersOnly ? [] : [...(made.get(main)?.entries() ?? [])];
    for (const [key, balancer] of inherited) {
      if (balancer.members.length > 0 || !ofHost.get(key)?.members.length) ofHost.set(key, balancer);
    }
    made.set(host, ofHost);
    balancers.set(host, ofHost);
  }
}

/** Forgets them. */
export function forgetBalancers(): void {
  balancers.clear();
}

function linesByHost(server: ServerView): Map<VirtualHost, Lines> {
  const all = new Map<VirtualHost, Lines>();
  for (const { virtualHost, settings } of server.everywhere(definition)) {
    let lines = all.get(virtualHost);
    if (!lines) all.set(virtualHost, (lines = { members: [], sets: [], passes: [] }));
    lines.members.push(...(settings.members ?? []));
    lines.sets.push(...(settings.sets ?? []).filter(({ url }) => url.startsWith("balancer://")));
    for (const { destination } of [
      ...(settings.rules ?? []),
      ...(settings.sectionRule ? [settings.sectionRule] : []),
    ]) {
      const address =
        destination?.kind === "back end"
          ? destination.target.address
          : destination?.kind === "filled path"
            ? destination.address
            : undefined;
      if (!destination || address?.scheme !== "balancer") continue;
      lines.passes.push({ name: balancerName(address.authority), parameters: destination.parameters });
    }
  }
  return all;
}

/** "balancer://name" of an authority. */
export function balancerName(authority: string): string {
  return `balancer://${authority.toLowerCase()}`;
}

function balancersFrom({ members, sets, passes }: Lines, host: VirtualHost, table: SharedTable): Map<string, Balancer> {
  const names = new Set([
    ...members.map(({ balancer }) => balancer),
    ...passes.map(({ name }) => name),
    ...sets.map(({ url }) => url.replace(/^(balancer:\/\/[^/]*).*$/, "$1")),
  ]);
  const hostKey = `${host.index} ${host.serverName}:${host.serverPort ?? ""}`;
  const made = new Map<string, Balancer>();
  for (const name of names) {
    let parameters: AllParameters = {};
    for (const { parameters: more } of passes.filter((pass) => pass.name === name))
      parameters = joined(parameters, more);
    for (const { parameters: more } of sets.filter(({ url }) => url === name || url.startsWith(`${name}/`))) {
      parameters = joined(parameters, more);
    }
    const own = members.filter(({ balancer }) => balancer === name);
    // Parameters of back ends on the balancer are those of all its members.
    const { balancer = {}, ...common } = parameters;
    const ofBalancer = own.map(
      (line) =>
        new Member(nameOf(line.target), line.target, {
          parameters: joined(common, line.parameters),
          key: JSON.stringify([hostKey, name, comparable(nameOf(line.target))]),
          table,
        }),
    );
    made.set(name, new Balancer(name, ofBalancer, balancer));
  }
  return made;
}
