// What becomes of certificates → the programs of MDNotifyCmd and MDMessageCmd, not more often than anybody wants to hear it.
import type { ErrorLog } from "../../api/index.js";
import { runCommand } from "./commands.js";
import { lastTime, noteEntry, type Job } from "./job.js";
import type { MdSettings } from "./settings.js";

export type Event = "renewing" | "renewed" | "installed" | "expiring" | "errored";

const hour = 3_600_000;
/** Milliseconds before the same is told again, as in Apache. */
const pauses: Readonly<Record<Event, number>> = {
  renewing: hour,
  renewed: 24 * hour,
  installed: 24 * hour,
  expiring: 24 * hour,
  errored: hour,
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
    return Date.now() - lastTime(job, `message-${event}`) < pauses[event];
  }

  /** Tells it; rejects where a program fails. */
  async tell(event: Event, name: string, job: Job): Promise<void> {
    if (this.isRecent(event, job)) return;
    const { notifyCommand, messageCommand } = this.#settings;
    if (event === "renewed" && notifyCommand) {
      await runCommand(notifyCommand, [name]).catch((error: unknown) => this.#failed("MDNotifyCmd", error, job));
    }
    if (messageCommand) {
      await runCommand(messageCommand, [event, name]).catch((error: unknown) =>
        this.#failed("MDMessageCmd", error, job),
      );
    }
    noteEntry(job, `message-${event}`, "");
  }

  #failed(directive: string, error: unknown, job: Job): never {
    const reason = `${directive}: ${error instanceof Error ? error.message : String(error)}`;
    noteEntry(job, "message-error", reason);
    this.#log.write({ level: "info", module: "md", message: reason });
    throw new Error(reason);
  }
}
