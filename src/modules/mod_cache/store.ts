// Where responses are kept: what the modules of stores give to mod_cache.
import type { Headers, FileSlice, Request } from "../../api/index.js";
import type { CacheControl } from "./cache-control.js";

/** What is known of a kept response besides its body. Times in milliseconds since the epoch. */
export interface EntryHead {
  readonly key: string;
  readonly status: number;
  /** When it was made, by its Date. */
  readonly date: number;
  readonly expires: number;
  readonly requestTime: number;
  readonly responseTime: number;
  readonly control: CacheControl;
  /** The answer to a HEAD: there is no body to a GET. */
  readonly headOnly: boolean;
  /** It is gone then, fresh or not. */
  readonly until?: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** A kept response. */
export interface Entry extends EntryHead {
  /** Its fields; to be copied before they are changed. */
  readonly headers: Headers;
  readonly body: Buffer | FileSlice | undefined;
}

/** Takes a response in. One of `commit` and `abort` is called in the end; neither fails. */
export interface EntryWriter {
  /** False: it could not be taken in, or is too long; what follows is not looked at. A promise where there is something to wait for. */
  write(piece: Buffer): boolean | Promise<boolean>;
  /** Makes it one that is found; false when that failed. */
  commit(): Promise<boolean>;
  abort(): Promise<void>;
}

/** A place where responses are kept. */
export interface CacheStore {
  /** What is kept under a key for a request with such fields. */
  open(key: string, asked: Headers): Entry | undefined;
  /** Begins to take in a response; undefined: it does not want it. `length` of the body where it is known. */
  create(head: EntryHead, asked: Headers, length: number | undefined): EntryWriter | undefined;
  /** Gives an entry another head; false when that failed. */
  renew(entry: Entry, head: EntryHead): Promise<boolean>;
  remove(entry: Entry): void;
  /** Forgets all that is kept for a URL, in all its variants. */
  forget(key: string, asked: Headers): Promise<unknown>;
}

/** Registered as `provides: { cacheStore: { NAME: provider } }`; undefined: nothing is kept under these settings. */
export type CacheStoreProvider = (request: Request) => CacheStore | undefined;
