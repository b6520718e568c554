// A run of a JavaScript application inside the HTTP worker: request → response.
import { refuse, type ApplicationCall, type Connection, type Request, type Response } from "../api/index.js";
import type { NodeCall } from "./node/call.js";
import { ClientSocket } from "./node/client-socket.js";
import { loadScript, mtimeOf, type LoadedScript } from "./node/scripts.js";
import { mountedUrl } from "./node/url.js";

interface Slot {
  loaded: LoadedScript | undefined;
  loading: Promise<LoadedScript> | undefined;
  /** The mtime that is being loaded, or was last tried. */
  mtime: number;
}

/**
 * The JavaScript applications of this worker. Each script is loaded once, whatever its application group: there is one
 * JavaScript world in a process. One that changes is loaded anew for the first request after that; when it cannot be, the
 * former one goes on.
 */
export class EmbeddedNodeApplications {
  readonly #slots = new Map<string, Slot>();
  readonly #sockets = new WeakMap<Connection, ClientSocket>();

  /** Runs the application; the response is there at once when application and script allow it. */
  run(call: ApplicationCall, request: Request): Response | Promise<Response> {
    const { script, scriptReloading } = call;
    const slot = this.#slots.get(script);
    if (slot?.loaded && !slot.loading && !(scriptReloading && slot.mtime !== currentMtime(call, request))) {
      return this.#respond(slot.loaded, call, request);
    }
    return this.#load(call, request).then((loaded) => this.#respond(loaded, call, request));
  }

  /** Loads a script before it is asked for; a fault shows with the first request. */
  async preload(script: string): Promise<void> {
    await this.#start(script, mtimeOf(script));
  }

  /** The script an error nobody caught came from, going by its stack: such a worker may go on. */
  scriptOf(error: unknown): string | undefined {
    const stack = error instanceof Error ? (error.stack ?? "") : "";
    return [...this.#slots.keys()].find((script) => stack.includes(script));
  }

  async #load(call: ApplicationCall, request: Request): Promise<LoadedScript> {
    const { script } = call;
    const former = this.#slots.get(script)?.loaded;
    const loaded = await this.#start(script, currentMtime(call, request));
    if (!loaded.failure) return loaded;
    if (former && !former.failure && former !== loaded) return former;
    return loaded;
  }

  /** Requests that come while a script loads wait for the same load. */
  #start(script: string, mtime: number): Promise<LoadedScript> {
    const slot: Slot = this.#slots.get(script) ?? { loaded: undefined, loading: undefined, mtime };
    this.#slots.set(script, slot);
    if (slot.loading && slot.mtime === mtime) return slot.loading;
    slot.mtime = mtime;
    const loading = (slot.loading ?? Promise.resolve())
      .then(() => loadScript(script, mtime))
      .then((loaded) => {
        if (slot.loading === loading) slot.loading = undefined;
        if (!loaded.failure || !slot.loaded || slot.loaded.failure) slot.loaded = loaded;
        else this.#onKept?.(script, loaded.failure);
        return loaded;
      });
    slot.loading = loading;
    return loading;
  }

  readonly #onKept: ((script: string, failure: string) => void) | undefined;

  /** `kept` hears of changed scripts that cannot be loaded, once for each change. */
  constructor(kept?: (script: string, failure: string) => void) {
    this.#onKept = kept;
  }

  #respond(loaded: LoadedScript, call: ApplicationCall, request: Request): Response | Promise<Response> {
    let run;
    try {
      run = loaded.application(call.callable);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      for (const line of `${call.script} cannot be served: ${reason}`.split("\n")) request.log("error", "wsgi", line);
      return refuse(500);
    }
    return run(new EmbeddedCall(call, request, this.#socketOf(call, request)));
  }

  /** One for each connection, unless a trusted proxy names another client with each request. */
  #socketOf({ environ }: ApplicationCall, { connection, scheme }: Request): ClientSocket {
    const known = this.#sockets.get(connection);
    const remoteAddress = environ["REMOTE_ADDR"] ?? connection.remoteAddress;
    const encrypted = (environ["wsgi.url_scheme"] ?? scheme) === "https";
    if (known?.remoteAddress === remoteAddress && known.encrypted === encrypted && !known.destroyed) return known;
    const { remotePort, localAddress, localPort } = connection;
    const socket = new ClientSocket({ remoteAddress, remotePort, localAddress, localPort, encrypted });
    this.#sockets.set(connection, socket);
    return socket;
  }
}

/** The walk has just looked at the script; else it is looked at here. */
function currentMtime({ script }: ApplicationCall, { filename, file }: Request): number {
  return file && filename === script ? file.mtimeMs : mtimeOf(script);
}

/** Fields that the environ leaves out unless they are to be passed, or that a trusted proxy corrects. */
const guarded = /^(?:authorization|proxy-authorization|proxy|x-.*|forwarded|via|client-ip|true-client-ip)$/;

class EmbeddedCall implements NodeCall {
  readonly script: string;
  readonly method: string;
  readonly url: string;
  readonly mount: string;
  readonly originalUrl: string;
  readonly protocol: string;
  readonly rawHeaders: string[];
  readonly socket: ClientSocket;
  readonly body: NodeCall["body"];
  readonly mayUpgrade: boolean;
  readonly #call: ApplicationCall;
  readonly #request: Request;

  constructor(call: ApplicationCall, request: Request, socket: ClientSocket) {
    const { environ, constant } = call;
    const { mount, url, originalUrl } = mountedUrl((name) => environ[name] ?? constant?.[name]);
    this.#call = call;
    this.#request = request;
    this.script = call.script;
    this.method = request.headOnly ? "HEAD" : request.method;
    this.url = url;
    this.mount = mount;
    this.originalUrl = originalUrl;
    this.protocol = request.protocol;
    this.rawHeaders = fieldsOf(request, environ);
    this.socket = socket;
    this.body = request.body;
    this.mayUpgrade = request.upgrade !== undefined;
  }

  environ(): Record<string, string> {
    return { ...this.#call.constant, ...this.#call.environ };
  }

  whenAbandoned(left: () => void): () => void {
    const { signal } = this.#request.connection;
    signal.addEventListener("abort", left);
    return () => signal.removeEventListener("abort", left);
  }

  log(level: Parameters<NodeCall["log"]>[0], message: string): void {
    this.#request.log(level, "wsgi", message);
  }
}

function fieldsOf({ headers }: Request, environ: Readonly<Record<string, string>>): string[] {
  const fields: string[] = [];
  headers.forEach((name, value, key) => {
    if (guarded.test(key) && environ[`HTTP_${key.toUpperCase().replaceAll("-", "_")}`] === undefined) return;
    fields.push(name, value);
  });
  return fields;
}
