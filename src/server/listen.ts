// Listening sockets → connections served, counted, and drained without cutting any.
import { createServer, type AddressInfo, type ListenOptions, type Server, type Socket } from "node:net";
import { longestTimer, type ConnectionReport, type ConnectionState, type WorkerReport } from "../api/index.js";
import type { LocalEnd } from "./ends.js";
import type { ExchangeHandler } from "./exchange.js";
import { ClientConnection } from "./http1/connection.js";
import { ServerState, type ServedConnection } from "./http1/server-state.js";
import { Http2Connection } from "./http2/connection.js";
import type { Opened } from "./tls.js";

/** Where to listen. */
export interface ListenSocket {
  /** A bound handle, or options of `listen` of net.Server. */
  readonly where: ListenOptions | object;
  /** Set for a Unix socket: where its connections count as arriving. */
  readonly unix?: LocalEnd;
}

/** What to serve, and where. */
export interface ServeOptions {
  readonly handler: ExchangeHandler;
  readonly sockets: readonly ListenSocket[];
  readonly backlog?: number;
  /** Connections at the same time; more wait unread. Without limit if absent. */
  readonly maxConnections?: number;
  /** Called once when so many connections have been accepted; they, and others after them, are served all the same. */
  readonly share?: { readonly connections: number; done(): void };
}

/** A server at work. */
export interface Serving {
  readonly addresses: readonly (AddressInfo | string | null)[];
  /** Open connections, requests in work, and requests answered since the start. */
  counts(): { readonly connections: number; readonly active: number; readonly requests: number };
  /** Requests in work, and how many connections there may be. */
  load(): { readonly active: number; readonly capacity: number };
  /** The same in detail, for reports. */
  report(): ServingReport;
  /**
   * Stops accepting. The next response on each connection says `Connection: close`; idle ones stay until their
   * KeepAliveTimeout is over, so that no client sends into a closing connection. Resolves when the last is gone; those
   * that are left after `milliseconds` are cut.
   */
  drain(milliseconds?: number): Promise<void>;
  /** Stops accepting and ends all connections at once. */
  cut(): void;
}

/** What a server does, without what only its process knows. */
export type ServingReport = Omit<WorkerReport, "userTime" | "systemTime">;

/** Most connections that are reported one by one. */
const mostReported = 1000;
/** Bytes the socket holds for a client before we wait for it. */
const highWaterMark = 65_536;

/** Listens and serves; rejects when a socket does not listen. */
export async function serve({ handler, sockets, backlog, maxConnections, share }: ServeOptions): Promise<Serving> {
  const state = new ServerState({
    handler,
    maxConnections: maxConnections ?? Infinity,
    open: openConnection,
  });
  const servers: Server[] = [];
  let accepted = 0;
  try {
    for (const { where, unix } of sockets) {
      // A client may end its side and still wait for the answer.
      const server = createServer({ allowHalfOpen: true, noDelay: true, highWaterMark });
      server.on("connection", (client: Socket) => {
        state.admit(client, unix);
        if (++accepted === share?.connections) share.done();
      });
      servers.push(server);
      await listen(server, { where, unix }, backlog ?? 511);
    }
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  return new ServerGroup(servers, state);
}

/** By what was agreed upon, the connection that speaks it. */
export function openConnection(opened: Opened, state: ServerState): ServedConnection {
  const { ends, protocol } = opened;
  const limits = state.handler.limits(ends.localAddress, ends.localPort);
  return protocol !== "http/1.1" && limits.http2
    ? new Http2Connection(opened, state, { limits, http2: limits.http2 })
    : new ClientConnection(opened, state, limits);
}

/** What net.Server does once it has a handle. */
interface Adopting {
  _handle: object;
  _listen2(path: string, port: -1, addressType: -1, backlog: number): void;
}

function listen(
  server: Server,
  { where, unix }: { readonly where: ListenOptions | object; readonly unix: LocalEnd | undefined },
  backlog: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const listening = (): void => {
      server.off("error", reject);
      // Accepting may fail for a moment (no descriptors left); what is open goes on.
      server.on("error", () => undefined);
      resolve();
    };
    if (unix) {
      // `listen` takes bound handles of TCP alone; others it asks the primary of the cluster for, which has none.
      const adopting = server as unknown as Adopting;
      adopting._handle = where;
      server.once("listening", listening);
      adopting._listen2(unix.address, -1, -1, backlog);
    } else if ("port" in where || "path" in where) server.listen({ backlog, ...where }, listening);
    else server.listen(where, backlog, listening);
  });
}

class ServerGroup implements Serving {
  readonly addresses: readonly (AddressInfo | string | null)[];
  readonly #servers: readonly Server[];
  readonly #state: ServerState;
  #drained: Promise<unknown> | undefined;

  constructor(servers: readonly Server[], state: ServerState) {
    this.#servers = servers;
    this.#state = state;
    this.addresses = servers.map((server) => server.address());
  }

  load(): { readonly active: number; readonly capacity: number } {
    const { active, maxConnections } = this.#state;
    return { active, capacity: maxConnections };
  }

  counts(): { readonly connections: number; readonly active: number; readonly requests: number } {
    const { connections, opening, waiting, active, requests } = this.#state;
    return { connections: connections.size + opening.size + waiting.size, active, requests };
  }

  report(): ServingReport {
    const { requests, bytes, milliseconds, maxConnections } = this.#state;
    const states: Record<ConnectionState, number> = { reading: 0, working: 0, kept: 0, closing: 0 };
    const connections: ConnectionReport[] = [];
    let upgraded = 0;
    for (const connection of this.#state.connections) {
      states[connection.state]++;
      if (connection.isUpgraded) upgraded++;
      if (connection.state === "working" && connections.length < mostReported) connections.push(connection.report());
    }
    for (const connection of this.#state.connections) {
      if (connections.length >= mostReported) break;
      if (connection.state !== "working") connections.push(connection.report());
    }
    states.reading += this.#state.opening.size;
    return { requests, bytes, milliseconds, capacity: maxConnections, states, upgraded, connections };
  }

  async drain(milliseconds = longestTimer): Promise<void> {
    this.#state.isDraining = true;
    // A server reports that it is closed when its last connection is gone.
    this.#drained ??= Promise.all(
      this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
    const limit = setTimeout(() => this.#cutAll(), Math.min(milliseconds, longestTimer));
    await this.#drained;
    await this.#state.empty();
    clearTimeout(limit);
  }

  cut(): void {
    void this.drain();
    this.#cutAll();
  }

  #cutAll(): void {
    for (const connection of this.#state.connections) connection.cut();
    for (const socket of [...this.#state.waiting, ...this.#state.opening]) socket.destroy();
  }
}
