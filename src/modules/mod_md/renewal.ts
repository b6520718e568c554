// The job of a managed domain and what is in `staging` → the renewal in its status, as Apache's.
import type { ServerView } from "../../api/index.js";
import { storeOf } from "./active.js";
import { recordsOf, wholeRecord, type NamedFacts } from "./certificate-record.js";
import { factsOf } from "./certificates.js";
import type { ManagedDomain } from "./domains.js";
import { jobRecord, readJob } from "./job.js";
import { fileNames, showKeyKind } from "./key-kinds.js";
import type { Store } from "./store.js";

/** What is being done; its log only where it is asked for by itself. Undefined where nothing has been done yet. */
export function renewalRecord(server: ServerView, domain: ManagedDomain, withLog: boolean): object | undefined {
  const store = storeOf(server);
  if (!store || store.files("staging", domain.name).length === 0) return undefined;
  const { log, ...record } = jobRecord(domain.name, readJob(store, domain.name)) as { readonly log: object };
  return { ...record, ...(withLog ? { log } : {}), cert: stagedRecords(store, domain) };
}

/** The certificates that wait. */
export function stagedRecord(server: ServerView, domain: ManagedDomain): object {
  const store = storeOf(server);
  return store ? stagedRecords(store, domain) : {};
}

function stagedRecords(store: Store, { name, keys }: ManagedDomain): object {
  const found = keys.flatMap((kind): NamedFacts[] => {
    const text = store.read("staging", name, fileNames(kind).certificate);
    const facts = text === undefined ? undefined : factsOf(text);
    return facts ? [[showKeyKind(kind), facts]] : [];
  });
  return recordsOf(found, (facts) => wholeRecord(facts));
}
