// The scheme scgi:// of back ends, for mod_proxy.
import {
  arg,
  defineModule,
  defineSettings,
  refuse,
  scriptResponse,
  setBodyLength,
  setCgiVariables,
  value,
  type ProxyPassage,
  type ProxyScheme,
  type Request,
  type Response,
  type ScriptHead,
} from "../../api/index.js";
import { ScgiSpeaker } from "./speaker.js";

const contexts = ["server config", "virtual host", "directory"] as const;

const definition = defineSettings("mod_proxy_scgi", {
  /** The field that leads to another path of this server; undefined: none does. */
  redirectField: value<string | undefined>("Location"),
  /** The field that names a file to send. */
  fileField: value<string | undefined>(undefined),
});

const scgi: ProxyScheme = {
  defaultPort: 4000,
  needsLength: true,
  async speak({ request, url, bodyLength = 0 }: ProxyPassage) {
    if (request.environment.has("proxy-scgi-pathinfo"))
      request.pathInfo = url.slice(url.indexOf("/", "scgi://".length));
    await setCgiVariables(request);
    request.environment.set("SCRIPT_FILENAME", `proxy:${url}`);
    setBodyLength(request, bodyLength);
    return new ScgiSpeaker(request, bodyLength, (head, body) => {
      const other = otherAnswer(request, head);
      return other ?? scriptResponse(request, head, body);
    });
  },
};

/** The answer where it is another path of this server, or a file. */
function otherAnswer(request: Request, head: ScriptHead): Promise<Response> | undefined {
  const { redirectField, fileField } = request.settings(definition);
  const take = (name: string): string | undefined => {
    const found = head.always.get(name) ?? head.fields.get(name);
    return found;
  };
  const file = fileField === undefined ? undefined : take(fileField);
  if (file !== undefined && fileField !== undefined) {
    for (const fields of [head.always, head.fields]) fields.delete(fileField);
    return sendFile(request, head, file);
  }
  const path = redirectField === undefined ? undefined : take(redirectField);
  if (path === undefined || redirectField === undefined || !path.startsWith("/") || (head.status ?? 200) !== 200) {
    return undefined;
  }
  if (redirectField.toLowerCase() !== "location")
    for (const fields of [head.always, head.fields]) fields.delete(redirectField);
  request.headers.delete("Content-Length");
  head.always.forEach((name, text) => request.alwaysHeaders.append(name, text));
  return Promise.resolve(request.redirect(path));
}

/** A file of this server under the fields of the back end; access to it is checked as for any request. */
async function sendFile(request: Request, head: ScriptHead, file: string): Promise<Response> {
  const { request: found, status } = await request.lookupFile(file);
  if (status !== 200 || !found.file) {
    request.log("error", "proxy_scgi", `AH00864: Subrequest to file '${file}' not possible. (status=${status})`);
    return refuse(500);
  }
  const { body } = await request.serve(found);
  const { unsized: _none, ...response } = scriptResponse(request, head, Buffer.alloc(0));
  return { ...response, body: request.headOnly || response.status === 304 ? undefined : body };
}

const pseudoField = (byDefault: string) =>
  arg.custom("field", "On|Off|field", (text) =>
    /^off$/i.test(text) ? undefined : /^on$/i.test(text) ? byDefault : text,
  );

export default defineModule({
  name: "mod_proxy_scgi",
  summary: "Lets mod_proxy pass requests on to SCGI servers",
  settings: definition.settings,
  directives: (directive) => ({
    ProxySCGIInternalRedirect: directive({
      args: [pseudoField("Location")],
      contexts,
      summary: "Whether a back end may lead to another path of this server",
      doc:
        "A field Location whose value begins with a slash, in a response of status 200, is answered with that path of this server: a new " +
        "request, by GET, as in CGI. Another name than On or Off is the name of the field that does so in place of Location.",
      default: "On",
      example: "ProxySCGIInternalRedirect X-Location",
      set: ([redirectField]) => ({ redirectField }),
    }),
    ProxySCGISendfile: directive({
      args: [pseudoField("X-Sendfile")],
      contexts,
      summary: "Whether a back end may have this server send a file",
      doc:
        "On, a response with the field X-Sendfile is sent with that file for a body; another name than On or Off is the name of the " +
        "field. The file is looked up as for any request: what access rules deny is a 500.",
      default: "Off",
      example: "ProxySCGISendfile On",
      set: ([fileField]) => ({ fileField }),
    }),
  }),
  provides: { proxyScheme: { scgi } },
});
