// A BalancerMember → how it is doing, by the record that all HTTP workers share.
import type { MemberFlag, ProxyMember, SharedRecord, SharedTable } from "../../api/index.js";
import type { Parameters } from "./parameters.js";
import type { Target } from "./target.js";

/** Milliseconds a member in error is left alone, where `retry` says nothing. */
const usualRetry = 60_000;

/** What a member is made from. */
export interface MemberParts {
  /** Its name, made of the target. */
  readonly url: string;
  readonly target: Target;
  readonly parameters: Parameters;
  /** Of its record. */
  readonly key: string;
  readonly table: SharedTable;
  /** Milliseconds, where its parameters say nothing. */
  readonly timeout: number;
}

/** One back end of a balancer. */
export class Member implements ProxyMember {
  readonly url: string;
  readonly target: Target;
  readonly parameters: Parameters;
  readonly key: string;
  readonly timeout: number;
  readonly connectTimeout: number;
  readonly #table: SharedTable;
  /** How often its turn has come, for methods that count; of this worker alone. */
  turns = 0;

  constructor({ url, target, parameters, key, table, timeout }: MemberParts) {
    this.url = url;
    this.target = target;
    this.parameters = parameters;
    this.key = key;
    this.timeout = parameters.timeout ?? timeout;
    this.connectTimeout = parameters.connectTimeout ?? this.timeout;
    this.#table = table;
  }

  get address(): Target["address"] {
    return this.target.address;
  }

  get path(): string {
    return this.target.path;
  }

  has(flag: MemberFlag): boolean {
    const changed = this.kept(flag);
    return changed === undefined ? this.parameters.status?.includes(flag) === true : changed === true;
  }

  get route(): string {
    return this.#text("route") ?? this.parameters.route ?? "";
  }

  get redirect(): string {
    return this.#text("redirect") ?? this.parameters.redirect ?? "";
  }

  /** Hundredths. */
  get loadFactor(): number {
    return this.#table.number(this.key, "loadFactor") || (this.parameters.loadFactor ?? 100);
  }

  get set(): number {
    const changed = this.kept("set");
    return typeof changed === "number" ? changed : (this.parameters.set ?? 0);
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
    // As in Apache, one that begins in error (status=+E) is tried again at once.
    if (this.has("D") || this.has("S") || this.kept("E") === true || this.has("C")) return false;
    return (withRoute || !this.has("N")) && !this.isFailing;
  }

  kept(name: string): string | number | boolean | undefined {
    return this.#table.get(this.key)?.[name];
  }

  change(values: SharedRecord): void {
    this.#table.change({ key: this.key, set: values });
  }

  fail(): void {
    if (!this.has("I")) this.change({ failedAt: Date.now() });
  }

  recover(): void {
    if (this.failedAt > 0) this.change({ failedAt: 0 });
  }

  begin(): void {
    this.#table.change({ key: this.key, add: { elected: 1 }, held: { busy: 1 } });
  }

  end(sent: number, read: number): void {
    this.#table.change({ key: this.key, add: { sent, read }, held: { busy: -1 } });
  }

  #text(name: string): string | undefined {
    const changed = this.kept(name);
    return typeof changed === "string" ? changed : undefined;
  }
}
