// Answers of OCSP → what all workers staple, and files of the store from which the next server goes on, as Apache's.
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { OcspStatus, ServerView, SharedTable, VirtualHost, WantedStapling } from "../../api/index.js";
import { ocspIdOf } from "./certificates.js";
import { managedDomains, type ManagedDomain } from "./domains.js";
import { delayAfter } from "./job.js";
import { publishedOcsp, publishOcsp, type KeptAnswer } from "./shared.js";
import { md } from "./settings.js";
import { Store } from "./store.js";
import { day, lengthOf } from "./times.js";

/** The folder of certificates that are no managed domain's, as in Apache. */
export const others = "other";
/** What MDStaplingKeepResponse is a share of, as in Apache. */
const usualKeeping = 7 * day;

const fileOf = (id: string): string => `ocsp-${id}.json`;

/** Whether mod_md staples for a virtual host. */
export function isStapled(server: ServerView, host: VirtualHost): boolean {
  const domains = managedDomains(server);
  const domain = domains.ofHost(host);
  return domain ? domain.stapling : server.settings(md, host).stapling === true && domains.settings.staplesOthers;
}

/** What mod_ssl is to staple for a virtual host; `store` is undefined where there is none. */
export function staplingOf(
  server: ServerView,
  domain: ManagedDomain | undefined,
  { store, table }: { readonly store: Store | undefined; readonly table: () => SharedTable | undefined },
): WantedStapling {
  const { settings } = managedDomains(server);
  const name = domain?.name ?? others;
  return {
    proxy: settings.proxy === undefined ? undefined : new URL(settings.proxy),
    renewsBefore: (life) => lengthOf(settings.stapleRenewWindow, life),
    retriesAfter: (failures) => delayAfter(failures, { first: settings.retryDelay }),
    known(certificate) {
      const id = ocspIdOf(certificate);
      const shared = table();
      return (shared && publishedOcsp(shared, { name, id })?.bytes) ?? (store && readAnswer(store, name, id));
    },
    answered(certificate, answer) {
      const shared = table();
      if (shared) publishOcsp(shared, { name, id: ocspIdOf(certificate) }, answer);
    },
  };
}

/** What was kept before this server was started; nothing that cannot be read. */
function readAnswer(store: Store, name: string, id: string): Buffer | undefined {
  try {
    const { response } = JSON.parse(store.read("ocsp", name, fileOf(id)) ?? "{}") as { readonly response?: unknown };
    return typeof response === "string" ? Buffer.from(response, "base64url") : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps an answer for the time after the next start. */
export function writeAnswer(store: Store, { name, id, bytes, state, thisUpdate, nextUpdate }: KeptAnswer): void {
  const valid = validOf({ thisUpdate, nextUpdate });
  const text = JSON.stringify({ response: bytes.toString("base64url"), status: state, valid }, undefined, 2);
  store.write("ocsp", name, fileOf(id), `${text}\n`);
}

/** From when until when an answer is good, as JSON has it. */
export function validOf({ thisUpdate, nextUpdate }: Omit<OcspStatus, "state">): object {
  const date = (time: number): string => new Date(time).toUTCString();
  return { from: date(thisUpdate), ...(nextUpdate === undefined ? {} : { until: date(nextUpdate) }) };
}

/** Removes answers that have not been renewed for the time of MDStaplingKeepResponse. */
export function forgetOldAnswers(server: ServerView, store: Store): void {
  const oldest = Date.now() - lengthOf(managedDomains(server).settings.keepsResponses, usualKeeping);
  for (const name of store.names("ocsp")) {
    for (const file of store.files("ocsp", name)) {
      const path = join(store.folder("ocsp", name), file);
      if (!/^ocsp.*\.json$/.test(file)) continue;
      const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
      if (written !== undefined && written < oldest) rmSync(path, { force: true });
    }
  }
}
