// Action and Script lines → the script that requests for a media type, a handler or a method are handed to.
import { arg, byteString, defineModule, escapePath, map, optional, refuse, type Request } from "../../api/index.js";

interface Action {
  readonly script: string;
  /** Runs although there is no such file. */
  readonly isVirtual: boolean;
}

export default defineModule({
  name: "mod_actions",
  summary: "Hands requests to a script by media type, handler or method",
  settings: { actions: map<Action>(), scripts: map<string>() },
  directives: (directive) => ({
    Action: directive({
      args: [arg.word("type or handler"), arg.word("script"), optional(arg.word("virtual"))],
      contexts: ["server config", "virtual host", "directory", ".htaccess"],
      override: "FileInfo",
      summary: "Hands files of a media type or handler to a script",
      doc:
        "The script is a URL path; the path of the file is put behind it, where the script finds it as PATH_INFO and " +
        "PATH_TRANSLATED. A file that does not exist is a 404, unless `virtual` stands at the end. The script finds the handler " +
        "as REDIRECT_HANDLER.",
      example: 'AddHandler my-file-type .xyz\nAction my-file-type "/cgi-bin/program.cgi"',
      set: ([type, script, option], place) => {
        if (option !== undefined && option.toLowerCase() !== "virtual")
          return place.fail(`unrecognized option '${option}'`);
        return { actions: { [byteString(type)]: { script: byteString(script), isVirtual: option !== undefined } } };
      },
    }),
    Script: directive({
      args: [arg.word("method"), arg.word("script")],
      contexts: ["server config", "virtual host", "directory"],
      summary: "Hands requests of a method to a script",
      doc: "For GET only where the request has a query string. An Action goes before it.",
      example: 'Script PUT "/cgi-bin/put.cgi"',
      set: ([method, script], place) =>
        method === "TRACE" ? place.fail("TRACE not allowed for Script") : { scripts: { [method]: byteString(script) } },
    }),
  }),
  hooks: {
    handler: {
      rank: "last",
      before: ["core"],
      when: ({ actions, scripts }) => Object.keys(actions).length > 0 || Object.keys(scripts).length > 0,
      run: (request, { actions, scripts }) => {
        const own = valueOf(scripts, request.method);
        let script = request.method === "GET" && request.query === undefined ? undefined : own;
        // A script that is none would be handed to itself again and again.
        if (script !== undefined && request.previous?.previous) return undefined;
        const name = request.handler ?? request.contentType?.replace(/\s*;.*/s, "");
        const action = name === undefined ? undefined : valueOf(actions, name);
        if (action && name !== undefined) {
          if (!action.isVirtual && request.file === undefined) return missing(request);
          script = action.script;
          request.environment.set("HANDLER", name);
        }
        if (script === undefined) return undefined;
        const query = request.query === undefined ? "" : `?${request.query}`;
        return request.redirect(script + escapePath(request.path) + query, "same");
      },
    },
  },
});

function valueOf<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function missing(request: Request) {
  request.log("info", "actions", `AH00652: File does not exist: ${request.filename}`);
  return refuse(404);
}
