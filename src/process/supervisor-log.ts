// Lines of a worker → the supervisor, which alone has the programs that read logs.
import type { Dropped, LogSink } from "../log/log-file.js";
import type { WorkerToSupervisor } from "./channel.js";

/** Most characters on their way. */
const capacity = 1024 * 1024;

/** A log program as a worker sees it: the lines of one turn are one message. */
export class SupervisorLog implements LogSink {
  readonly #target: string;
  readonly #dropped: Dropped;
  #pending = "";
  /** Characters that were sent and have not left this process. */
  #underWay = 0;
  #lost = 0;

  constructor(target: string, dropped: Dropped) {
    this.#target = target;
    this.#dropped = dropped;
  }

  write(line: string): void {
    if (this.#underWay + this.#pending.length + line.length > capacity) {
      this.#lost++;
      return;
    }
    if (this.#pending === "") setImmediate(() => this.#send());
    this.#pending += this.#pending === "" ? line : `\n${line}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#send(resolve));
  }

  #send(sent: () => void = () => undefined): void {
    const lines = this.#pending;
    if (lines === "" || !process.connected) return sent();
    this.#pending = "";
    this.#underWay += lines.length;
    const message: WorkerToSupervisor = { type: "log", target: this.#target, lines };
    process.send?.(message, undefined, {}, () => {
      this.#underWay -= lines.length;
      sent();
    });
    if (this.#lost > 0) {
      this.#dropped(this.#lost, "the supervisor does not keep up");
      this.#lost = 0;
    }
  }
}
