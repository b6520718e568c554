// Session lines → a session for each client, loaded before the handler and saved with the answer.
import {
  arg,
  byteString,
  defineModule,
  defineSettings,
  Headers,
  list,
  value,
  type Context,
  type Request,
  type Response,
  type Sessions,
} from "../../api/index.js";
import { decodeEntries, encodeEntries } from "./coding.js";
import { loadSession, saveSession } from "./life.js";

const definition = defineSettings("mod_session", {
  enabled: value<boolean>(false),
  maxAge: value<number>(0),
  header: value<string | undefined>(undefined),
  env: value<boolean>(false),
  includes: list<string>("outer first"),
  excludes: list<string>("outer first"),
  updateInterval: value<number>(0),
});

const contexts: readonly Context[] = ["server config", "virtual host", "directory", ".htaccess"];
const override = "AuthConfig";
const pathDoc =
  "A prefix of the URL-path, compared letter by letter, without regard to segments; lines add up. Where neither " +
  "SessionInclude nor SessionExclude is written, all paths of the section have the session.";
const around = (line: string): string =>
  `<Location /app>\n  Session On\n  SessionCookieName session path=/\n  ${line}\n</Location>`;

const sessions: Sessions = {
  load: (request) => {
    const settings = request.settings(definition) as
      ReturnType<typeof request.settings<typeof definition.settings>> | undefined;
    return settings?.enabled ? loadSession(request, settings, request.answerHeaders) : undefined;
  },
};

export default defineModule({
  name: "mod_session",
  summary: "Keeps a session for each client: names and values that come back with its next request",
  settings: definition.settings,
  directives: (directive) => ({
    Session: directive({
      args: [arg.flag()],
      contexts,
      override,
      summary: "Keeps a session for the clients of these URLs",
      doc:
        "Where it is kept is said by another module: mod_session_cookie, with SessionCookieName. What is in it is written by " +
        "mod_auth_form, and by applications through SessionHeader. Responses get `Cache-Control: no-cache, private`. Without " +
        "mod_session_crypto the client can read and change its session: never trust it then.",
      default: "Off",
      example: "<Location /app>\n  Session On\n  SessionCookieName session path=/\n</Location>",
      set: ([enabled]) => ({ enabled }),
    }),
    SessionMaxAge: directive({
      args: [arg.int("seconds")],
      contexts,
      override,
      summary: "Says how long a session lasts after the last request",
      doc: "Each request begins the time anew, and so sends the session again; see SessionExpiryUpdateInterval. 0: no limit.",
      default: "0",
      example: around("SessionMaxAge 1800"),
      set: ([maxAge]) => ({ maxAge }),
    }),
    SessionExpiryUpdateInterval: directive({
      args: [arg.int("seconds")],
      contexts,
      override,
      summary: "Lets the end of a session move so far without sending it again",
      doc: "Saves a Set-Cookie field in most responses where SessionMaxAge is written; a session may end that much earlier.",
      default: "0",
      example: around("SessionMaxAge 1800\n  SessionExpiryUpdateInterval 60"),
      set: ([seconds]) => ({ updateInterval: seconds * 1_000_000 }),
    }),
    SessionEnv: directive({
      args: [arg.flag()],
      contexts,
      override,
      summary: "Gives applications the session in the variable HTTP_SESSION",
      doc: "As the text of an HTML form: `name=value&other=value`. A field Session of the request is taken away.",
      default: "Off",
      example: around("SessionEnv On"),
      set: ([env]) => ({ env }),
    }),
    SessionHeader: directive({
      args: [arg.word("field")],
      contexts,
      override,
      summary: "Names a field of responses by which an application changes the session",
      doc:
        "Its value is the text of an HTML form: `name=value` sets an entry, `name=` takes it away, others stay. The field is " +
        "not sent on. Only for applications you trust with what mod_auth_form keeps in the session.",
      example: around("SessionHeader X-Replace-Session"),
      set: ([header]) => ({ header: byteString(header) }),
    }),
    SessionInclude: directive({
      args: [arg.word("path")],
      contexts,
      override,
      summary: "Names URL-paths that have the session, and no others",
      doc: pathDoc,
      default: "all URLs",
      example: around("SessionInclude /app/private"),
      set: ([path]) => ({ includes: [byteString(path)] }),
    }),
    SessionExclude: directive({
      args: [arg.word("path")],
      contexts,
      override,
      summary: "Names URL-paths that have no session",
      doc: pathDoc,
      example: around("SessionExclude /app/images"),
      set: ([path]) => ({ excludes: [byteString(path)] }),
    }),
  }),
  hooks: {
    fixups: {
      when: ({ enabled, env }) => enabled || env,
      run: (request, settings) => {
        const session = loadSession(request, settings, request.answerHeaders);
        if (!settings.env) return undefined;
        if (session) request.environment.set("HTTP_SESSION", encodeEntries(session));
        request.headers.delete("Session");
        return undefined;
      },
    },
    // Always there: the request before an internal redirect may have a session although the last one has none.
    outputFilter: {
      onPages: true,
      run: (request, response, { enabled }) =>
        enabled || request.previous !== undefined ? keepSessions(request, response) : response,
    },
  },
  provides: { sessions: { mod_session: sessions } },
});

/** Saves the sessions of a chain of internal redirects, the first request's first. */
function keepSessions(request: Request, response: Response): Response {
  if (request.parent) return response;
  let kept = request.previous ? keepSessions(request.previous, response) : response;
  const settings = request.settings(definition);
  if (!settings.enabled) return kept;
  const session = loadSession(request, settings, kept.headers);
  if (!session || session.isWritten) return kept;
  const text = settings.header === undefined ? undefined : takeField(kept, settings.header);
  if (text !== undefined) {
    session.isDirty = true;
    decodeEntries(session, text);
  }
  const fields = saveSession(request, session, settings);
  if (fields.length > 0) kept = { ...kept, headers: inFront(fields, kept.headers) };
  return kept;
}

function takeField({ headers, always }: Response, name: string): string | undefined {
  const [text] = [...(always?.all(name) ?? []), ...headers.all(name)];
  always?.delete(name);
  headers.delete(name);
  return text;
}

/** Behind the fields by which a name is asked for, in front of all others. */
function inFront(fields: readonly (readonly [string, string])[], headers: Headers): Headers {
  const asking = [...headers].filter(([name]) => name.toLowerCase() === "www-authenticate");
  const others = [...headers].filter(([name]) => name.toLowerCase() !== "www-authenticate");
  return new Headers([...asking, ...fields, ...others]);
}
