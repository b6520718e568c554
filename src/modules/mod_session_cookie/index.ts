// SessionCookieName → sessions that are kept by the client, in a cookie.
import {
  arg,
  byteString,
  defineModule,
  defineSettings,
  emptySession,
  value,
  type Context,
  type Directive,
  type DirectiveMaker,
  type Request,
  type Session,
  type SessionStore,
} from "../../api/index.js";
import { findCookie } from "./cookie-field.js";

/** A cookie's name, and what stands behind its value. */
interface Cookie {
  readonly name: string;
  readonly attributes: string;
}

const definition = defineSettings("mod_session_cookie", {
  cookie: value<Cookie | undefined>(undefined),
  cookie2: value<Cookie | undefined>(undefined),
  removes: value<boolean>(false),
});

/** Kept with the first request of a chain: its sessions by cookie. */
const known = Symbol("sessions by cookie");
const contexts: readonly Context[] = ["server config", "virtual host", "directory", ".htaccess"];
const override = "AuthConfig";
const usualAttributes = "HttpOnly;Secure;Version=1";

const cookie: SessionStore = {
  load: (request, fields) => {
    const { cookie, cookie2, removes } = request.settings(definition);
    const name = (cookie2 ?? cookie)?.name;
    if (name === undefined) return undefined;
    const sessions = sessionsOf(firstOf(request));
    const there = sessions.get(name);
    if (there) return there;
    const session = emptySession(readCookie(request, name, removes));
    sessions.set(name, session);
    fields.append("Cache-Control", "no-cache, private");
    return session;
  },
  save: (request, { encoded = "", maxAge }) => {
    const { cookie, cookie2 } = request.settings(definition);
    if (!cookie && !cookie2) return undefined;
    const age = maxAge > 0 ? `Max-Age=${maxAge};` : "";
    const text = ({ name, attributes }: Cookie): string =>
      encoded === "" ? `${name}=;Max-Age=0;${attributes}` : `${name}=${encoded};${age}${attributes || usualAttributes}`;
    const fields: [string, string][] = [];
    if (cookie) fields.push(["Set-Cookie", text(cookie)]);
    if (cookie2) fields.push(["Set-Cookie2", text(cookie2)]);
    return fields;
  },
};

export default defineModule({
  name: "mod_session_cookie",
  summary: "Keeps sessions in a cookie, so that the server need not store them",
  settings: definition.settings,
  directives: (directive) => ({
    SessionCookieName: nameDirective(directive, "cookie"),
    SessionCookieName2: nameDirective(directive, "cookie2"),
    SessionCookieRemove: directive({
      args: [arg.flag()],
      contexts,
      override,
      summary: "Hides the session's cookie from applications and back ends",
      doc: "It is taken out of the Cookie fields of the request before handlers see them.",
      default: "Off",
      example:
        "<Location /app>\n  Session On\n  SessionCookieName session path=/\n  SessionCookieRemove On\n</Location>",
      set: ([removes]) => ({ removes }),
    }),
  }),
  provides: { sessionStore: { cookie } },
});

function nameDirective(
  directive: DirectiveMaker<typeof definition.settings>,
  setting: "cookie" | "cookie2",
): Directive<typeof definition.settings> {
  const field = setting === "cookie" ? "Set-Cookie" : "Set-Cookie2, of RFC 2965, which browsers pass over";
  return directive({
    args: [arg.raw("name attributes")],
    contexts,
    override,
    summary: `Names the cookie that holds the session${setting === "cookie" ? "" : ", in the manner of RFC 2965"}`,
    doc:
      `The field is ${field}. What stands behind the name is sent as the cookie's attributes: \`path=/;HttpOnly;Secure;SameSite=Lax\`; ` +
      `without any they are \`${usualAttributes}\`. Browsers take a cookie with \`Secure\` only over TLS. A session that is empty ` +
      "takes the cookie away. A cookie that comes twice with different values is not taken.",
    example: `<Location /app>\n  Session On\n  SessionCookieName${setting === "cookie" ? "" : "2"} session path=/;HttpOnly;Secure;SameSite=Lax\n</Location>`,
    set: ([text], place) => {
      const [, name = "", attributes = ""] = /^[ \t]*([^ \t]*)\s*(.*)$/s.exec(text) ?? [];
      if (name === "" || /[=&;,\s]/.test(name)) place.fail(`cannot be empty, or contain '=' or '&', found "${name}"`);
      return { [setting]: { name: byteString(name), attributes: byteString(attributes) } };
    },
  });
}

function firstOf(request: Request): Request {
  let first = request;
  while (first.previous ?? first.parent) first = first.previous ?? first.parent ?? first;
  return first;
}

function sessionsOf({ kept }: Request): Map<string, Session> {
  const there = kept.get(known) as Map<string, Session> | undefined;
  if (there) return there;
  const made = new Map<string, Session>();
  kept.set(known, made);
  return made;
}

function readCookie(request: Request, name: string, removes: boolean): string | undefined {
  const fields = [...request.headers.all("Cookie"), ...request.headers.all("Cookie2")];
  if (fields.length === 0) return undefined;
  const { value, isDoubtful, others } = findCookie(name, fields);
  if (isDoubtful) {
    request.log("error", "core", `AH00011: client submitted cookie '${name}' more than once: ${request.path}`);
    return undefined;
  }
  if (removes && value !== undefined) {
    request.headers.delete("Cookie");
    request.headers.delete("Cookie2");
    for (const other of others) request.headers.append("Cookie", other);
  }
  return value;
}
