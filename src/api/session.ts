// What a session is to modules: entries that stay with a client from request to request, and who keeps and seals them.
import type { Headers } from "./headers.js";
import type { Request } from "./request.js";

/** Names and values in the order they came, as latin1 strings of bytes; names compare without case. */
export class SessionEntries {
  readonly #entries = new Map<string, readonly [string, string]>();

  get(name: string): string | undefined {
    return this.#entries.get(name.toLowerCase())?.[1];
  }

  /** Replaces the value where the name is known, at its place. */
  set(name: string, value: string): void {
    const key = name.toLowerCase();
    this.#entries.set(key, [this.#entries.get(key)?.[0] ?? name, value]);
  }

  delete(name: string): void {
    this.#entries.delete(name.toLowerCase());
  }

  clear(): void {
    this.#entries.clear();
  }

  [Symbol.iterator](): IterableIterator<readonly [string, string]> {
    return this.#entries.values();
  }
}

/** The session of a client in the course of one request, its sub-requests and internal redirects. */
export interface Session {
  readonly entries: SessionEntries;
  /** Microseconds since the epoch; 0: it has no end. */
  expiry: number;
  /** Seconds a cookie of it is good for; 0: until the browser ends. */
  maxAge: number;
  /** The text it is kept as: as it was loaded and until it is decoded, or to be saved. */
  encoded: string | undefined;
  /** Set by whoever changes an entry. */
  isDirty: boolean;
  isWritten: boolean;
}

/** A session without entries. */
export function emptySession(encoded?: string): Session {
  return { entries: new SessionEntries(), expiry: 0, maxAge: 0, encoded, isDirty: false, isWritten: false };
}

/** Keeps sessions, registered as `provides: { sessionStore: { NAME: store } }`; the first that answers is the one. */
export interface SessionStore {
  /**
   * The session of the request, empty where the client has none, the same object for all requests of a chain; undefined
   * where the store is not configured. `fields` are those of the answer.
   */
  load(request: Request, fields: Headers): Session | undefined;
  /** The fields that keep `session.encoded` with the client; undefined where the store is not configured. */
  save(request: Request, session: Session): readonly (readonly [string, string])[] | undefined;
}

/** Seals sessions, registered as `provides: { sessionCoding: { NAME: coding } }`; undefined: it failed, which is logged. */
export interface SessionCoding {
  encode(request: Request, text: string): string | undefined;
  decode(request: Request, text: string): string | undefined;
}

/** The sessions of mod_session, registered as `provides: { sessions: { mod_session: sessions } }`. */
export interface Sessions {
  /** The session of a request; undefined where there is none. */
  load(request: Request): Session | undefined;
}
