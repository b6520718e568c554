// What the connections of one server share: time, counts, a limit, and whether it is draining.
import type { Socket } from "node:net";
import type { AnnouncedClient, ConnectionReport, Ends } from "../../api/index.js";
import { readAnnouncement } from "../announcement.js";
import { endsOf, type LocalEnd } from "../ends.js";
import type { ExchangeHandler } from "../exchange.js";
import type { Encrypted, Opened } from "../tls.js";

/** Milliseconds between two looks at the deadlines of all connections; a deadline may be missed by twice that. */
const sweepInterval = 250;
/** Clients that wait unread while the server is full; as many as the kernel would hold for Apache. */
const mostWaiting = 511;

/** The connection of a client, whatever it speaks. */
export interface ServedConnection {
  readonly state: ConnectionReport["state"];
  /** Whether it has changed protocols. */
  readonly isUpgraded: boolean;
  /** What it is doing now. */
  report(): ConnectionReport;
  /** Ends it at once. */
  cut(): void;
  /** Ends it if it is kept for a request that has not begun; whether it did. */
  giveWay(): boolean;
  /** Looks whether something takes too long. */
  checkDeadlines(tick: number): void;
}

/** Makes the connection of a client. */
export type OpenConnection = (opened: Opened, state: ServerState) => ServedConnection;

/** Shared by the connections of one server. */
export class ServerState {
  readonly handler: ExchangeHandler;
  readonly connections = new Set<ServedConnection>();
  /** Clients that have not been announced yet, or of which it is not known whether they speak TLS. */
  readonly opening = new Set<Socket>();
  /** Clients over the limit, in the order they came. */
  readonly waiting = new Set<Socket>();
  /** Requests answered, and in work. */
  requests = 0;
  /** What the answered ones cost: bytes sent, heads included, and milliseconds together. */
  bytes = 0;
  milliseconds = 0;
  active = 0;
  isDraining = false;
  /** Counts sweeps: the coarse clock of all deadlines. */
  tick = 0;
  /** Connections at the same time. */
  readonly maxConnections: number;
  #timer: NodeJS.Timeout | undefined;
  #emptied: (() => void)[] = [];
  readonly #waitingUnix = new WeakMap<Socket, LocalEnd>();

  readonly #openConnection: OpenConnection;

  constructor({
    handler,
    maxConnections,
    open,
  }: {
    handler: ExchangeHandler;
    maxConnections: number;
    open: OpenConnection;
  }) {
    this.handler = handler;
    this.#openConnection = open;
    this.maxConnections = maxConnections;
  }

  /** The tick at which so many milliseconds from now are over. */
  deadline(milliseconds: number): number {
    return this.tick + Math.ceil(milliseconds / sweepInterval) + 1;
  }

  /** Whether a connection that is not kept makes room for another. */
  get isCrowded(): boolean {
    return this.waiting.size > 0;
  }

  /** Opens a connection for a new client, or lets it wait. `ends`: those it counts as having, where not the socket's. */
  admit(socket: Socket, unix?: LocalEnd, ends?: Ends): void {
    // Gone before it was accepted, or one too many.
    if ((!unix && socket.remoteAddress === undefined) || this.waiting.size >= mostWaiting) {
      socket.destroy();
      return;
    }
    if (this.connections.size + this.opening.size < this.maxConnections) {
      this.#open(socket, unix, ends);
      return;
    }
    if (unix) this.#waitingUnix.set(socket, unix);
    this.waiting.add(socket);
    const gone = (): boolean => this.waiting.delete(socket);
    socket.on("error", gone).on("close", gone);
  }

  remove(connection: ServedConnection): void {
    this.connections.delete(connection);
    this.#left();
  }

  /** Puts a connection of another protocol in the place of one, on the same socket. */
  replace(connection: ServedConnection, opened: Opened): void {
    this.connections.delete(connection);
    this.connections.add(this.#openConnection(opened, this));
  }

  #left(): void {
    const [next] = this.waiting;
    if (next) {
      this.waiting.delete(next);
      this.#open(next, this.#waitingUnix.get(next));
    } else if (this.connections.size + this.opening.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      for (const resolve of this.#emptied.splice(0)) resolve();
    }
  }

  /** Resolves when no connection is left, and what the last one did has been reported. */
  async empty(): Promise<void> {
    if (this.connections.size + this.opening.size > 0)
      await new Promise<void>((resolve) => this.#emptied.push(resolve));
  }

  /** What comes before the first request: an announcement of the client, then a handshake, where they are due. */
  #open(socket: Socket, unix: LocalEnd | undefined, ends = endsOf(socket, unix)): void {
    const announcement = this.handler.announcement?.(ends);
    // Who stands in front of a Unix socket has ended TLS.
    const endpoint = unix ? undefined : this.handler.tls?.(ends.localAddress, ends.localPort);
    const plain = { socket, tls: undefined, isPlain: false, protocol: "http/1.1" } as const;
    if (!announcement && !endpoint) return this.#begin({ ...plain, ends, announced: undefined });
    const gone = (): void => {
      this.opening.delete(socket);
      this.#left();
    };
    this.opening.add(socket);
    socket.once("close", gone);
    const encrypt = (announced?: AnnouncedClient): void => {
      const begin = (opened: Encrypted): void => {
        socket.off("close", gone);
        this.opening.delete(socket);
        this.#begin({ ...opened, ends, announced });
      };
      if (endpoint) endpoint.open(socket, begin);
      else begin(plain);
    };
    if (announcement) readAnnouncement(socket, announcement, encrypt);
    else encrypt();
  }

  #begin(opened: Opened): void {
    this.connections.add(this.#openConnection(opened, this));
    this.#timer ??= setInterval(() => this.#sweep(), sweepInterval);
  }

  #sweep(): void {
    this.tick++;
    let wanted = this.waiting.size;
    for (const connection of this.connections) {
      connection.checkDeadlines(this.tick);
      // As Apache: kept connections without a request give way to clients that have one.
      if (wanted > 0 && connection.giveWay()) wanted--;
    }
  }
}
