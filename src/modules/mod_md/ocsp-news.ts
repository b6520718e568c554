// Answers of OCSP that workers have got → files of the store, and news of them for programs.
import type { SharedTable } from "../../api/index.js";
import { readJob, writeJob, type Job } from "./job.js";
import type { News } from "./news.js";
import { writeAnswer } from "./ocsp.js";
import { heardOcsp } from "./shared.js";
import type { Store } from "./store.js";

/** What it works with. */
export interface OcspNewsOptions {
  readonly table: SharedTable;
  readonly store: Store;
  readonly news: News;
  /** Hears of what the store does not take. */
  readonly failed: (error: unknown) => void;
}

/** Hears what workers are told by responders. */
export class OcspNews {
  readonly #options: OcspNewsOptions;
  /** What was told, and of which managed domains' something is being told. */
  readonly #jobs = new Map<string, Job>();
  readonly #telling = new Set<string>();

  constructor(options: OcspNewsOptions) {
    this.#options = options;
  }

  begin(): void {
    const { table } = this.#options;
    // Workers may have asked before this process began.
    for (const [key] of [...table]) this.#heard(key);
    table.onChange((key) => this.#heard(key));
  }

  /** A worker has asked a responder of OCSP. */
  #heard(key: string): void {
    const { table, store, news, failed } = this.#options;
    const heard = heardOcsp(table, key);
    if (!heard) return;
    const { name, answer } = heard;
    const event = answer ? "ocsp-renewed" : "ocsp-errored";
    try {
      if (answer) writeAnswer(store, answer);
    } catch (error) {
      failed(error);
    }
    if (this.#telling.has(name)) return;
    const job = this.#jobs.get(name) ?? readJob(store, name, "ocsp");
    this.#jobs.set(name, job);
    if (news.isRecent(event, job)) return;
    this.#telling.add(name);
    void news
      .tell(event, name, job)
      .then(() => writeJob(store, name, job, "ocsp"))
      .catch(failed)
      .finally(() => this.#telling.delete(name));
  }
}
