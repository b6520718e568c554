// Files of the store, and what the keeper hands on → the certificates of virtual hosts and proofs by handshake in one worker.
import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContext } from "node:tls";
import type {
  CertificateProvider,
  Credential,
  ManagedCredentials,
  ServerView,
  SharedTable,
  TlsChallenges,
  VirtualHost,
  WorkerView,
} from "../../api/index.js";
import { factsOf } from "./certificates.js";
import { isManaged, managedDomains, type ManagedDomain } from "./domains.js";
import { isStapled, staplingOf } from "./ocsp.js";
import { fallbackPrefix, needsStore, storePath } from "./prepare.js";
import { publishedCertificates, renewedDomain, shownHandshakes, tableOf } from "./shared.js";
import { Store } from "./store.js";

/** What this process knows of one managed domain, read while it may. */
interface Stored {
  readonly credentials: readonly Credential[];
  readonly isTemporary: boolean;
}

const stored = new WeakMap<ServerView, Map<string, Stored>>();
const stores = new WeakMap<ServerView, Store | undefined>();
const listeners: ((host: VirtualHost) => void)[] = [];
const contexts = new Map<string, SecureContext>();
let table: SharedTable | undefined;

/** Certificates of virtual hosts that have a managed domain's name. */
export const certificates: CertificateProvider = {
  manages: isManaged,
  credentialsOf(server, host) {
    const domain = managedDomains(server).ofHost(host);
    if (!domain) return undefined;
    const { credentials, isTemporary } = readStored(server, domain);
    const renewed = table ? publishedCertificates(table, domain.name) : [];
    const isRenewed = renewed.length > 0 && (isTemporary || startOf(renewed) >= startOf(credentials));
    if (isRenewed && domain.certificateFiles.length === 0) return { credentials: renewed, isTemporary: false };
    return credentials.length > 0 ? { credentials, isTemporary } : undefined;
  },
  onRenewal: (listener) => void listeners.push(listener),
  stapling(server, host) {
    if (!isStapled(server, host)) return undefined;
    return staplingOf(server, managedDomains(server).ofHost(host), { store: storeOf(server), table: () => table });
  },
};

/** The certificates that a worker uses for a managed domain. */
export function inUse(server: ServerView, { hosts: [host] }: ManagedDomain): ManagedCredentials | undefined {
  return host && certificates.credentialsOf(server, host);
}

/** Proofs by handshake. */
export const challenges: TlsChallenges = {
  get isPending() {
    return contexts.size > 0;
  },
  contextFor: (name) => contexts.get(name),
};

/** Listens to the keeper, and reads what only root may while this process is. */
export function startActive(worker: WorkerView): void {
  const { server } = worker;
  const domains = managedDomains(server);
  if (!needsStore(server)) return;
  for (const domain of domains.all) readStored(server, domain);
  const shared = tableOf(worker);
  if (!shared) return;
  table = shared;
  const renewed = (name: string): void => {
    const domain = domains.all.find((each) => each.name === name);
    for (const host of domain?.hosts ?? []) for (const listener of listeners) listener(host);
  };
  const proofs = (): void => {
    contexts.clear();
    for (const [name, { certificate, key }] of shownHandshakes(shared)) {
      contexts.set(name, createSecureContext({ cert: certificate, key }));
    }
  };
  shared.onChange((key) => {
    const name = renewedDomain(key);
    if (name !== undefined) renewed(name);
    else if (key.startsWith("tls-alpn-01 ")) proofs();
  });
  for (const { name } of domains.all) if (publishedCertificates(shared, name).length > 0) renewed(name);
  proofs();
}

/** The table that the keeper writes in. */
export function sharedWithKeeper(): SharedTable | undefined {
  return table;
}

function startOf([first]: readonly Credential[]): number {
  return (first && factsOf(first.certificate)?.validFrom) ?? 0;
}

/** The store, opened while this process is root. */
export function storeOf(server: ServerView): Store | undefined {
  if (!stores.has(server)) stores.set(server, Store.open(storePath(server, managedDomains(server))));
  return stores.get(server);
}

function readStored(server: ServerView, domain: ManagedDomain): Stored {
  const known = stored.get(server) ?? new Map<string, Stored>();
  stored.set(server, known);
  let found = known.get(domain.name);
  if (!found) known.set(domain.name, (found = read(server, domain)));
  return found;
}

function read(server: ServerView, { name, keys, certificateFiles, keyFiles }: ManagedDomain): Stored {
  if (certificateFiles.length > 0) {
    const credentials = certificateFiles.map(({ path }, index) => ({
      certificate: readFileSync(path, "utf8"),
      key: readFileSync(keyFiles[index]?.path ?? path, "utf8"),
    }));
    return { credentials, isTemporary: false };
  }
  const store = storeOf(server);
  const credentials = store?.credentials("domains", name, keys) ?? [];
  if (credentials.length > 0) return { credentials, isTemporary: false };
  return { credentials: store?.credentials("domains", name, keys, fallbackPrefix) ?? [], isTemporary: true };
}
