// What becomes of certificates → the programs of MDNotifyCmd and MDMessageCmd, not more often than anybody wants to hear it.
import type { ErrorLog } from "../../api/index.js";
import { runCommand } from "./commands.js";
import { lastTime, noteEntry, type Job } from "./job.js";
import type { MdSettings } from "./settings.js";
import { since } from "./times.js";

export type Event = "renewing" | "renewed" | "installed" | "expiring" | "errored" | "ocsp-renewed" | "ocsp-errored";

const hour = 3_600_000;
/** What Apache calls it that a program failed. */
const numbers = { MDNotifyCmd: "AH10108", MDMessageCmd: "AH10109" } as const;
/** Milliseconds before the same is told again, as in Apache. */
const pauses: Readonly<Record<Event, number>> = {
  renewing: hour,
  renewed: 24 * hour,
  installed: 24 * hour,
  expiring: 24 * hour,
  errored: hour,
  "ocsp-renewed": 24 * hour,
  "ocsp-errored": hour,
};

/** The programs that hear of it. */
export class News {
  readonly #log: ErrorLog;
  readonly #settings: MdSettings;

  constructor(log: ErrorLog, settings: MdSettings) {
    this.#log = log;
    this.#settings = settings;
  }

  /** Whether it was told not long ago. */
  isRecent(event: Event, job: Job): boolean {
    return (since(lastTime(job, `message-${event}`)) ?? Infinity) < pauses[event];
  }

  /** Tells it; false where a program fails, which is in the log then. */
  async tell(event: Event, name: string, job: Job): Promise<boolean> {
    if (this.isRecent(event, job)) return true;
    if (event === "renewed" && !(await this.#run("MDNotifyCmd", [name], job))) return false;
    return this.#message(event, name, job);
  }

  /** Tells that a proof is shown, before the authority is: servers of a cluster may want to show it too. Rejects where a program fails. */
  async tellProof(
    kind: string,
    proved: string,
    { name, job }: { readonly name: string; readonly job: Job },
  ): Promise<void> {
    const isTold = await this.#message(`challenge-setup:${kind}:${proved}`, name, job);
    if (!isTold) throw new Error(`${proved} is not proved by ${kind}, since ${job.log[0]?.detail ?? ""}`);
  }

  async #message(word: string, name: string, job: Job): Promise<boolean> {
    const isTold = await this.#run("MDMessageCmd", [word, name], job);
    if (isTold) noteEntry(job, `message-${word}`);
    return isTold;
  }

  async #run(directive: keyof typeof numbers, words: readonly string[], job: Job): Promise<boolean> {
    const { notifyCommand, messageCommand } = this.#settings;
    const command = directive === "MDNotifyCmd" ? notifyCommand : messageCommand;
    if (!command) return true;
    try {
      await runCommand(command, words);
      return true;
    } catch (error) {
      const reason = `${directive}: ${error instanceof Error ? error.message : String(error)}`;
      noteEntry(job, directive === "MDNotifyCmd" ? "notify-error" : "message-error", reason);
      const message = `${numbers[directive]}: ${words.at(-1) ?? ""}: ${reason}`;
      this.#log.write({ level: "error", module: "md", message });
      return false;
    }
  }
}
