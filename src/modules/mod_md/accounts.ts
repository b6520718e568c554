// An authority's URL → the account there, as it is kept in the store; a new one where there is none.
import { generateKeyPairSync } from "node:crypto";
import type { Account } from "./authority.js";
import type { AccountBinding } from "./settings.js";
import type { Store } from "./store.js";

/** An account and where it is kept. */
export interface KeptAccount {
  readonly account: Account;
  /** "ACME-acme-v02.api.letsencrypt.org-0000". */
  readonly folder: string;
  readonly directory: string;
  readonly keyId: string | undefined;
}

/** Finds the account, by authority and by the customer account it is bound to. */
export function accountFor(store: Store, directory: string, binding: AccountBinding | undefined): KeptAccount {
  for (const folder of [...store.names("accounts")].sort()) {
    const found = readAccount(store, folder);
    if (found?.directory === directory && found.keyId === binding?.keyId) return found;
  }
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const account: Account = { key, url: undefined, contacts: [] };
  return { account, folder: freeFolder(store, directory), directory, keyId: binding?.keyId };
}

function readAccount(store: Store, folder: string): KeptAccount | undefined {
  const json = store.read("accounts", folder, "account.json");
  const key = store.read("accounts", folder, "account.pem");
  if (json === undefined || key === undefined) return undefined;
  const read = JSON.parse(json) as Readonly<Record<string, unknown>>;
  if (read["status"] !== "valid") return undefined;
  const contacts = Array.isArray(read["contact"])
    ? read["contact"].map((each) => String(each).replace(/^mailto:/, ""))
    : [];
  const binding = read["eab"] as { readonly kid?: string } | undefined;
  return {
    account: { key: store.unseal(key), url: String(read["url"]), contacts },
    folder,
    directory: String(read["ca-url"]),
    keyId: binding?.kid,
  };
}

function freeFolder(store: Store, directory: string): string {
  const host = new URL(directory).hostname.replace(/[^A-Za-z0-9.-]/g, "_");
  const taken = new Set(store.names("accounts"));
  for (let number = 0; ; number++) {
    const folder = `ACME-${host}-${String(number).padStart(4, "0")}`;
    if (!taken.has(folder)) return folder;
  }
}

/** Keeps an account that has been registered. */
export function saveAccount(store: Store, { account, folder, directory, keyId }: KeptAccount): void {
  const written = {
    status: "valid",
    url: account.url,
    "ca-url": directory,
    contact: account.contacts.map((address) => `mailto:${address}`),
    ...(keyId === undefined ? {} : { eab: { kid: keyId } }),
  };
  store.write("accounts", folder, "account.pem", store.seal(account.key));
  store.write("accounts", folder, "account.json", `${JSON.stringify(written, undefined, 2)}\n`);
}

/** An account that the authority does not know any more is not used again. */
export function forgetAccount(store: Store, { folder }: KeptAccount): void {
  store.remove("accounts", folder);
}
