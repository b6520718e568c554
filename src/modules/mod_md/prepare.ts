// Managed domains → their files in the store, made and put in their places before a configuration is served.
import { join } from "node:path";
import type { LogEntry, ServerView, ServingAccount } from "../../api/index.js";
import { accountFolder, adoptAccount } from "./accounts.js";
import { belongTogether, factsOf, makeFallback } from "./certificates.js";
import { runCommand } from "./commands.js";
import { managedDomains, type ManagedDomain, type ManagedDomains } from "./domains.js";
import { newJob, readJob, writeJob } from "./job.js";
import { fileNames } from "./key-kinds.js";
import { withLock } from "./lock.js";
import { forgetOldAnswers, isStapled } from "./ocsp.js";
import { moveRenamed } from "./renamed.js";
import { recordOf } from "./record.js";
import { Store } from "./store.js";

/** In front of the names of files that hold certificates of our own making. */
export const fallbackPrefix = "fallback-";
/** A certificate of our own making is made anew so many milliseconds before its end. */
const fallbackMargin = 7 * 86_400_000;

/** Where the store is. */
export function storePath({ serverRoot }: ServerView, { settings }: ManagedDomains): string {
  return settings.storeDir ?? join(serverRoot, "md");
}

/** Whether there is anything to keep: managed domains, or answers about the certificates of other virtual hosts. */
export function needsStore(server: ServerView): boolean {
  return managedDomains(server).all.length > 0 || server.virtualHosts.some((host) => isStapled(server, host));
}

/** Makes the store, and puts what has been got into the place of what was used. */
export async function prepareStore(
  server: ServerView,
  account: ServingAccount | undefined,
  log: (entry: LogEntry) => void,
): Promise<void> {
  if (!needsStore(server)) return;
  const domains = managedDomains(server);
  const path = storePath(server, domains);
  const store = madeStore(path, account);
  const installed: string[] = [];
  const isDone = await withLock(path, domains.settings.lockWait, () => {
    for (const { from, to } of moveRenamed(store, domains.all)) {
      const message = `${to}: was the managed domain ${from} before; it goes on with its certificates`;
      log({ level: "notice", module: "md", message });
    }
    for (const domain of domains.all) if (install(server, store, domain)) installed.push(domain.name);
  });
  const { messageCommand } = domains.settings;
  // As root, as in Apache: whoever hears of it may hand the files on. Nothing waits for it.
  for (const name of messageCommand ? installed : []) {
    void runCommand(messageCommand ?? [], ["installed", name]).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      log({ level: "error", module: "md", message: `MDMessageCmd: ${reason}` });
    });
  }
  if (!isDone) {
    const message = `${path} is locked by another server: new certificates stay where they are until the next reload`;
    log({ level: "error", module: "md", message });
  }
  forgetOldAnswers(server, store);
  for (const domain of domains.all) {
    if (domain.hosts.length > 0 && domain.certificateFiles.length === 0) await haveFallback(store, domain);
  }
}

function madeStore(path: string, account: ServingAccount | undefined): Store {
  try {
    return Store.make(path, account);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`AH10046: the store of certificates (MDStoreDir) in ${path} cannot be used: ${reason}`);
  }
}

/** Moves from `staging` to `domains` what is whole and may be used; false where there is nothing. */
function install(server: ServerView, store: Store, domain: ManagedDomain): boolean {
  const { name, keys } = domain;
  const job = readJob(store, name);
  if (!job.finished || job.validFrom > Date.now()) return false;
  const files = new Map<string, string>();
  let installedUntil = Infinity;
  for (const kind of keys) {
    const [found] = store.credentials("staging", name, [kind]);
    if (!found || !belongTogether(found.certificate, found.key)) return false;
    installedUntil = Math.min(installedUntil, factsOf(found.certificate)?.validUntil ?? 0);
    const { certificate, key } = fileNames(kind);
    files.set(certificate, found.certificate).set(key, found.key);
  }
  adoptAccount(store, name);
  const directory = authorityOf(store, name);
  const account = directory === undefined ? undefined : accountFolder(store, directory, domain.binding);
  const record = recordOf(server, domain, { isComplete: true, directory, account });
  files.set("md.json", `${JSON.stringify(record, undefined, 2)}\n`);
  store.replaceDomain(name, files);
  store.remove("staging", name);
  const { log, records, askedToStaple } = job;
  writeJob(store, name, { ...newJob(), log, records, askedToStaple, installedUntil });
  return true;
}

/** Who gave what is in `staging`. */
function authorityOf(store: Store, name: string): string | undefined {
  try {
    const { ca } = JSON.parse(store.read("staging", name, "md.json") ?? "{}") as {
      readonly ca?: { readonly url?: unknown };
    };
    return typeof ca?.url === "string" ? ca.url : undefined;
  } catch {
    return undefined;
  }
}

async function haveFallback(store: Store, { name, names, keys }: ManagedDomain): Promise<void> {
  if (store.credentials("domains", name, keys).length > 0) return;
  for (const kind of keys) {
    const [found] = store.credentials("domains", name, [kind], fallbackPrefix);
    const facts = found && factsOf(found.certificate);
    const isGood =
      facts && facts.validUntil > Date.now() + fallbackMargin && names.every((each) => facts.names.includes(each));
    if (!isGood) {
      store.writeCredential("domains", name, { ...(await makeFallback(names, kind)), kind, prefix: fallbackPrefix });
    }
  }
}
