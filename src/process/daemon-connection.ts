// A worker's connection to one thread of a daemon: frames in and out, one run after the other.
import { connect, Socket } from "node:net";
import { hold } from "../server/held-writes.js";
import {
  bytesFrame,
  dataHeader,
  emptyFrame,
  FrameError,
  FrameReader,
  fromDaemon,
  requestFrames,
  toDaemon,
  type FrameTarget,
} from "./daemon-frames.js";
import type { DaemonRun } from "./daemon-run.js";
import type { Shape } from "./daemon-shapes.js";
import { Upload } from "./daemon-upload.js";

/** What a connection tells the client it belongs to. */
export interface ConnectionEvents {
  /** It has said hello, or ended a run: it can take one. */
  free(connection: DaemonConnection): void;
  /** Its run is over, ended or not, or comes back. */
  left(connection: DaemonConnection, run: DaemonRun): void;
  /** Its run has changed protocols: it is that run's until its end, and takes no thread any more. */
  switched(connection: DaemonConnection): void;
  /** A run came back of which the daemon has read or run nothing. */
  returned(run: DaemonRun, why: "unread" | "stale"): void;
  /** It is gone; `error` when it never came about. */
  gone(connection: DaemonConnection, error: NodeJS.ErrnoException | undefined): void;
}

/** What a run is sent with. */
export interface Handover {
  readonly shape: Shape;
  readonly values: string;
  /** The script's mtime in milliseconds; 0 when not known. */
  readonly mtime: number;
}

// A body up to this size is sent along with the head if it is there.
const smallBody = 65_536 - 4096;
// One write of at most this size is read as a whole or not at all: see docs/daemon-protocol.md.
const singleRead = 65_536;

// Reading is synchronous, and whatever is kept is copied: one buffer is enough for all.
const buffer = Buffer.allocUnsafeSlow(65_536);
const yes = emptyFrame(toDaemon.yes);
const no = emptyFrame(toDaemon.no);

/** One connection, from connect to close. */
export class DaemonConnection implements FrameTarget {
  /** Process and thread it belongs to; 0 before the hello. */
  pid = 0;
  thread = 0;
  run: DaemonRun | undefined;
  /** performance.now() when it was made. */
  readonly since = performance.now();
  /** Takes no other run after the one it has. */
  isLeaving = false;
  /** Whether bytes went in or out since this was last set to false. */
  isActive = false;
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #reader = new FrameReader(this);
  readonly #known: (Shape | undefined)[] = [];
  #isGone = false;
  #isHeld = false;
  #isSwitched = false;
  #drained: (() => void) | undefined;
  #wasSingleWrite = false;

  /** `target`: the path of the pool's socket, or the descriptor of a socket that is connected. */
  constructor(target: string | number, events: ConnectionEvents) {
    this.#events = events;
    const options = {
      allowHalfOpen: true,
      onread: { buffer, callback: (length: number) => this.#received(buffer.subarray(0, length)) },
    };
    this.#socket =
      typeof target === "string"
        ? connect({ path: target, ...options })
        : new Socket({ fd: target, readable: true, writable: true, ...options });
    // Closed by the daemon: nothing more will come, and nothing is to be sent.
    this.#socket.on("end", () => this.#gone(undefined));
    this.#socket.on("drain", () => this.#roomy());
    this.#socket.on("error", (error: NodeJS.ErrnoException) => this.#gone(error));
    this.#socket.on("close", () => this.#gone(undefined));
  }

  /** Hands a run over. */
  start(run: DaemonRun, { shape, values, mtime }: Handover): void {
    this.run = run;
    run.connection = this;
    const { body } = run;
    const { arrived } = body;
    const whole = arrived && arrived.length <= smallBody ? arrived : undefined;
    const bytes = requestFrames({
      shape: shape.slot,
      handedOver: (performance.timeOrigin + performance.now()) / 1000,
      mtime,
      values,
      // A question is about the head alone.
      body: body.length === 0 || run.call.role !== undefined ? undefined : (whole ?? "waits"),
      mayUpgrade: run.mayUpgrade,
    });
    this.isActive = true;
    const isKnown = this.#known[shape.slot] === shape;
    hold(this.#socket);
    this.#wasSingleWrite = isKnown && bytes.length <= singleRead;
    if (isKnown) {
      this.#socket.write(bytes);
      return;
    }
    this.#known[shape.slot] = shape;
    this.#socket.write(Buffer.concat([shape.frame, bytes]));
    this.#wasSingleWrite = shape.frame.length + bytes.length <= singleRead;
  }

  /** Gives its run up: the daemon is told, and what still comes is dropped. */
  cancel(run: DaemonRun): void {
    if (this.run !== run || this.#isGone) return;
    this.isLeaving = true;
    // What the daemon has not read would keep the end of this side from it.
    if (this.#socket.writableLength > 0) return this.#gone(undefined);
    this.#socket.end();
    this.#socket.resume();
  }

  /** Reads nothing until it is resumed, or the run is over. */
  hold(): void {
    this.#isHeld = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isHeld = false;
    if (!this.#isGone) this.#socket.resume();
  }

  close(): void {
    this.#gone(undefined);
  }

  // After a change of protocols.

  sendData(bytes: Buffer, done: () => void): void {
    if (this.#isGone) return done();
    this.#socket.cork();
    this.#socket.write(dataHeader(bytes.length));
    const hasRoom = this.#socket.write(bytes);
    this.#socket.uncork();
    if (hasRoom) done();
    else this.#drained = done;
  }

  sendFrame(frame: Buffer): boolean {
    return this.#isGone || this.#socket.write(frame);
  }

  sendEnd(): void {
    if (!this.#isGone) this.#socket.write(emptyFrame(toDaemon.end));
  }

  /** Closes when everything is sent; its run is over. */
  closeSoon(): void {
    const { run } = this;
    if (this.#isGone || !run) return;
    this.#leave(run);
    this.#socket.destroySoon();
  }

  #roomy(): void {
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
    this.run?.drained();
  }

  #switch(): void {
    this.isLeaving = true;
    this.#isSwitched = true;
    this.#events.switched(this);
  }

  #received(chunk: Buffer): boolean {
    this.isActive = true;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof FrameError) && !(error instanceof SyntaxError)) throw error;
      this.run?.log("error", `the daemon does not keep to the protocol: ${error.message}`);
      this.#gone(undefined);
      return true;
    }
    this.run?.settle();
    return true;
  }

  data(bytes: Buffer): void {
    this.run?.data(bytes);
  }

  frame(type: number, payload: Buffer): void {
    if (this.#isGone) return;
    if (type === fromDaemon.hello) return this.#greeted(payload);
    if (type === fromDaemon.bye) return this.#gone(undefined, true);
    const { run } = this;
    if (!run && this.#isSwitched) return;
    if (!run) throw new FrameError(`a frame of type ${type} without a request`);
    switch (type) {
      case fromDaemon.stale:
        return this.#sentBack(run, payload[0] ?? 0);
      case fromDaemon.log:
        run.hasBegun = true;
        return run.logLine(payload);
      case fromDaemon.response:
        run.hasBegun = true;
        if (!run.head(payload)) return;
        if (!run.mayUpgrade) throw new FrameError("a change of protocols that nobody asked for");
        this.#switch();
        return run.openTunnel(this);
      case fromDaemon.messages:
        run.hasBegun = true;
        if (!run.mayUpgrade) throw new FrameError("a WebSocket that nobody asked for");
        this.#switch();
        return run.openWebSocket(payload, this);
      case fromDaemon.text:
      case fromDaemon.binary:
      case fromDaemon.close:
        return run.message(type, payload);
      case fromDaemon.variable: {
        const value = run.call.variable?.(payload.toString("latin1")) ?? "";
        this.#socket.write(bytesFrame(toDaemon.value, Buffer.from(value, "latin1")));
        return;
      }
      case fromDaemon.wanted:
        run.hasBegun = true;
        return this.#upload(run);
      case fromDaemon.file:
        this.#socket.write(run.takeFile(payload) ? yes : no);
        return;
      case fromDaemon.end:
        run.end();
        return this.#ended(payload[0] ?? 0);
      case fromDaemon.failed:
        run.fail(payload.readUInt16BE(1), payload.toString("utf8", 3));
        return this.#ended(payload[0] ?? 0);
      default:
        throw new FrameError(`a frame of unknown type ${type}`);
    }
  }

  #greeted(payload: Buffer): void {
    const { pid, thread } = JSON.parse(payload.toString()) as { readonly pid: number; readonly thread: number };
    this.pid = pid;
    this.thread = thread;
    this.#events.free(this);
  }

  #upload(run: DaemonRun): void {
    if (run.upload || run.isAbandoned) return;
    run.upload = new Upload(this.#socket, run.body, (error) => run.bodyBroke(error));
  }

  #sentBack(run: DaemonRun, flags: number): void {
    this.#leave(run);
    if (!run.isAbandoned) this.#events.returned(run, "stale");
    this.#next(flags);
  }

  #ended(flags: number): void {
    const { run } = this;
    if (run) this.#leave(run);
    this.#next(flags);
  }

  #leave(run: DaemonRun): void {
    run.connection = undefined;
    this.run = undefined;
    // The end may have come together with more than the client has taken.
    if (this.#isHeld) this.resume();
    this.#events.left(this, run);
  }

  #next(flags: number): void {
    if (flags !== 0 || this.isLeaving) this.#gone(undefined);
    else this.#events.free(this);
  }

  /** The end; a run it still has was either not read by the daemon, or is lost. */
  #gone(error: NodeJS.ErrnoException | undefined, isBye = false): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const { run } = this;
    const hadHello = this.pid !== 0;
    this.#socket.destroy();
    if (run) {
      this.#leave(run);
      const wasUnread = isBye || (this.#wasSingleWrite && (error?.code === "ECONNRESET" || error?.code === "EPIPE"));
      if (!run.hasBegun && !run.isAbandoned && wasUnread) this.#events.returned(run, "unread");
      else if (!run.isAbandoned) this.#lost(run);
    }
    this.#events.gone(this, hadHello ? undefined : error);
  }

  #lost(run: DaemonRun): void {
    const seconds = (run.ranFor / 1000).toFixed(1);
    run.log(
      "error",
      `process ${this.pid} of the daemon group ended before the response was complete: "${run.request.requestLine}" ` +
        `(${run.request.id}, ${run.request.virtualHost.serverName}) had run for ${seconds} s in thread ${this.thread}`,
    );
    run.fail(502, "the daemon ended before the response was complete");
  }
}
