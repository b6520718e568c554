// SetHandler reflector → what a client sends, sent back to it behind the filters.
import {
  answer,
  arg,
  core,
  defineModule,
  Headers,
  optional,
  refuse,
  type Request,
  type Response,
  type Setting,
  appended,
} from "../../api/index.js";

/** Names of request fields, and under which each is sent back. */
type Fields = readonly (readonly [from: string, to: string])[];

const fields: Setting<Fields> = {
  initial: [],
  add: appended,
  nest: (outer, inner) => [...inner, ...outer],
};

function reflect(request: Request, reflected: Fields): Response {
  const { method, headers, body } = request;
  const traced = request.settings(core).traceEnable === "off" ? "" : ",TRACE";
  const allowed: [string, string] = ["Allow", `POST,OPTIONS${traced}`];
  if (method === "OPTIONS") return answer(200, new Headers([allowed]), Buffer.alloc(0));
  if (method !== "POST") return refuse(405, { headers: new Headers([allowed]) });
  const out = new Headers();
  for (const [from, to] of reflected) {
    const text = headers.get(from);
    if (text !== undefined) out.set(to, text);
  }
  if (!out.has("last-modified")) out.set("Last-Modified", new Date(request.startTime).toUTCString());
  out.set("Accept-Ranges", "bytes");
  if (body.length !== undefined) out.set("Content-Length", String(body.length));
  const type = headers.get("content-type");
  if (type !== undefined) out.set("Content-Type", type);
  const response = answer(200, out, body.arrived ?? body.stream());
  return body.length === undefined ? { ...response, unsized: true } : response;
}

export default defineModule({
  name: "mod_reflector",
  summary:
    "Sends what clients POST back to them, at `SetHandler reflector`: output filters become a service. Whoever may use it " +
    "can make this server send anything under its name: guard it by Require.",
  settings: { fields },
  directives: (directive) => ({
    ReflectorHeader: directive({
      args: [arg.word("field"), optional(arg.word("name"))],
      contexts: ["server config", "virtual host", "directory", ".htaccess"],
      override: "Options",
      summary: "A field of the request that is sent back too.",
      doc: "With a second name it is sent back under that one. Lines of sections around this one hold too.",
      example: "<Location /compress>\n  SetHandler reflector\n  ReflectorHeader X-Id X-Answer-To\n</Location>",
      set: ([from, to], place) => {
        const name = to ?? from;
        if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name))
          return place.fail(`name must be that of a field, found "${name}"`);
        return { fields: [[from, name]] };
      },
    }),
  }),
  hooks: {
    handler: {
      run: (request, settings) => (request.handler === "reflector" ? reflect(request, settings.fields) : undefined),
    },
  },
});
