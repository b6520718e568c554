// A Unix socket beside the pid file: one word in, one line of JSON out.
import { chmodSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Change, Refusal } from "./changes.js";
import type { SupervisorStatus } from "./status.js";

/** What the supervisor does when asked. */
export interface ControlCommands {
  status(): Promise<SupervisorStatus>;
  gracefulStop(): void;
  reload(change: Change): Promise<Refusal>;
  /** Gives why the processes of the group were not all replaced. */
  restartGroup(name: string): Promise<readonly string[]>;
}

/** Words a client may send, each a line. */
export type ControlWord = "status" | "graceful-stop" | `restart-group ${string}` | Change;

/** Milliseconds a client has to say its word, and a supervisor to answer it. */
const patience = 5000;
const longestWord = 1024;

/** Where the control socket of the server with that pid file is. */
export function controlPath(pidFile: string): string {
  return `${pidFile}.control`;
}

/** The supervisor's end. Only its own user, and root, may connect. */
export class ControlSocket {
  readonly #commands: ControlCommands;
  #server: Server | undefined;
  #path = "";

  constructor(commands: ControlCommands) {
    this.#commands = commands;
  }

  /** Listens there, and no longer where it did before; gives the reason when it cannot. */
  async listen(path: string): Promise<string | undefined> {
    if (path === this.#path) return undefined;
    this.close();
    rmSync(path, { force: true });
    const server = createServer((socket) => this.#serve(socket));
    server.maxConnections = 16;
    return new Promise((resolve) => {
      server.once("error", (error) => resolve(error.message));
      server.listen(path, () => {
        chmodSync(path, 0o600);
        this.#server = server;
        this.#path = path;
        resolve(undefined);
      });
    });
  }

  close(): void {
    this.#server?.close();
    this.#server = undefined;
    this.#path = "";
  }

  #serve(socket: Socket): void {
    let text = "";
    socket.setEncoding("latin1");
    socket.setTimeout(patience, () => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > longestWord) socket.destroy();
      else if (text.includes("\n")) void this.#answer(text.trim(), socket);
    });
  }

  async #answer(word: string, socket: Socket): Promise<void> {
    socket.removeAllListeners("data");
    let answer: unknown = { error: `unknown word "${word}"` };
    if (word === "status") answer = await this.#commands.status();
    else if (word === "graceful-stop") {
      this.#commands.gracefulStop();
      answer = { done: true };
    } else if (word === "graceful" || word === "restart") {
      socket.setTimeout(0);
      const errors = await this.#commands.reload(word);
      answer = errors ? { errors } : { done: true };
    } else if (word.startsWith("restart-group ")) {
      socket.setTimeout(0);
      const errors = await this.#commands.restartGroup(Buffer.from(word.slice(14).trim(), "latin1").toString());
      answer = errors.length > 0 ? { errors } : { done: true };
    }
    socket.end(`${JSON.stringify(answer)}\n`);
  }
}

/** Sends a word to a running supervisor and gives its answer. Throws when nobody answers in that time: milliseconds. */
export async function askSupervisor(pidFile: string, word: ControlWord, limit = patience): Promise<unknown> {
  const socket = connect(controlPath(pidFile));
  socket.setEncoding("utf8");
  socket.setTimeout(limit, () => socket.destroy(new Error("the server does not answer")));
  socket.write(`${word}\n`);
  let answer = "";
  for await (const chunk of socket) answer += String(chunk);
  return JSON.parse(answer);
}
