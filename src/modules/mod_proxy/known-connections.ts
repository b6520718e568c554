// A line of the configuration, or a URL from a request → the connections of this HTTP worker to that back end.
import type { ProxyTls } from "../../api/index.js";
import { Connections, type Encryption } from "./connections.js";
import type { Parameters } from "./parameters.js";
import type { Remote } from "./remote.js";
import type { Address } from "./target.js";

/** Back ends that come from requests (`http://$1.example/`) are forgotten beyond this number. */
const mostKnown = 1024;

/** The connections of this worker, by what they are made from. */
const known = new Map<string, Connections>();
/** Those of a line of the configuration: the last, for its one kind of encryption mostly. */
const latest = new WeakMap<
  Address,
  WeakMap<Parameters, Pick<Meaning, "encryption" | "remote"> & { connections: Connections }>
>();
const tlsNumbers = new WeakMap<ProxyTls, number>();
let tlsNumber = 0;

/** What says which connections are meant. */
export interface Meaning {
  readonly address: Address;
  readonly defaultPort: number;
  readonly parameters: Parameters;
  readonly keeps: boolean;
  readonly encryption?: Encryption | undefined;
  readonly remote?: Remote | undefined;
}

/** The connections to a back end; lines that name the same one share them. */
export function connectionsTo(meaning: Meaning): Connections {
  const { address, parameters, encryption, remote } = meaning;
  const recent = latest.get(address)?.get(parameters);
  const isSame = recent?.encryption?.tls === encryption?.tls && recent?.encryption?.name === encryption?.name;
  if (recent && isSame && recent.remote === remote) return recent.connections;
  const connections = find(meaning);
  const byParameters = latest.get(address) ?? new WeakMap();
  latest.set(address, byParameters.set(parameters, { encryption, remote, connections }));
  return connections;
}

function find({ address, defaultPort, parameters, keeps, encryption, remote }: Meaning): Connections {
  const { scheme, host, port = defaultPort, socketPath } = address;
  const where = socketPath === undefined ? { host, port } : { path: socketPath };
  const secret = encryption && [numberOf(encryption.tls), encryption.name];
  const key = JSON.stringify([scheme, where, parameters, secret, remote]);
  let connections = known.get(key);
  if (connections) return connections;
  connections = new Connections({ where, parameters, keeps, encryption, remote });
  for (const [first, oldest] of known) {
    if (known.size < mostKnown) break;
    known.delete(first);
    oldest.purge();
  }
  known.set(key, connections);
  return connections;
}

function numberOf(tls: ProxyTls): number {
  const number = tlsNumbers.get(tls) ?? ++tlsNumber;
  tlsNumbers.set(tls, number);
  return number;
}

/** Ends the connections that idle. */
export function closeConnections(): void {
  for (const connections of known.values()) connections.purge();
  known.clear();
}
