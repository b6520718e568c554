// The address of a back end → its pool of connections, and the passes of http-proxy that requests take to it.
import { Agent, type IncomingMessage, type ServerResponse } from "node:http";
import httpProxy from "http-proxy";
import type { ProxyTls } from "../../api/index.js";
import { DispatchPool, isPlain } from "./dispatch.js";
import { addForwarded, endToEndFields } from "./fields.js";
import type { Parameters } from "./parameters.js";
import type { Passage } from "./passage.js";
import { SecureAgent } from "./secure-agent.js";
import { send, type Pool } from "./send.js";
import type { Address } from "./target.js";
import { idleTime, mostIdle } from "./limits.js";

/** A step of http-proxy; true ends the row of steps. */
type Pass = (passage: Passage) => boolean | void;

/** The part of http-proxy's server that its types leave out. */
interface Passes {
  before(kind: "web", name: string, pass: Pass): void;
}

/** What a back end is made from. */
interface Making {
  readonly address: Address;
  readonly parameters: Parameters;
  readonly defaultPort: number;
  readonly tls: ProxyTls | undefined;
}

/** A back end, as one HTTP worker sees it. */
export class BackEnd implements Pool {
  readonly agent: Agent;
  readonly single: Agent;
  readonly defaultPort: number;
  readonly keepsAlive: boolean;
  readonly #proxy: httpProxy;
  readonly #dispatched: DispatchPool;

  constructor({ address, parameters, defaultPort, tls }: Making) {
    const { reuse = true, max, ttl = idleTime } = parameters;
    const { scheme, host, port = defaultPort, socketPath } = address;
    this.defaultPort = defaultPort;
    this.keepsAlive = reuse;
    const Kind = tls ? SecureAgent : Agent;
    // The connections in use are as many as requests under way, which MaxRequestWorkers bounds.
    this.agent = new Kind({
      keepAlive: reuse,
      maxSockets: max ?? Infinity,
      maxFreeSockets: mostIdle,
      timeout: ttl,
      scheduling: "lifo",
    });
    this.single = new Kind({ keepAlive: false });
    this.#dispatched = new DispatchPool(address, defaultPort, ttl);
    this.#proxy = httpProxy.createProxyServer({
      // Taken apart, so that the library need not parse it with what Node has given up.
      target: { protocol: `${scheme}:`, host, port, ...(socketPath === undefined ? {} : { socketPath }) },
      agent: this.agent,
    });
    // In place of the library's own passes: the last of ours ends the row before them. They drop the framing of bodies
    // (deleteLength), watch a socket that is not there (timeout), know no lists (XHeaders), and take the path and the fields
    // apart, leave connections open, and hide broken responses (stream).
    const passes = this.#proxy as unknown as Passes;
    passes.before("web", "deleteLength", fieldsPass);
    passes.before("web", "deleteLength", forwardedPass);
    passes.before("web", "deleteLength", this.#sendPass);
  }

  /** Passes a request on. */
  forward(passage: Passage): void {
    // The library hands both to the passes and looks at neither. Options of one request would be copied on the way.
    this.#proxy.web(passage as unknown as IncomingMessage, passage as unknown as ServerResponse);
  }

  purge(): void {
    this.#dispatched.close();
    for (const sockets of Object.values(this.agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  readonly #sendPass: Pass = (passage) => {
    if (isPlain(passage)) this.#dispatched.send(passage, () => send(passage, this));
    else send(passage, this);
    return true;
  };
}

const fieldsPass: Pass = (passage) => {
  passage.fields = endToEndFields(passage);
};

const forwardedPass: Pass = (passage) => addForwarded(passage.fields, passage);

/** Back ends that come from requests (`http://$1.example/`) are forgotten beyond this number. */
const mostBackEnds = 1024;

/** The back ends of this worker, by address, parameters and encryption. */
const backEnds = new Map<string, BackEnd>();
const known = new WeakMap<Address, WeakMap<Parameters, { tls: ProxyTls | undefined; backEnd: BackEnd }>>();
const tlsNumbers = new WeakMap<ProxyTls, number>();
let tlsNumber = 0;

/** The back end at an address; lines that name the same one share its pool. */
export function backEndAt(making: Making): BackEnd {
  const { address, parameters, tls } = making;
  const direct = known.get(address)?.get(parameters);
  if (direct && direct.tls === tls) return direct.backEnd;
  const { scheme, authority, socketPath } = address;
  if (tls && !tlsNumbers.has(tls)) tlsNumbers.set(tls, ++tlsNumber);
  const number = tls ? tlsNumbers.get(tls) : 0;
  const key = JSON.stringify([scheme, authority.toLowerCase(), socketPath, parameters, number]);
  let backEnd = backEnds.get(key);
  if (!backEnd) {
    backEnd = new BackEnd(making);
    if (backEnds.size >= mostBackEnds) forgetFirst();
    backEnds.set(key, backEnd);
  }
  const byParameters = known.get(address) ?? new WeakMap<Parameters, { tls: ProxyTls | undefined; backEnd: BackEnd }>();
  known.set(address, byParameters.set(parameters, { tls, backEnd }));
  return backEnd;
}

function forgetFirst(): void {
  for (const [key, backEnd] of backEnds) {
    backEnds.delete(key);
    backEnd.purge();
    return;
  }
}

/** Ends the connections that idle. */
export function closeBackEnds(): void {
  for (const backEnd of backEnds.values()) backEnd.purge();
  backEnds.clear();
}
