// Managed domains → certificates got and renewed in time, one after the other, by the one process that does so.
import type { SharedTable, WorkerView } from "../../api/index.js";
import { obtain, AcmeFault, type Obtained } from "./authority.js";
import { accountFor, saveAccount } from "./accounts.js";
import { factsOf, type CertificateFacts } from "./certificates.js";
import { covers, type ManagedDomain, type ManagedDomains } from "./domains.js";
import { delayAfter, noteEntry, readJob, writeJob, type Job } from "./job.js";
import { News } from "./news.js";
import { proofsFor } from "./proofs.js";
import { publishCertificates, publishJob } from "./shared.js";
import type { Store } from "./store.js";
import { lengthOf } from "./times.js";
import type { Route } from "./transport.js";

/** What the keeper works with; what only root may read has been read. */
export interface KeeperOptions {
  readonly view: WorkerView;
  readonly domains: ManagedDomains;
  readonly store: Store;
  readonly table: SharedTable;
  /** The certificates in use, by managed domain. */
  readonly inUse: ReadonlyMap<string, readonly CertificateFacts[]>;
  readonly route: Route;
}

/** The longest a timer of Node can be set for. */
const longestTimer = 2 ** 31 - 1;
/** The shortest time between two rounds. */
const shortestPause = 50;

/** Looks after certificates until its process ends. */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #facts: Map<string, readonly CertificateFacts[]>;
  readonly #news: News;
  /** Fingerprints of what the workers have been handed, by managed domain. */
  readonly #handed = new Map<string, string>();

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#facts = new Map(options.inUse);
    this.#news = new News(options.view.errorLog, options.domains.settings);
  }

  begin(): void {
    this.#after(this.#options.domains.settings.initialDelay);
  }

  #after(milliseconds: number): void {
    setTimeout(() => void this.#round(), Math.min(Math.max(milliseconds, shortestPause), longestTimer));
  }

  async #round(): Promise<void> {
    const { domains } = this.#options;
    let next = Date.now() + domains.settings.checkInterval;
    for (const domain of domains.all) {
      try {
        next = Math.min(next, await this.#look(domain));
      } catch (error) {
        this.#log(
          "error",
          `${domain.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      }
    }
    this.#after(next - Date.now());
  }

  /** Does what is due for one managed domain; gives when to look again. */
  async #look(domain: ManagedDomain): Promise<number> {
    const { store } = this.#options;
    const job = readJob(store, domain.name);
    if (job.finished) {
      if (job.validFrom > Date.now()) return job.validFrom;
      await this.#activate(domain, job);
    }
    const due = this.#dueAt(domain);
    await this.#warn(domain, job);
    if (!domain.isRenewed) {
      this.#tell(domain, job, due);
      return Infinity;
    }
    const at = Math.max(due, job.nextRun);
    if (at > Date.now()) {
      this.#tell(domain, job, due);
      return at;
    }
    await this.#renew(domain, job);
    writeJob(store, domain.name, job);
    this.#tell(domain, job, this.#dueAt(domain));
    return job.errors === 0 ? this.#look(domain) : job.nextRun;
  }

  /** When the certificate is to be renewed: at once where one is missing, or not for all names. */
  #dueAt({ name, names, keys, renewWindow }: ManagedDomain): number {
    const facts = this.#facts.get(name) ?? [];
    if (facts.length < keys.length) return 0;
    const isWhole = facts.every((each) => names.every((one) => each.names.some((known) => covers(known, one))));
    if (!isWhole) return 0;
    return Math.min(
      ...facts.map(({ validFrom, validUntil }) => validUntil - lengthOf(renewWindow, validUntil - validFrom)),
    );
  }

  async #renew(domain: ManagedDomain, job: Job): Promise<void> {
    const { store, domains } = this.#options;
    const { retryDelay, retryFailover } = domains.settings;
    job.lastRun = Date.now();
    const place = Math.floor(job.errors / retryFailover) % domain.authorities.length;
    const directory = domain.authorities[place] ?? "";
    try {
      await this.#news.tell("renewing", domain.name, job);
      const obtained = await this.#obtain(domain, directory, job);
      for (const each of obtained) store.writeCredential("staging", domain.name, each);
      Object.assign(job, { finished: true, errors: 0, nextRun: 0, problem: "", detail: "" });
      job.validFrom = Math.max(...obtained.map(({ certificate }) => this.#usableFrom(domain, certificate)));
      noteEntry(job, "finished", `certificate of ${directory}`);
      this.#log(
        "notice",
        `AH10059: ${domain.name}: a certificate for ${domain.names.join(", ")} has been got from ${directory}`,
      );
      writeJob(store, domain.name, job);
      await this.#news.tell("renewed", domain.name, job).catch((error: unknown) => this.#complain(error));
    } catch (error) {
      const fault =
        error instanceof AcmeFault ? error : new AcmeFault(error instanceof Error ? error.message : String(error));
      job.errors++;
      job.problem = fault.problem ?? "";
      job.detail = fault.message;
      job.nextRun = Date.now() + delayAfter(job.errors, { first: retryDelay, wanted: fault.retryAfter });
      noteEntry(job, "error", fault.message);
      const wait = Math.round((job.nextRun - Date.now()) / 1000);
      this.#log(
        "error",
        `AH10056: ${domain.name}: ${fault.message}; the next try is in ${wait} seconds (failures so far: ${job.errors})`,
      );
      await this.#news.tell("errored", domain.name, job).catch((told: unknown) => this.#complain(told));
    }
  }

  async #obtain(domain: ManagedDomain, directory: string, job: Job): Promise<readonly Obtained[]> {
    const { store, route, view, domains, table } = this.#options;
    const kept = accountFor(store, directory, domain.binding);
    return obtain({
      directory,
      account: kept.account,
      binding: domain.binding,
      contacts: domain.contacts,
      agrees: domain.agreement !== undefined,
      names: domain.names,
      keys: domain.keys,
      profile: domain.profile,
      profileMandatory: domain.profileMandatory,
      proofs: proofsFor(domain, view, { domains, table }),
      registered: (account) => saveAccount(store, { ...kept, account }),
      progress: (text) => {
        noteEntry(job, "progress", text);
        this.#log("info", `${domain.name}: ${text}`);
      },
      route,
    });
  }

  /** MDActivationDelay, as long as what is in use stays good meanwhile. */
  #usableFrom({ name }: ManagedDomain, certificate: string): number {
    const { activationDelay } = this.#options.domains.settings;
    const { validFrom = 0 } = factsOf(certificate) ?? {};
    const inUse = this.#facts.get(name) ?? [];
    const at = validFrom + activationDelay;
    return activationDelay > 0 && inUse.length > 0 && inUse.every(({ validUntil }) => validUntil > at) ? at : 0;
  }

  /** Hands a certificate to the workers, once. It stays in `staging` until the server is next started or reloaded. */
  async #activate(domain: ManagedDomain, job: Job): Promise<void> {
    const { store, table, view } = this.#options;
    const credentials = store.credentials("staging", domain.name, domain.keys);
    const facts = credentials.map(({ certificate }) => factsOf(certificate)).filter((each) => each !== undefined);
    if (facts.length < domain.keys.length) {
      this.#log(
        "error",
        `${domain.name}: what was got is not all in ${store.folder("staging", domain.name)} any more; it is got anew`,
      );
      job.finished = false;
      writeJob(store, domain.name, job);
      return;
    }
    this.#facts.set(domain.name, facts);
    const text = facts.map(({ fingerprint }) => fingerprint).join();
    if (this.#handed.get(domain.name) === text) return;
    this.#handed.set(domain.name, text);
    publishCertificates(table, domain.name, credentials);
    await view.settled?.();
    this.#log("notice", `${domain.name}: the certificate is in use by all workers`);
    await this.#news.tell("installed", domain.name, job).catch((error: unknown) => this.#complain(error));
    writeJob(store, domain.name, job);
  }

  async #warn(domain: ManagedDomain, job: Job): Promise<void> {
    const facts = this.#facts.get(domain.name) ?? [];
    const isExpiring = facts.some(
      ({ validFrom, validUntil }) => validUntil - lengthOf(domain.warnWindow, validUntil - validFrom) < Date.now(),
    );
    if (!isExpiring || this.#news.isRecent("expiring", job)) return;
    const end = Math.min(...facts.map(({ validUntil }) => validUntil));
    this.#log(
      "warn",
      `AH10051: ${domain.name}: the certificate ends on ${new Date(end).toUTCString()} and has not been renewed`,
    );
    await this.#news.tell("expiring", domain.name, job).catch((error: unknown) => this.#complain(error));
    writeJob(this.#options.store, domain.name, job);
  }

  #tell({ name }: ManagedDomain, job: Job, renewAt: number): void {
    const { finished, errors, lastRun, nextRun, problem, detail } = job;
    publishJob(this.#options.table, name, { finished, errors, lastRun, nextRun, problem, detail, renewAt });
  }

  #complain(error: unknown): void {
    this.#log("error", error instanceof Error ? error.message : String(error));
  }

  #log(level: "error" | "warn" | "notice" | "info", message: string): void {
    // A line is a line, whatever an authority says.
    for (const line of message.split(/[\r\n]+/))
      this.#options.view.errorLog.write({ level, module: "md", message: line });
  }
}
