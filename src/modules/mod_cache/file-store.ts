// Kept responses → files below one folder, which all workers share.
import { createHash, randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, rmSync, statSync, unlink, unlinkSync } from "node:fs";
import { access, constants, mkdir, open, rename, writeFile, type FileHandle } from "node:fs/promises";
import { byteString, Headers } from "../../api/index.js";
import { entryBytes, parseEntry, variantKey, varyNames, type EntryLine, type VaryLine } from "./entry-file.js";
import type { Entry, EntryHead, EntryWriter } from "./store.js";
import { Sweeper } from "./sweep.js";

/** A folder of kept responses. */
export interface FolderOptions {
  /** Absolute; made when it is first needed. */
  readonly root: string;
  /** Folders below each other, and characters of the name of each. */
  readonly levels: number;
  readonly length: number;
  /** Bytes of all files together. */
  readonly limit: number;
  /** Hears of what an administrator should see, once a minute at most. */
  warn(message: string): void;
}

/** Fewest and most bytes of a body. */
export interface BodyLimits {
  readonly least: number;
  readonly most: number;
}

/** Bodies up to this stand in the file of their head, and in memory. */
const inlineLimit = 32 * 1024;
/** Bytes kept in memory, of all folders together in one worker. */
const memoryLimit = 32 * 1024 * 1024;
/** How long a body stays that is not named any more: somebody may be about to open it. */
const graceTime = 10_000;
const suffix = ".entry";

interface Held {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly what: EntryOfFile | VaryLine;
}

/** An entry with what its store has to know of it. */
interface EntryOfFile extends Entry {
  readonly kind: "response";
  readonly path: string;
  readonly line: EntryLine;
  readonly inline: Buffer | undefined;
}

/**
 * Files of one folder. A file appears under its name when it is whole, and is replaced as a whole. Bodies that are not small
 * have files of their own, whose names occur once.
 */
export class FileStore {
  readonly #options: FolderOptions;
  readonly #memory = new Map<string, Held>();
  #remembered = 0;
  #warned = -Infinity;
  readonly #sweeper: Sweeper;

  constructor(options: FolderOptions) {
    this.#options = options;
    this.#sweeper = new Sweeper(options);
  }

  /** Begins to keep the folder within its limit; says so if nothing can be kept there. */
  start(): void {
    void this.attempt("keep responses", async () => {
      await this.makeRoot();
      await access(this.#options.root, constants.W_OK);
    });
    this.#sweeper.start();
  }

  stop(): void {
    this.#sweeper.stop();
  }

  open(key: string, asked: Headers): Entry | undefined {
    const first = this.#read(this.#pathOf(key));
    if (first?.kind !== "vary") return this.#whole(first, key);
    if (first.key !== key) return undefined;
    const name = variantKey(key, first.names, asked);
    const found = this.#read(this.#pathOf(name));
    const entry = found?.kind === "response" ? this.#whole(found, key) : undefined;
    return entry && (first.invalidated ?? 0) < entry.responseTime ? entry : undefined;
  }

  create(
    head: EntryHead,
    asked: Headers,
    { length, least, most }: BodyLimits & { readonly length: number | undefined },
  ): EntryWriter | undefined {
    if (length !== undefined && (length < least || length > most)) return undefined;
    return new FileWriter(this, { head, asked, least, most });
  }

  /** Writes the same body under another head. */
  async renew(entry: Entry, head: EntryHead): Promise<boolean> {
    const { line, inline, path } = entry as EntryOfFile;
    return this.attempt("renew an entry", () =>
      this.#put(path, { ...head, kind: "response", body: line.body }, inline),
    );
  }

  async forget(key: string, asked: Headers): Promise<void> {
    const entry = this.open(key, asked);
    if (entry) this.remove(entry);
    const path = this.#pathOf(key);
    const first = this.#read(path);
    // It stays, as the file of a variant would count again with the next response.
    if (first?.kind !== "vary") return;
    await this.attempt("forget a URL", () => this.#put(path, { ...first, invalidated: Date.now() }, undefined));
  }

  remove(entry: Entry): void {
    const { path, body } = entry as EntryOfFile;
    this.#forget(path);
    try {
      unlinkSync(path);
    } catch {
      // It is gone already.
    }
    if (body && !Buffer.isBuffer(body)) unlinkLater(this.bodyPath(path, entry as EntryOfFile));
  }

  /** Runs what may fail for want of space or rights; says so in the log. */
  async attempt(what: string, run: () => Promise<unknown>): Promise<boolean> {
    try {
      await run();
      return true;
    } catch (error) {
      if (performance.now() - this.#warned > 60_000) {
        this.#warned = performance.now();
        this.#options.warn(`could not ${what} below ${this.#options.root}: ${String(error)}`);
      }
      return false;
    }
  }

  /** A name nobody else uses, for a file that is not whole yet. */
  newName(): string {
    return `${this.#options.root}/new-${process.pid}-${randomBytes(9).toString("base64url")}`;
  }

  async makeRoot(): Promise<void> {
    await mkdir(this.#options.root, { recursive: true, mode: 0o700 });
  }

  /** Makes what was taken in one that is found; `file` is the name of its body, if that has a file of its own. */
  async commit(
    head: EntryHead,
    asked: Headers,
    { inline, file, length }: { inline: Buffer | undefined; file: string | undefined; length: number },
  ): Promise<void> {
    const names = varyNames(new Headers(head.fields));
    const base = this.#pathOf(head.key);
    const path = names.length === 0 ? base : this.#pathOf(variantKey(head.key, names, asked));
    const before = this.#read(path);
    const bodyName = file === undefined ? undefined : `${path}-${randomBytes(9).toString("base64url")}.body`;
    if (file !== undefined && bodyName !== undefined) await inFolder(bodyName, () => rename(file, bodyName));
    const body =
      bodyName !== undefined
        ? { file: bodyName.slice(bodyName.lastIndexOf("/") + 1), length }
        : inline
          ? { inline: inline.length }
          : null;
    try {
      await this.#put(path, { ...head, kind: "response", body }, inline);
      if (names.length > 0) await this.#putNames(base, head.key, names);
    } catch (error) {
      if (bodyName !== undefined) rmSync(bodyName, { force: true });
      throw error;
    }
    if (before?.kind === "response" && before.body && !Buffer.isBuffer(before.body)) {
      unlinkLater(this.bodyPath(path, before));
    }
    this.#sweeper.wrote(length);
  }

  async #putNames(path: string, key: string, names: readonly string[]): Promise<void> {
    const before = this.#read(path);
    const { invalidated } = before?.kind === "vary" && before.key === key ? before : {};
    await this.#put(
      path,
      { kind: "vary", key, names, ...(invalidated === undefined ? {} : { invalidated }) },
      undefined,
    );
  }

  bodyPath(path: string, { line }: EntryOfFile): string {
    return line.body && "file" in line.body ? `${folderOf(path)}/${line.body.file}` : path;
  }

  async #put(path: string, line: EntryLine | VaryLine, inline: Buffer | undefined): Promise<void> {
    const name = this.newName();
    try {
      await writeFile(name, entryBytes(line, inline), { mode: 0o600, flag: "wx" });
      await inFolder(path, () => rename(name, path));
    } catch (error) {
      rmSync(name, { force: true });
      throw error;
    }
  }

  #pathOf(key: string): string {
    const { root, levels, length } = this.#options;
    const name = createHash("sha256").update(key, "latin1").digest("base64url");
    let path = root;
    for (let i = 0; i < levels; i++) path += `/${name.slice(i * length, (i + 1) * length)}`;
    return `${path}/${name.slice(levels * length)}${suffix}`;
  }

  #whole(found: EntryOfFile | VaryLine | undefined, key: string): Entry | undefined {
    if (found?.kind !== "response" || found.key !== key) return undefined;
    return found.until !== undefined && found.until <= Date.now() ? undefined : found;
  }

  /** From memory, if the file is still the same one. */
  #read(path: string): EntryOfFile | VaryLine | undefined {
    try {
      const stats = statSync(path, { throwIfNoEntry: false });
      const held = this.#memory.get(path);
      if (held && stats && held.ino === stats.ino && held.size === stats.size && held.mtimeMs === stats.mtimeMs) {
        if (held.what.kind === "response" && !this.#hasBody(held.what)) return undefined;
        this.#memory.delete(path);
        this.#memory.set(path, held);
        return held.what;
      }
      if (held) this.#forget(path);
      return stats ? this.#readFile(path) : undefined;
    } catch {
      return undefined;
    }
  }

  #readFile(path: string): EntryOfFile | VaryLine | undefined {
    const fd = openSync(path, "r");
    try {
      const { ino, size, mtimeMs } = fstatSync(fd);
      const bytes = Buffer.allocUnsafeSlow(size);
      if (readSync(fd, bytes, 0, size, 0) !== size) return undefined;
      const parsed = parseEntry(bytes);
      if (!parsed) return undefined;
      const what = parsed.line.kind === "vary" ? parsed.line : this.#entryOf(path, parsed.line, parsed.rest);
      if (what.kind === "response" && !this.#hasBody(what)) return undefined;
      this.#hold(path, { ino, size, mtimeMs, what });
      return what;
    } finally {
      closeSync(fd);
    }
  }

  #entryOf(path: string, line: EntryLine, rest: Buffer): EntryOfFile {
    const inline = line.body && "inline" in line.body ? rest : undefined;
    const file = line.body && "file" in line.body ? line.body : undefined;
    return {
      ...line,
      headers: new Headers(line.fields),
      body: file ? { path: byteString(`${folderOf(path)}/${file.file}`), offset: 0, length: file.length } : inline,
      path,
      line,
      inline,
    };
  }

  /** Whether a body in a file of its own is there, and whole. */
  #hasBody(entry: EntryOfFile): boolean {
    const { body } = entry.line;
    if (!body || !("file" in body)) return true;
    return statSync(this.bodyPath(entry.path, entry), { throwIfNoEntry: false })?.size === body.length;
  }

  #hold(path: string, held: Held): void {
    if (held.size > inlineLimit * 2) return;
    this.#memory.set(path, held);
    this.#remembered += held.size + 1024;
    for (const oldest of this.#memory.keys()) {
      if (this.#remembered <= memoryLimit) break;
      this.#forget(oldest);
    }
  }

  #forget(path: string): void {
    const held = this.#memory.get(path);
    if (held && this.#memory.delete(path)) this.#remembered -= held.size + 1024;
  }
}

/** What is taken in. */
interface Taken extends BodyLimits {
  readonly head: EntryHead;
  readonly asked: Headers;
}

/** Collects a small body in memory, writes a larger one to a file as it comes. */
class FileWriter implements EntryWriter {
  readonly #store: FileStore;
  readonly #what: Taken;
  #pieces: Buffer[] = [];
  #length = 0;
  #file: { readonly handle: FileHandle; readonly name: string } | undefined;
  #isOver = false;

  constructor(store: FileStore, what: Taken) {
    this.#store = store;
    this.#what = what;
  }

  write(piece: Buffer): boolean | Promise<boolean> {
    if (this.#isOver) return false;
    this.#length += piece.length;
    if (this.#length > this.#what.most) return this.abort().then(() => false);
    if (!this.#file && this.#length <= inlineLimit) {
      // A copy: whoever made the piece may use its memory again.
      this.#pieces.push(Buffer.from(piece));
      return true;
    }
    return this.#toFile(piece);
  }

  async #toFile(piece: Buffer): Promise<boolean> {
    const isWritten = await this.#store.attempt("write", async () => {
      if (!this.#file) {
        await this.#store.makeRoot();
        const name = this.#store.newName();
        this.#file = { handle: await open(name, "wx", 0o600), name };
        for (const early of this.#pieces.splice(0)) await writeAll(this.#file.handle, early);
      }
      await writeAll(this.#file.handle, piece);
    });
    if (!isWritten) await this.abort();
    return isWritten;
  }

  async commit(): Promise<boolean> {
    const { head, asked, least } = this.#what;
    const stated = head.fields.find(([name]) => name.toLowerCase() === "content-length")?.[1];
    const isWhole = head.headOnly || stated === undefined || Number(stated) === this.#length;
    if (this.#isOver || !isWhole || (!head.headOnly && this.#length < least)) {
      await this.abort();
      return false;
    }
    const file = this.#file;
    const inline = file || this.#length === 0 ? undefined : Buffer.concat(this.#pieces);
    const isKept = await this.#store.attempt("keep a response", async () => {
      await file?.handle.close();
      if (!file) await this.#store.makeRoot();
      await this.#store.commit(head, asked, { inline, file: file?.name, length: this.#length });
    });
    if (!isKept && file) rmSync(file.name, { force: true });
    this.#isOver = true;
    return isKept;
  }

  async abort(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#pieces = [];
    if (!this.#file) return;
    await this.#file.handle.close().catch(() => undefined);
    rmSync(this.#file.name, { force: true });
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at)).bytesWritten;
}

/** Makes the folder of a path; once more where it was found empty, and taken away, in that very moment. */
async function inFolder(path: string, run: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await mkdir(folderOf(path), { recursive: true, mode: 0o700 });
    try {
      return await run();
    } catch (error) {
      if (attempt === 3 || (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

function unlinkLater(path: string): void {
  setTimeout(() => unlink(path, () => undefined), graceTime).unref();
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
