// An authority's URL → the account there, as it is kept in the store; a new one where there is none.
import { generateKeyPairSync } from "node:crypto";
import type { Account } from "./authority.js";
import type { AccountBinding } from "./settings.js";
import type { Store } from "./store.js";

/** An account and where it is kept. */
export interface KeptAccount {
  readonly account: Account;
  /** "ACME-acme-v02.api.letsencrypt.org-0000"; undefined before it has been registered. */
  readonly folder: string | undefined;
  readonly directory: string;
  /** Of the account at the customer desk that it is bound to. */
  readonly binding: AccountBinding | undefined;
}

/** Finds the account, by authority and by the customer account it is bound to. */
export function accountFor(store: Store, directory: string, binding: AccountBinding | undefined): KeptAccount {
  const folder = accountFolder(store, directory, binding);
  const found = folder === undefined ? undefined : readAccount(store, folder);
  if (found) return found;
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const account: Account = { key, url: undefined, contacts: [] };
  return { account, folder: undefined, directory, binding };
}

/** By the id alone where the account was kept without the secret. */
function isSame(kept: AccountBinding | undefined, wanted: AccountBinding | undefined): boolean {
  return kept?.keyId === wanted?.keyId && (kept?.secret === "" || kept?.secret === wanted?.secret);
}

/** Takes an account over that Apache has left with a certificate it did not come to use. */
export function adoptAccount(store: Store, name: string): void {
  const [json, key] = ["account.json", "account.pem"].map((file) => store.read("staging", name, file));
  if (json === undefined || key === undefined) return;
  const { url, "ca-url": directory } = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const known = [...store.names("accounts")].map((folder) => readRecord(store, folder)?.url);
  if (typeof url !== "string" || typeof directory !== "string" || known.includes(url)) return;
  const folder = newFolder(store, directory);
  store.write("accounts", folder, "account.pem", key);
  store.write("accounts", folder, "account.json", json);
}

/** Where the account is kept; undefined where there is none. */
export function accountFolder(
  store: Store,
  directory: string,
  binding: AccountBinding | undefined,
): string | undefined {
  return [...store.names("accounts")].sort().find((folder) => {
    const found = readRecord(store, folder);
    return found?.directory === directory && isSame(found.binding, binding);
  });
}

function readAccount(store: Store, folder: string): KeptAccount | undefined {
  const record = readRecord(store, folder);
  const key = store.read("accounts", folder, "account.pem");
  if (record === undefined || key === undefined) return undefined;
  const { url, contacts, directory, binding } = record;
  return { account: { key: store.unseal(key), url, contacts }, folder, directory, binding };
}

/** All but the key. */
function readRecord(
  store: Store,
  folder: string,
): (Pick<KeptAccount, "directory" | "binding"> & Omit<Account, "key">) | undefined {
  const json = store.read("accounts", folder, "account.json");
  if (json === undefined) return undefined;
  const read = JSON.parse(json) as Readonly<Record<string, unknown>>;
  if (read["status"] !== "valid") return undefined;
  const contacts = Array.isArray(read["contact"])
    ? read["contact"].map((each) => String(each).replace(/^mailto:/, ""))
    : [];
  const binding = read["eab"] as { readonly kid?: string; readonly hmac?: string } | undefined;
  return {
    url: String(read["url"]),
    contacts,
    directory: String(read["ca-url"]),
    binding: binding?.kid === undefined ? undefined : { keyId: binding.kid, secret: binding.hmac ?? "" },
  };
}

/** Makes a folder; another server that works on the same store does not get the same. */
function newFolder(store: Store, directory: string): string {
  const host = new URL(directory).hostname.replace(/[^A-Za-z0-9.-]/g, "_");
  for (let number = 0; ; number++) {
    const folder = `ACME-${host}-${String(number).padStart(4, "0")}`;
    if (store.reserve("accounts", folder)) return folder;
  }
}

/** Keeps an account that has been registered; gives the folder it is kept in. */
export function saveAccount(store: Store, { account, folder, directory, binding }: KeptAccount): string {
  const place = folder ?? newFolder(store, directory);
  const written = {
    status: "valid",
    url: account.url,
    "ca-url": directory,
    contact: account.contacts.map((address) => `mailto:${address}`),
    ...(binding ? { eab: { kid: binding.keyId, hmac: binding.secret } } : {}),
  };
  store.write("accounts", place, "account.pem", store.seal(account.key));
  store.write("accounts", place, "account.json", `${JSON.stringify(written, undefined, 2)}\n`);
  return place;
}

/** An account that the authority does not know any more is not used again. */
export function forgetAccount(store: Store, { folder }: KeptAccount): void {
  if (folder !== undefined) store.remove("accounts", folder);
}
