// Managed domains → certificates got and renewed in time, one after the other, by the one process that does so.
import { longestTimer, type SharedTable, type WorkerView } from "../../api/index.js";
import { obtain, AcmeFault, type Obtained } from "./authority.js";
import { accountFor, forgetAccount, saveAccount, type KeptAccount } from "./accounts.js";
import { belongTogether, factsOf, type CertificateFacts } from "./certificates.js";
import type { ManagedDomain, ManagedDomains } from "./domains.js";
import { delayAfter, noteEntry, readJob, writeJob, type Job } from "./job.js";
import { holdLock } from "./lock.js";
import { News } from "./news.js";
import { writeAnswer } from "./ocsp.js";
import { proofsFor, removeRecords } from "./proofs.js";
import { recordOf } from "./record.js";
import { RenewalInfo } from "./renewal-info.js";
import { expiryOf, isExpiring, renewalOf, usableFrom } from "./schedule.js";
import { heardOcsp, hideAll, publishCertificates, publishJob } from "./shared.js";
import type { Store } from "./store.js";
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

/** The shortest time between two rounds. */
const shortestPause = 50;
/** Milliseconds until it is looked at again what another server is at. */
const othersPause = 1000;
/** Milliseconds until a program is called again that did not take the news. */
const untoldPause = 3_600_000;

/** Looks after certificates until its process ends. */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #facts: Map<string, readonly CertificateFacts[]>;
  readonly #news: News;
  readonly #renewalInfo: RenewalInfo;
  /** What was told of answers of OCSP, and of which managed domains' something is being told. */
  readonly #ocspJobs = new Map<string, Job>();
  readonly #tellingOcsp = new Set<string>();
  /** Jobs that the store did not take. */
  readonly #unkept = new Map<string, Job>();
  /** Fingerprints of what the workers have been handed, by managed domain. */
  readonly #handed = new Map<string, string>();

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#facts = new Map(options.inUse);
    this.#news = new News(options.view.errorLog, options.domains.settings);
    this.#renewalInfo = new RenewalInfo(options.route);
  }

  begin(): void {
    const { table } = this.#options;
    // What the one before has shown is of orders that nobody goes on with.
    hideAll(table);
    // Workers may have asked before this process began.
    for (const [key] of [...table]) this.#heardOfOcsp(key);
    table.onChange((key) => this.#heardOfOcsp(key));
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
    const job = this.#unkept.get(domain.name) ?? readJob(this.#options.store, domain.name);
    if (job.finished) {
      await this.#tellRenewed(domain, job);
      if (job.validFrom > Date.now()) return job.validFrom;
      await this.#activate(domain, job);
    }
    const facts = this.#facts.get(domain.name) ?? [];
    const due = renewalOf(domain, facts);
    await this.#warn(domain, job);
    if (!domain.isRenewed) {
      this.#tell(domain, job, due);
      return Infinity;
    }
    const isWhole = due > 0 && domain.asksAuthority;
    const advised = isWhole ? await this.#renewalInfo.dueAt(domain.authorities, facts) : undefined;
    const at = Math.max(Math.min(due, advised?.at ?? Infinity), job.nextRun);
    if (at > Date.now()) {
      this.#tell(domain, job, Math.min(due, advised?.at ?? Infinity));
      const again = job.finished && !job.notified ? Date.now() + untoldPause : Infinity;
      return Math.min(at, again, advised?.askAgain ?? Infinity);
    }
    if (advised && advised.at < due) {
      this.#log("notice", `AH10516: ${domain.name}: the authority wants the certificate renewed now: ${advised.text}`);
    }
    const again = await this.#renewAlone(domain, job);
    if (again !== undefined) return again;
    this.#keep(domain, job);
    this.#tell(domain, job, renewalOf(domain, this.#facts.get(domain.name) ?? []));
    return job.errors === 0 ? this.#look(domain) : job.nextRun;
  }

  /** Writes the job down; where that fails it is kept in mind. */
  #keep({ name }: ManagedDomain, job: Job): void {
    try {
      writeJob(this.#options.store, name, job);
      this.#unkept.delete(name);
    } catch (error) {
      this.#unkept.set(name, job);
      const { message } = error as Error;
      this.#log("error", `${name}: ${this.#options.store.folder("staging", name)} cannot be written: ${message}`);
    }
  }

  /** Renews while no other server of the store does; gives when to look again where one does, or has done so. */
  async #renewAlone(domain: ManagedDomain, job: Job): Promise<number | undefined> {
    const { store, domains } = this.#options;
    const { name } = domain;
    const release = domains.settings.lockWait === 0 ? () => undefined : holdLock(store.folder("staging", name));
    if (!release) return Date.now() + othersPause;
    try {
      if (domains.settings.lockWait > 0) {
        const now = readJob(store, name);
        // Got by another server since this one looked.
        if (now.finished) return Date.now();
        const facts = this.#facts.get(name) ?? [];
        const own = facts.length === 0 ? 0 : expiryOf(facts) + 1000;
        if (now.installedUntil > Math.max(own, Date.now())) {
          this.#log(
            "warn",
            `${name}: another server has put a newer certificate in its place; reload this one to use it`,
          );
          return Infinity;
        }
      }
      await this.#renew(domain, job);
      return undefined;
    } finally {
      release();
    }
  }

  async #renew(domain: ManagedDomain, job: Job): Promise<void> {
    const { store, domains } = this.#options;
    const { retryDelay, retryFailover } = domains.settings;
    job.lastRun = Date.now();
    const place = Math.floor(job.errors / retryFailover) % domain.authorities.length;
    const directory = domain.authorities[place] ?? "";
    try {
      // No certificate is ordered that could not be kept.
      writeJob(store, domain.name, job);
      await removeRecords(job.records, { domain, domains });
      job.records = [];
      await this.#news.tell("renewing", domain.name, job);
      const obtained = await this.#obtain(domain, directory, job);
      this.#stage(domain, obtained, { directory, job });
      this.#log(
        "notice",
        `AH10059: ${domain.name}: a certificate for ${domain.names.join(", ")} has been got from ${directory}`,
      );
      await this.#tellRenewed(domain, job);
    } catch (error) {
      const fault =
        error instanceof AcmeFault ? error : new AcmeFault(error instanceof Error ? error.message : String(error));
      job.errors++;
      job.problem = fault.problem ?? "";
      job.detail = fault.message;
      const { problem, retryAfter: wanted } = fault;
      job.nextRun = Date.now() + delayAfter(job.errors, { first: retryDelay, wanted, problem });
      noteEntry(job, "error", fault.message);
      const wait = Math.round((job.nextRun - Date.now()) / 1000);
      this.#log(
        "error",
        `AH10056: ${domain.name}: ${fault.message}; the next try is in ${wait} seconds (failures so far: ${job.errors})`,
      );
      await this.#news.tell("errored", domain.name, job).catch((told: unknown) => this.#complain(told));
    }
  }

  /** Puts what was got into `staging`; a process that dies on the way leaves nothing that counts as whole. */
  #stage(
    domain: ManagedDomain,
    obtained: readonly Obtained[],
    { directory, job }: { readonly directory: string; readonly job: Job },
  ): void {
    const { store, view, domains } = this.#options;
    const { name } = domain;
    const inUse = this.#facts.get(name) ?? [];
    job.finished = false;
    writeJob(store, name, job);
    for (const each of obtained) store.writeCredential("staging", name, each);
    const record = recordOf(view.server, domain, { isComplete: inUse.length > 0, directory });
    store.write("staging", name, "md.json", `${JSON.stringify(record, undefined, 2)}\n`);
    const facts = obtained.map(({ certificate }) => factsOf(certificate)).filter((each) => each !== undefined);
    Object.assign(job, { finished: true, notified: false, errors: 0, nextRun: 0, problem: "", detail: "" });
    job.validFrom = usableFrom(facts, inUse, domains.settings.activationDelay);
    noteEntry(job, "finished", `certificate of ${directory}`);
    writeJob(store, name, job);
  }

  /** Until the programs that want to hear of it have taken it. */
  async #tellRenewed(domain: ManagedDomain, job: Job): Promise<void> {
    if (job.notified) return;
    try {
      await this.#news.tell("renewed", domain.name, job);
      job.notified = true;
      this.#keep(domain, job);
    } catch (error) {
      this.#complain(error);
    }
  }

  /** An account that the authority does not know any more is replaced by a new one, once. */
  async #obtain(domain: ManagedDomain, directory: string, job: Job): Promise<readonly Obtained[]> {
    const { store } = this.#options;
    const kept = accountFor(store, directory, domain.binding);
    try {
      return await this.#obtainWith(kept, domain, job);
    } catch (error) {
      const isUnknown =
        error instanceof AcmeFault && error.problem === "urn:ietf:params:acme:error:accountDoesNotExist";
      if (!isUnknown || kept.folder === undefined) throw error;
      this.#log(
        "notice",
        `${domain.name}: ${directory} does not know the account in ${kept.folder}; a new one is made`,
      );
      forgetAccount(store, kept);
      return this.#obtainWith(accountFor(store, directory, domain.binding), domain, job);
    }
  }

  #obtainWith(kept: KeptAccount, domain: ManagedDomain, job: Job): Promise<readonly Obtained[]> {
    const { store, route, view, domains, table } = this.#options;
    const { binding, contacts, names, keys, profile, profileMandatory, mustStaple } = domain;
    const proofs = proofsFor(domain, view, {
      domains,
      table,
      shown: ({ kind, name }) => this.#news.tellProof(kind, name, { name: domain.name, job }),
      records: job.records,
      recorded: (records) => {
        job.records = [...records];
        this.#keep(domain, job);
      },
    });
    const inUse = this.#facts.get(domain.name) ?? [];
    return obtain({
      ...{ directory: kept.directory, account: kept.account, agrees: domain.agreement !== undefined },
      ...{ binding, contacts, names, keys, profile, profileMandatory, mustStaple, proofs, route },
      replaces: domain.asksAuthority && inUse.length === keys.length ? inUse.map(({ ariId }) => ariId) : [],
      registered: (account) => void saveAccount(store, { ...kept, account }),
      progress: (text) => {
        noteEntry(job, "progress", text);
        this.#log("info", `${domain.name}: ${text}`);
      },
    });
  }

  /** Hands a certificate to the workers, once. It stays in `staging` until the server is next started or reloaded. */
  async #activate(domain: ManagedDomain, job: Job): Promise<void> {
    const { store, table, view } = this.#options;
    const credentials = store.credentials("staging", domain.name, domain.keys);
    const facts = credentials.map(({ certificate }) => factsOf(certificate)).filter((each) => each !== undefined);
    const isWhole = credentials.every(({ certificate, key }) => belongTogether(certificate, key));
    if (facts.length < domain.keys.length || !isWhole) {
      this.#log(
        "error",
        `${domain.name}: what was got is not all in ${store.folder("staging", domain.name)} any more; it is got anew`,
      );
      job.finished = false;
      this.#keep(domain, job);
      return;
    }
    this.#facts.set(domain.name, facts);
    const text = facts.map(({ fingerprint }) => fingerprint).join();
    if (this.#handed.get(domain.name) === text) return;
    this.#handed.set(domain.name, text);
    publishCertificates(table, domain.name, credentials);
    await view.settled?.();
    this.#log("notice", `${domain.name}: the certificate is in use by all workers`);
  }

  async #warn(domain: ManagedDomain, job: Job): Promise<void> {
    const facts = this.#facts.get(domain.name) ?? [];
    if (!isExpiring(domain, facts) || this.#news.isRecent("expiring", job)) return;
    this.#log(
      "warn",
      `AH10051: ${domain.name}: the certificate ends on ${new Date(expiryOf(facts)).toUTCString()} and has not been renewed`,
    );
    await this.#news.tell("expiring", domain.name, job).catch((error: unknown) => this.#complain(error));
    this.#keep(domain, job);
  }

  /** A worker has asked a responder of OCSP. */
  #heardOfOcsp(key: string): void {
    const { table, store } = this.#options;
    const heard = heardOcsp(table, key);
    if (!heard) return;
    const { name, answer } = heard;
    const event = answer ? "ocsp-renewed" : "ocsp-errored";
    try {
      if (answer) writeAnswer(store, answer);
    } catch (error) {
      this.#complain(error);
    }
    if (this.#tellingOcsp.has(name)) return;
    const job = this.#ocspJobs.get(name) ?? readJob(store, name, "ocsp");
    this.#ocspJobs.set(name, job);
    if (this.#news.isRecent(event, job)) return;
    this.#tellingOcsp.add(name);
    void this.#news
      .tell(event, name, job)
      .then(() => writeJob(store, name, job, "ocsp"))
      .catch((error: unknown) => this.#complain(error))
      .finally(() => this.#tellingOcsp.delete(name));
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
