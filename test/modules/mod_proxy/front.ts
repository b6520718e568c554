// Configuration text → a listening server in this process; a back end of raw bytes; a client of raw bytes.
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Pipeline } from "../../../src/server/pipeline.js";
import { serve as listen, type Serving } from "../../../src/server/listen.js";
import { serve, type AskOptions, type Asked } from "../../support/ask.js";
import { until } from "../../support/running.js";

/** A server that listens. */
export interface Front {
  readonly port: number;
  readonly log: Asked["log"];
  /** The server root. */
  readonly root: string;
  /** Sends bytes and gives all that comes until the end; "<reset>" behind it where it was one. */
  readonly send: (bytes: string) => Promise<string>;
  /** A connection to do more with. */
  readonly open: () => Talk;
  close(): void;
}

/** A client's connection. */
export interface Talk {
  readonly socket: Socket;
  received(): string;
  /** Whether the server has ended or reset it. */
  hasEnded(): boolean;
}

/** Serves a configuration on a port of the loopback address. */
export async function startFront(configuration: string, options: AskOptions = {}): Promise<Front> {
  const asked = serve(configuration, options);
  const handler = new Pipeline(asked.server, {
    run: () => Promise.reject(new Error("there are no applications here")),
    ask: () => Promise.reject(new Error("there are no scripts here")),
  });
  const serving: Serving = await listen({ handler, sockets: [{ where: { port: 0, host: "127.0.0.1" } }] });
  const { port } = serving.addresses[0] as AddressInfo;
  return {
    port,
    log: asked.log,
    root: asked.root,
    open: () => talkTo(port),
    async send(bytes) {
      const talk = talkTo(port);
      talk.socket.write(bytes, "latin1");
      await until("the server ends the connection", () => talk.hasEnded());
      return talk.received();
    },
    close() {
      serving.cut();
      for (const { lifecycle } of asked.server.modules) {
        void lifecycle.stop?.({
          server: asked.server,
          errorLog: silent,
          secret: Buffer.alloc(32),
          openLog: () => silent,
        });
      }
    },
  };
}

const silent = { write: () => undefined, takes: () => false };

/** A connection to a server on a port of the loopback address. */
export function talkTo(port: number): Talk {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  let hasEnded = false;
  socket.on("data", (bytes: Buffer) => (received += bytes.toString("latin1")));
  socket.on("end", () => (hasEnded = true));
  socket.on("error", () => {
    if (!hasEnded) received += "<reset>";
    hasEnded = true;
  });
  return { socket, received: () => received, hasEnded: () => hasEnded };
}

/** A connection the back end has accepted. */
export interface Accepted {
  readonly socket: Socket;
  received: string;
  hasClosed: boolean;
}

/** A back end of raw bytes. `reply` hears of everything that arrives. */
export interface RawBackEnd {
  readonly port: number;
  readonly connections: Accepted[];
  /** All that has arrived, connection after connection. */
  received(): string;
  close(): void;
}

/** Starts a back end. `reply` is called with each connection on which something has arrived. */
export async function startBackEnd(
  reply: (connection: Accepted) => void,
  where: { port: number; host: string } | { path: string } = { port: 0, host: "127.0.0.1" },
): Promise<RawBackEnd> {
  const connections: Accepted[] = [];
  const server: Server = createServer((socket) => {
    const accepted: Accepted = { socket, received: "", hasClosed: false };
    connections.push(accepted);
    socket.on("data", (bytes: Buffer) => {
      accepted.received += bytes.toString("latin1");
      reply(accepted);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => (accepted.hasClosed = true));
  });
  await new Promise<void>((resolve) => server.listen(where, resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : 0,
    connections,
    received: () => connections.map((each) => each.received).join(""),
    close() {
      server.close();
      for (const { socket } of connections) socket.destroy();
    },
  };
}

/** Replies with the same bytes to each request without a body. */
export function always(text: string, then: "keep" | "end" | "reset" = "keep"): (connection: Accepted) => void {
  const answered = new WeakMap<Accepted, number>();
  return (connection) => {
    const heads = connection.received.split("\r\n\r\n").length - 1;
    for (let count = answered.get(connection) ?? 0; count < heads; count++) connection.socket.write(text, "latin1");
    answered.set(connection, heads);
    if (heads === 0) return;
    if (then === "end") connection.socket.end();
    // A reset at once would take away what is still under way.
    if (then === "reset") setTimeout(() => connection.socket.resetAndDestroy(), 20);
  };
}

/** Replies once all of that text has arrived. */
export function after(awaited: string, text: string): (connection: Accepted) => void {
  return (connection) => {
    if (connection.received.endsWith(awaited)) connection.socket.write(text, "latin1");
  };
}

/** "GET /path", the fields, and the end of the connection asked for. */
export function request(line: string, ...fields: readonly string[]): string {
  return `${[`${line} HTTP/1.1`, "Host: front.test:81", "Connection: close", ...fields].join("\r\n")}\r\n\r\n`;
}

export const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

const opened: { close(): void }[] = [];

/** A front before a back end that answers with those bytes; @PORT@ in the configuration is the back end's. */
export async function pair(
  reply: string | ((connection: Accepted) => void),
  configuration = "ProxyPass / http://127.0.0.1:@PORT@/",
  then: "keep" | "end" | "reset" = "keep",
  options: AskOptions = {},
): Promise<Front & { backEnd: RawBackEnd }> {
  const backEnd = await startBackEnd(typeof reply === "string" ? always(reply, then) : reply);
  const front = await startFront(configuration.replaceAll("@PORT@", String(backEnd.port)), options);
  opened.push(front, backEnd);
  return { ...front, backEnd };
}

/** Closes what a test has opened. */
export function closeAll(): void {
  for (const each of opened.splice(0)) each.close();
}

/** Has something closed with the test. */
export function closing<Closable extends { close(): void }>(each: Closable): Closable {
  opened.push(each);
  return each;
}
