// A connection to a back end → who uses it now, and how long it may stand still or idle.
import type { Socket } from "node:net";
import { leavePatience } from "./limits.js";

/** Who uses a connection. */
export interface LineUser {
  heard(bytes: Buffer): void;
  ended(): void;
  broken(error: Error): void;
  closed(): void;
  /** Nothing has moved for the time of `watch`. */
  stoodStill(): void;
  drained(): void;
}

/** A connection; its listeners stay while its users change. */
export class Line {
  readonly socket: Socket;
  /** It has served a request before. */
  isReused = false;
  #user: LineUser | undefined;
  #watched = 0;
  /** When it is closed, where nobody uses it. */
  #idleEnd = 0;
  #left: (line: Line) => void;

  /** `left` is called when it closes while nobody uses it. */
  constructor(socket: Socket, left: (line: Line) => void) {
    this.socket = socket;
    this.#left = left;
    socket.on("data", (bytes) => this.heard(bytes));
    socket.on("end", () => (this.#user ? this.#user.ended() : socket.destroy()));
    socket.on("drain", () => this.#user?.drained());
    socket.on("error", (error) => this.#user?.broken(error));
    socket.on("close", () => (this.#user ? this.#user.closed() : this.#left(this)));
    socket.on("timeout", () => (this.#user ? this.#user.stoodStill() : this.#idle()));
  }

  /** Has whoever uses it hear of it; undefined: what comes belongs to no request. */
  set user(user: LineUser | undefined) {
    this.#user = user;
  }

  heard(bytes: Buffer): void {
    if (this.#user) this.#user.heard(bytes);
    else this.socket.destroy();
  }

  /** Milliseconds without a movement after which its user hears of it. */
  watch(milliseconds: number): void {
    const time = Math.max(1, milliseconds);
    if (this.#watched === time) return;
    this.#watched = time;
    this.socket.setTimeout(time);
  }

  /** Has the time begin anew. */
  watchAgain(milliseconds: number): void {
    this.#watched = 0;
    this.watch(milliseconds);
  }

  /** Keeps it open for so long without a user. */
  keep(milliseconds: number): void {
    this.#idleEnd = performance.now() + milliseconds;
    this.watch(Math.min(milliseconds, leavePatience));
    if (this.socket.isPaused()) this.socket.resume();
  }

  /** Gives the socket away. */
  release(): Socket {
    const { socket } = this;
    this.#user = undefined;
    socket.pause();
    for (const event of ["data", "end", "drain", "error", "close", "timeout"]) socket.removeAllListeners(event);
    socket.setTimeout(0);
    return socket;
  }

  #idle(): void {
    const left = this.#idleEnd - performance.now();
    if (left < 1) this.socket.destroy();
    else this.watchAgain(Math.min(left, leavePatience));
  }
}
