// SetHandler server-info → pages on the configuration, the modules and their hooks.
import {
  answer,
  arg,
  defineModule,
  Headers,
  list,
  type Request,
  type ServerView,
  type VirtualHost,
} from "../../api/index.js";
import { pageOf } from "./page.js";

/** What an AddModuleInfo line adds: HTML below the entry of a module. */
interface Remark {
  readonly module: string;
  readonly html: string;
}

/** The server of each virtual host. */
const servers = new WeakMap<VirtualHost, ServerView>();

function isAsked({ handler, method }: Request): boolean {
  return handler === "server-info" && method === "GET";
}

export default defineModule({
  name: "mod_info",
  summary:
    "Shows the configuration and the modules, at `SetHandler server-info`: all of it, or `?config`, `?server`, `?list`, " +
    "`?hooks`, `?providers` or `?mod_alias.c` and the like. Whoever may see it learns much: guard it by Require. " +
    "Passwords and the like, which Apache would show, are left out.",
  settings: { remarks: list<Remark>("inner first") },
  directives: (directive) => ({
    AddModuleInfo: directive({
      args: [arg.word("module"), arg.word("text")],
      contexts: ["server config", "virtual host"],
      summary: "Adds a remark to a module's entry.",
      doc:
        "The module is named as in the list, `mod_alias.c`. The text is HTML, and is shown as it is written; of several " +
        "for one module the first is shown, those of a virtual host before those of the main server.",
      example: `AddModuleInfo mod_deflate.c 'See <a href="https://www.example.com/notes/">our notes</a>.'`,
      set: ([module, html]) => ({ remarks: [{ module, html }] }),
    }),
  }),
  hooks: {
    handler: {
      run: (request, { remarks }) => {
        const server = isAsked(request) ? servers.get(request.virtualHost) : undefined;
        if (!server) return undefined;
        const remarkOn = (source: string): string | undefined => remarks.find(({ module }) => module === source)?.html;
        const page = pageOf(request, server, remarkOn);
        return answer(
          200,
          new Headers([["Content-Type", "text/html; charset=ISO-8859-1"]]),
          Buffer.from(page, "latin1"),
        );
      },
    },
  },
  lifecycle: {
    start: ({ server }) => {
      for (const host of server.virtualHosts) servers.set(host, server);
    },
  },
});
