// MDStoreDir → accounts, keys, certificates and jobs, in the form that Apache keeps them.
import { createPrivateKey, randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  lchownSync,
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Credential, ServingAccount } from "../../api/index.js";
import { fileNames, knownFileNames, type KeyKind } from "./key-kinds.js";

/** Groups of files: `domains` are in use, and root's alone; `staging` is what has been got and not been moved there yet. */
export type Group = "accounts" | "domains" | "staging" | "archive" | "challenges" | "ocsp";

/** Those that the keeper writes in. */
const keepers: readonly Group[] = ["accounts", "staging", "ocsp"];
const keyBytes = 48;
/** The form of the store; Apache's of that number is the same. */
const version = 3;
/** Files that are being written, and folders that are being made. */
const unfinished = /^\.(?:[0-9a-f]{12}\.tmp|.+\.new)$/;
/** What is so many milliseconds old and unfinished has been left by a process that was killed. */
const unfinishedLimit = 3_600_000;

/** A store. Reading `domains`, and the secret of the store, needs the account that made it. */
export class Store {
  readonly path: string;
  /** What encrypts keys outside of `domains`. */
  readonly #secret: Buffer;
  /** Whose the keeper's files are, where root writes them. */
  readonly #account: ServingAccount | undefined;

  private constructor(path: string, secret: Buffer, account: ServingAccount | undefined) {
    this.path = path;
    this.#secret = secret;
    this.#account = account;
  }

  /** The store at a path; undefined where none has been made. */
  static open(path: string, account?: ServingAccount): Store | undefined {
    let text: string;
    try {
      text = readFileSync(join(path, "md_store.json"), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    const { key, store } = JSON.parse(text) as {
      readonly key?: unknown;
      readonly store?: { readonly version?: unknown };
    };
    if (Number(store?.version ?? 0) > version) {
      throw new Error(
        `${path} has form ${String(store?.version)}, and this server knows ${version}: give it a store of its own (MDStoreDir)`,
      );
    }
    if (typeof key !== "string" || key === "") throw new Error(`${path}/md_store.json holds no key`);
    return new Store(path, Buffer.from(key, "base64url"), account);
  }

  /** Makes what is missing; what the keeper writes in is for the account it runs as. */
  static make(path: string, account: ServingAccount | undefined): Store {
    mkdirSync(path, { recursive: true, mode: 0o755 });
    for (const group of ["accounts", "domains", "staging", "archive", "challenges", "ocsp"] as const) {
      const folder = join(path, group);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (account && keepers.includes(group)) own(folder, account);
    }
    const file = join(path, "md_store.json");
    if (!existsSync(file)) {
      const key = randomBytes(keyBytes).toString("base64url");
      writeWhole(file, `${JSON.stringify({ store: { version }, key }, undefined, 2)}\n`, putOnce);
    }
    const store = Store.open(path, account);
    if (!store) throw new Error(`${file} cannot be read`);
    for (const group of [...keepers, "domains"] as const) sweep(join(path, group));
    return store;
  }

  folder(group: Group, name: string): string {
    return join(this.path, group, name);
  }

  read(group: Group, name: string, file: string): string | undefined {
    try {
      return readFileSync(join(this.folder(group, name), file), "utf8");
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR") return undefined;
      throw error;
    }
  }

  write(group: Group, name: string, file: string, text: string): void {
    const folder = this.folder(group, name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeWhole(join(folder, file), text);
    if (!this.#account || !keepers.includes(group)) return;
    lchownSync(folder, this.#account.uid, this.#account.gid);
    lchownSync(join(folder, file), this.#account.uid, this.#account.gid);
  }

  remove(group: Group, name: string): void {
    rmSync(this.folder(group, name), { recursive: true, force: true });
  }

  /** A key as it is kept outside of `domains`. */
  seal(key: string): string {
    const sealed = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: this.#secret } as const;
    return createPrivateKey(key)
      .export(sealed as never)
      .toString();
  }

  /** The key itself. */
  unseal(sealed: string): string {
    const key = createPrivateKey({ key: sealed, passphrase: this.#secret });
    return key.export({ type: "pkcs8", format: "pem" }).toString();
  }

  /** Certificates and keys of a managed domain, of those kinds that are there. */
  credentials(group: "domains" | "staging", name: string, kinds: readonly KeyKind[], prefix = ""): Credential[] {
    return kinds.flatMap((kind) => {
      for (const files of knownFileNames(kind)) {
        const certificate = this.read(group, name, prefix + files.certificate);
        const key = this.read(group, name, prefix + files.key);
        if (certificate === undefined || key === undefined) continue;
        return { certificate, key: group === "staging" ? this.unseal(key) : key };
      }
      return [];
    });
  }

  writeCredential(
    group: "domains" | "staging",
    name: string,
    { kind, certificate, key, prefix = "" }: Credential & { readonly kind: KeyKind; readonly prefix?: string },
  ): void {
    const files = fileNames(kind);
    this.write(group, name, prefix + files.key, group === "staging" ? this.seal(key) : key);
    this.write(group, name, prefix + files.certificate, certificate);
  }

  /** Makes a folder that nobody else has made; false where it is there. */
  reserve(group: Group, name: string): boolean {
    try {
      mkdirSync(this.folder(group, name), { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
    return true;
  }

  /** Names of what a group holds. */
  names(group: Group): readonly string[] {
    return namesIn(join(this.path, group));
  }

  /** Names of the files of a managed domain. */
  files(group: Group, name: string): readonly string[] {
    return namesIn(this.folder(group, name));
  }

  /** Gives a managed domain's folder another name, unless there is one of that name. */
  rename(group: Group, from: string, to: string): void {
    const [old, place] = [this.folder(group, from), this.folder(group, to)];
    if (existsSync(old) && !existsSync(place)) renameSync(old, place);
  }

  /** Puts a folder of files in the place of a managed domain's; what was there goes to the archive. */
  replaceDomain(name: string, files: ReadonlyMap<string, string>): void {
    const temporary = this.folder("domains", `.${name}.${randomBytes(6).toString("hex")}.new`);
    mkdirSync(temporary, { mode: 0o700 });
    for (const [file, text] of files) writeWhole(join(temporary, file), text);
    const place = this.folder("domains", name);
    if (existsSync(place)) renameSync(place, this.#freeArchive(name));
    renameSync(temporary, place);
  }

  #freeArchive(name: string): string {
    for (let number = 1; ; number++) {
      const place = this.folder("archive", `${name}.${number}`);
      if (!existsSync(place)) return place;
    }
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Takes away what was not finished by those that are long gone. */
function sweep(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const isOld = (): boolean => Date.now() - statSync(path).mtimeMs > unfinishedLimit;
    if (unfinished.test(entry.name) && isOld()) rmSync(path, { recursive: true, force: true });
    else if (entry.isDirectory()) sweep(path);
  }
}

/** Gives a folder, and what the account before had in it, to an account. */
function own(path: string, account: ServingAccount): void {
  const { uid, gid } = statSync(path);
  if (uid === account.uid && gid === account.gid) return;
  chownSync(path, account.uid, account.gid);
  chmodSync(path, 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) own(inner, account);
    else if (entry.isFile()) lchownSync(inner, account.uid, account.gid);
  }
}

/** Puts a file in its place, unless another server has been faster. */
function putOnce(temporary: string, path: string): void {
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Writes a file so that it is there whole or not at all, for its owner alone. */
function writeWhole(path: string, text: string, place: (temporary: string, path: string) => void = renameSync): void {
  const temporary = join(dirname(path), `.${randomBytes(6).toString("hex")}.tmp`);
  const file = openSync(temporary, "wx", 0o600);
  try {
    fchmodSync(file, 0o600);
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  place(temporary, path);
}
