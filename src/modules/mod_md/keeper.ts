// Managed domains → certificates got and renewed in time, one after the other, by the one process that does so.
import { longestTimer, type SharedTable, type WorkerView } from "../../api/index.js";
import { obtain, AcmeFault, type Obtained, type Proofs } from "./authority.js";
import { accountFor, forgetAccount, saveAccount, type KeptAccount } from "./accounts.js";
import { belongTogether, factsOf, type CertificateFacts } from "./certificates.js";
import type { ManagedDomain, ManagedDomains } from "./domains.js";
import { delayAfter, noteEntry, readJob, takeOn, writeJob, type Job } from "./job.js";
import { holdLock } from "./lock.js";
import { News } from "./news.js";
import { OcspNews } from "./ocsp-news.js";
import { proofsFor, removeRecords } from "./proofs.js";
import { recordOf } from "./record.js";
import { RenewalInfo } from "./renewal-info.js";
import { expiryOf, isExpiring, renewalOf, usableFrom } from "./schedule.js";
import { hideAll, publishCertificates, publishJob } from "./shared.js";
import type { Store } from "./store.js";
import type { Route } from "./transport.js";
import { wishOf } from "./wish.js";

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

/** Looks after certificates until its process ends. */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #facts: Map<string, readonly CertificateFacts[]>;
  readonly #news: News;
  readonly #renewalInfo: RenewalInfo;
  readonly #ocspNews: OcspNews;
  /** Managed domains whose failures of before have been taken note of. */
  readonly #takenOn = new Set<string>();
  /** Jobs that the store did not take. */
  readonly #unkept = new Map<string, Job>();
  /** Fingerprints of what the workers have been handed, by managed domain. */
  readonly #handed = new Map<string, string>();

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#facts = new Map(options.inUse);
    this.#news = new News(options.view.errorLog, options.domains.settings);
    this.#renewalInfo = new RenewalInfo(options.route);
    const { table, store } = options;
    this.#ocspNews = new OcspNews({ table, store, news: this.#news, failed: (error) => this.#complain(error) });
  }

  begin(): void {
    // What the one before has shown is of orders that nobody goes on with.
    hideAll(this.#options.table);
    this.#ocspNews.begin();
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
    const job = this.#jobOf(domain);
    if (job.finished) {
      await this.#tellRenewed(domain, job);
      if (job.validFrom > Date.now()) {
        this.#tell(domain, job, renewalOf(domain, this.#facts.get(domain.name) ?? [], job));
        return job.notified ? job.validFrom : Math.min(job.validFrom, job.nextRun);
      }
      await this.#activate(domain, job);
    }
    const facts = this.#facts.get(domain.name) ?? [];
    const due = renewalOf(domain, facts, job);
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
      const again = job.finished && !job.notified ? job.nextRun : Infinity;
      return Math.min(at, again, advised?.askAgain ?? Infinity);
    }
    if (advised && advised.at < due) {
      this.#log("notice", `AH10516: ${domain.name}: the authority wants the certificate renewed now: ${advised.text}`);
    }
    const again = await this.#renewAlone(domain, job);
    if (again !== undefined) return again;
    this.#keep(domain, job);
    this.#tell(domain, job, renewalOf(domain, this.#facts.get(domain.name) ?? [], job));
    return job.errors === 0 ? this.#look(domain) : job.nextRun;
  }

  /** The work on its certificate as it was left. */
  #jobOf(domain: ManagedDomain): Job {
    const { store } = this.#options;
    const job = this.#unkept.get(domain.name) ?? readJob(store, domain.name);
    if (this.#takenOn.has(domain.name)) return job;
    this.#takenOn.add(domain.name);
    const { errors } = job;
    takeOn(job, this.#wishOf(domain, job));
    if (errors > 0 && !job.finished) {
      const when = new Date(Math.max(job.nextRun, Date.now())).toUTCString();
      this.#log("notice", `AH10064: ${domain.name}: failures before this start: ${errors}; the next try is at ${when}`);
    }
    return job;
  }

  #wishOf(domain: ManagedDomain, job: Job): string {
    return wishOf(domain, this.#proofsFor(domain, job), this.#options.domains);
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
      if (!(await this.#news.tell("renewing", domain.name, job))) return this.#postpone(domain, job);
      noteEntry(job, "starting");
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
      job.wish = this.#wishOf(domain, job);
      noteEntry(job, "renewal-error", fault.message, problem);
      const wait = Math.round((job.nextRun - Date.now()) / 1000);
      this.#log(
        "error",
        `AH10056: ${domain.name}: ${fault.message}; the next try is in ${wait} seconds (failures so far: ${job.errors})`,
      );
      await this.#news.tell("errored", domain.name, job);
    }
  }

  /** A program did not want it now: it is another server's affair, in a cluster for instance. As in Apache. */
  #postpone({ name }: ManagedDomain, job: Job): void {
    job.nextRun = Date.now() + this.#options.domains.settings.checkInterval;
    const when = new Date(job.nextRun).toUTCString();
    this.#log(
      "info",
      `AH10060: ${name}: the program of MDMessageCmd failed for 'renewing': not renewed before ${when}`,
    );
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
    const nothing = { problem: "", detail: "", activity: "", wish: "" };
    Object.assign(job, { finished: true, notified: false, errors: 0, nextRun: 0, ...nothing });
    job.askedToStaple = domain.mustStaple;
    if (domain.mustStaple && facts.some((each) => !each.mustStaple)) {
      this.#log("warn", `${name}: MDMustStaple: ${directory} gives certificates without the extension`);
    }
    job.validFrom = usableFrom(facts, inUse, domains.settings.activationDelay);
    noteEntry(job, "finished", `certificate of ${directory}`);
    writeJob(store, name, job);
  }

  /** Until the programs that want to hear of it have taken it. */
  async #tellRenewed(domain: ManagedDomain, job: Job): Promise<void> {
    if (job.notified || job.nextRun > Date.now()) return;
    job.notified = await this.#news.tell("renewed", domain.name, job);
    job.errors = job.notified ? 0 : job.errors + 1;
    const { retryDelay: first } = this.#options.domains.settings;
    job.nextRun = job.notified ? 0 : Date.now() + delayAfter(job.errors, { first });
    this.#keep(domain, job);
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
    const { store, route } = this.#options;
    const { binding, contacts, names, keys, profile, profileMandatory, mustStaple } = domain;
    const proofs = this.#proofsFor(domain, job);
    const inUse = this.#facts.get(domain.name) ?? [];
    return obtain({
      ...{ directory: kept.directory, account: kept.account, agrees: domain.agreement !== undefined },
      ...{ binding, contacts, names, keys, profile, profileMandatory, mustStaple, proofs, route },
      replaces: domain.asksAuthority && inUse.length === keys.length ? inUse.map(({ ariId }) => ariId) : [],
      registered: (account) => void saveAccount(store, { ...kept, account }),
      progress: (text) => {
        job.activity = text;
        noteEntry(job, "progress", text);
        this.#keep(domain, job);
        this.#log("info", `${domain.name}: ${text}`);
      },
    });
  }

  #proofsFor(domain: ManagedDomain, job: Job): Proofs {
    const { view, domains, table } = this.#options;
    return proofsFor(domain, view, {
      domains,
      table,
      shown: ({ kind, name }) => this.#news.tellProof(kind, name, { name: domain.name, job }),
      records: job.records,
      recorded: (records) => {
        job.records = [...records];
        this.#keep(domain, job);
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
    await this.#news.tell("expiring", domain.name, job);
    this.#keep(domain, job);
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
