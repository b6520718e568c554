// What becomes of certificates → the programs of MDNotifyCmd and MDMessageCmd, not more often than anybody wants to hear it.
import type { ErrorLog } from "../../api/index.js";
import { runCommand } from "./commands.js";
import { lastTime, noteEntry, type Job } from "./job.js";
import type { MdSettings } from "./settings.js";
import { since } from "./times.js";

export type Event = "renewing" | "renewed" | "installed" | "expiring" | "errored" | "ocsp-renewed" | "ocsp-errored";

const hour = 3_600_000;
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

  /** Tells it; rejects where a program fails. */
  async tell(event: Event, name: string, job: Job): Promise<void> {
    if (this.isRecent(event, job)) return;
    const { notifyCommand } = this.#settings;
    if (event === "renewed" && notifyCommand) {
      await runCommand(notifyCommand, [name]).catch((error: unknown) => this.#failed("MDNotifyCmd", error, job));
    }
    await this.#message(event, name, job);
  }

  /** Tells that a proof is shown, before the authority is: servers of a cluster may want to show it too. Rejects where a program fails. */
  async tellProof(
    kind: string,
    proved: string,
    { name, job }: { readonly name: string; readonly job: Job },
  ): Promise<void> {
    await this.#message(`challenge-setup:${kind}:${proved}`, name, job);
  }

  async #message(word: string, name: string, job: Job): Promise<void> {
    const { messageCommand } = this.#settings;
    if (messageCommand) {
      await runCommand(messageCommand, [word, name]).catch((error: unknown) =>
        this.#failed("MDMessageCmd", error, job),
      );
    }
    noteEntry(job, `message-${word}`, "");
  }

  #failed(directive: string, error: unknown, job: Job): never {
    const reason = `${directive}: ${error instanceof Error ? error.message : String(error)}`;
    noteEntry(job, "message-error", reason);
    this.#log.write({ level: "info", module: "md", message: reason });
    throw new Error(reason);
  }
}
