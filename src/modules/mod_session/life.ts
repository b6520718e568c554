// A request → its session, loaded, checked and made anew where it has ended; a changed session → the fields that keep it.
import {
  emptySession,
  type Headers,
  type Request,
  type Session,
  type SessionCoding,
  type SessionStore,
} from "../../api/index.js";
import { decodeEntries, encodeEntries } from "./coding.js";

/** What the directives say. */
export interface SessionSettings {
  readonly enabled: boolean;
  /** Seconds; 0 without limit. */
  readonly maxAge: number;
  readonly header: string | undefined;
  readonly env: boolean;
  readonly includes: readonly string[];
  readonly excludes: readonly string[];
  /** Microseconds. */
  readonly updateInterval: number;
}

/** The session of a request; undefined where it has none. `fields` are those of the answer. */
export function loadSession(request: Request, settings: SessionSettings, fields: Headers): Session | undefined {
  if (!settings.enabled || !isIncluded(request.path, settings)) return undefined;
  const session = fromStore(request, fields);
  if (!session) return undefined;
  decode(request, session);
  const now = Date.now() * 1000;
  if (session.expiry !== 0 && session.expiry < now) {
    request.log("trace2", "session", "session is expired");
    empty(session);
  }
  if (settings.maxAge > 0) {
    if (session.expiry === 0) session.expiry = now + settings.maxAge * 1_000_000;
    session.maxAge = settings.maxAge;
  }
  return session;
}

function isIncluded(path: string, { includes, excludes }: SessionSettings): boolean {
  const included = includes.length === 0 || includes.some((prefix) => path.startsWith(prefix));
  return included && !excludes.some((prefix) => path.startsWith(prefix));
}

function fromStore(request: Request, fields: Headers): Session | undefined {
  for (const store of request.providers("sessionStore").values()) {
    const session = (store as SessionStore).load(request, fields);
    if (session) return session;
  }
  request.log(
    "warn",
    "session",
    `AH01815: session is enabled but no session modules have been configured, session not loaded: ${request.path}`,
  );
  return undefined;
}

/** A session that cannot be decoded is as good as none. */
function decode(request: Request, session: Session): void {
  if (session.encoded === undefined) return;
  let text: string | undefined = session.encoded;
  session.encoded = undefined;
  if (text === "") return;
  for (const coding of request.providers("sessionCoding").values()) {
    text = (coding as SessionCoding).decode(request, text);
    if (text !== undefined) continue;
    request.log("error", "session", `AH01817: error while decoding the session, session not loaded: ${request.path}`);
    empty(session);
    return;
  }
  decodeEntries(session, text);
}

function empty(session: Session): void {
  Object.assign(session, emptySession(), { entries: session.entries });
  session.entries.clear();
}

/** The fields that keep a session, where it has changed; none where there is nothing to keep. */
export function saveSession(
  request: Request,
  session: Session,
  settings: SessionSettings,
): readonly (readonly [string, string])[] {
  const now = Date.now() * 1000;
  const before = session.expiry;
  if (before !== 0 && before < now) {
    request.log(
      "warn",
      "session",
      "AH01819: attempt made to save a session when the session had already expired, session not saved: " +
        request.path,
    );
    return [];
  }
  if (settings.maxAge > 0) {
    session.expiry = now + settings.maxAge * 1_000_000;
    session.maxAge = settings.maxAge;
  }
  if (session.isDirty && session.maxAge > 0) session.expiry = now + session.maxAge * 1_000_000;
  const { updateInterval } = settings;
  const isAsGood = updateInterval > 0 && session.expiry - before < updateInterval;
  if (!session.isDirty && (session.maxAge === 0 || isAsGood)) return [];
  let text: string | undefined = encodeEntries(session);
  for (const coding of request.providers("sessionCoding").values()) {
    text = text === "" ? "" : (coding as SessionCoding).encode(request, text);
    if (text !== undefined) continue;
    request.log("error", "session", `AH01820: error while encoding the session, session not saved: ${request.path}`);
    return [];
  }
  session.encoded = text;
  for (const store of request.providers("sessionStore").values()) {
    const fields = (store as SessionStore).save(request, session);
    if (!fields) continue;
    session.isWritten = true;
    session.encoded = undefined;
    return fields;
  }
  return [];
}
