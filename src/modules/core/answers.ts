// Directives on what is answered: error documents, types, handlers.
import { arg, filterNames, type ErrorDocument, type Place } from "../../api/index.js";
import { everywhere, type CoreMaker } from "./contexts.js";

/** Statuses Apache has a page for. */
const statuses = new Set(
  (
    "100 101 102 103 200 201 202 203 204 205 206 207 208 226 300 301 302 303 304 305 307 308 400 401 402 403 404 405 406 " +
    "407 408 409 410 411 412 413 414 415 416 417 418 421 422 423 424 425 426 428 429 431 451 500 501 502 503 504 505 506 " +
    "507 508 510 511"
  ).split(" "),
);

function readErrorDocument(status: string, text: string, place: Place): Readonly<Record<string, ErrorDocument>> {
  if (!statuses.has(status)) return place.fail(`Unsupported HTTP response code ${status}`);
  if (text.toLowerCase() === "default") return { [status]: { kind: "default" } };
  const kind = text.includes(" ") ? "text" : text.startsWith("/") ? "local" : isUrl.test(text) ? "external" : "text";
  if (kind === "external" && status === "401") {
    place.warn("cannot use a full URL in a 401 ErrorDocument directive --- ignoring!", "AH00113");
    return {};
  }
  return { [status]: { kind, content: place.stringExpression(text) } };
}

const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i;

export const answerDirectives = (directive: CoreMaker) => ({
  ErrorDocument: directive({
    args: [arg.word("status"), arg.word("document")],
    contexts: everywhere,
    override: "FileInfo",
    summary: "What is answered with a status: a text, a path of this server, or a URL to redirect to.",
    doc:
      'A word that starts with "/" is a path, one with a scheme a URL, all else a text; `default` is the built-in page. ' +
      "For a URL the client gets 302 and never sees the status. All three may hold `%{NAME}` and `%{function:argument}`, as in " +
      "expressions; a backslash makes the next character ordinary, `\\n` is a line feed.",
    example: 'ErrorDocument 404 /missing.html\nErrorDocument 503 "Back in five minutes."',
    set: ([status, text], place) => ({ errorDocuments: readErrorDocument(status, text, place) }),
  }),

  AddDefaultCharset: directive({
    args: [arg.word("charset")],
    contexts: everywhere,
    override: "FileInfo",
    summary: "The charset added to responses of type text/plain and text/html that name none.",
    doc: "`On` is iso-8859-1, `Off` none.",
    example: "AddDefaultCharset UTF-8",
    default: "Off",
    set: ([charset]) => {
      const word = charset.toLowerCase();
      return { addDefaultCharset: word === "off" ? undefined : word === "on" ? "iso-8859-1" : charset };
    },
  }),

  ForceType: directive({
    args: [arg.word("type")],
    contexts: everywhere,
    override: "FileInfo",
    summary: "The media type of all files, whatever their names say.",
    doc: "`None` takes an outer ForceType back.",
    example: '<Location "/raw">\n  ForceType application/octet-stream\n</Location>',
    set: ([type]) => ({ forceType: type.toLowerCase() === "none" ? undefined : type.toLowerCase() }),
  }),

  SetHandler: directive({
    args: [arg.stringExpression("handler")],
    contexts: everywhere,
    override: "FileInfo",
    summary: "The handler of all requests here, whatever the files' names say.",
    doc: "`None` takes an outer SetHandler back. It may hold `%{NAME}` and `%{function:argument}`, as in expressions.",
    example: '<Location "/plain">\n  SetHandler default-handler\n</Location>',
    set: ([setHandler]) => ({ setHandler }),
  }),

  DefaultType: directive({
    args: [arg.word("type")],
    contexts: everywhere,
    override: "FileInfo",
    summary: "Of older versions: the type of files whose names say none.",
    doc: "Files of unknown type are sent without one. Anything but `none` is accepted with a warning.",
    example: "DefaultType none",
    default: "none",
    set: ([type], place) => {
      if (type.toLowerCase() !== "none") place.warn("Ignoring deprecated use of DefaultType", "AH00117");
      return undefined;
    },
  }),

  QualifyRedirectURL: directive({
    args: [arg.flag()],
    contexts: everywhere,
    override: "FileInfo",
    summary: "Whether REDIRECT_URL is a whole URL.",
    doc: "Off, it is a path.",
    example: "QualifyRedirectURL On",
    default: "Off",
    set: ([qualifyRedirectURL]) => ({ qualifyRedirectURL }),
  }),

  CGIPassAuth: directive({
    args: [arg.flag()],
    contexts: ["directory", ".htaccess"],
    override: "AuthConfig",
    summary: "Whether scripts see the Authorization field.",
    doc: "For WSGI applications `WSGIPassAuthorization` says so.",
    example: "<Directory /srv/app>\n  CGIPassAuth On\n</Directory>",
    default: "Off",
    set: ([cgiPassAuth]) => ({ cgiPassAuth }),
  }),

  CGIVar: directive({
    args: [arg.oneOf("variable", "REQUEST_URI"), arg.oneOf("rule", "original-uri", "current-uri")],
    contexts: everywhere,
    override: "FileInfo",
    summary: "Whether REQUEST_URI is the target of the client or the path of the last internal redirect.",
    doc: "For CGI programs, and for what server-side includes run and show. WSGI applications get that of the client.",
    example: "<Directory /srv/app>\n  CGIVar REQUEST_URI original-uri\n</Directory>",
    default: "REQUEST_URI original-uri",
    set: ([, rule]) => ({ cgiCurrentUri: rule === "current-uri" }),
  }),

  SetOutputFilter: directive({
    args: [arg.word("filters")],
    contexts: everywhere,
    override: "FileInfo",
    summary: "Filters that responses go through.",
    doc: "Names with semicolons between them, or `None`. A name that no loaded module has is an error.",
    example: "<Location /reports>\n  SetOutputFilter DEFLATE\n</Location>",
    set: ([filters]) => ({ outputFilters: filterNames(filters) }),
  }),

  SetInputFilter: directive({
    args: [arg.word("filters")],
    contexts: everywhere,
    override: "FileInfo",
    summary: "Filters that request bodies go through.",
    doc: "Names with semicolons between them, or `None`. A name that no loaded module has is an error.",
    example: "<Location /upload>\n  SetInputFilter DEFLATE\n</Location>",
    set: ([filters]) => ({ inputFilters: filterNames(filters) }),
  }),
});
