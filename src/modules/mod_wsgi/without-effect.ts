// Directives of mod_wsgi that are read and change nothing here: of no use in this server, or removed from mod_wsgi.
import { arg, optional, type Context, type DirectiveMaker, type Directives } from "../../api/index.js";
import type { wsgi } from "./settings.js";

type Maker = DirectiveMaker<typeof wsgi.settings>;

const server: readonly Context[] = ["server config"];
const sections: readonly Context[] = ["server config", "virtual host", "directory"];
const everywhere: readonly Context[] = [...sections, ".htaccess"];

interface Silent {
  readonly what: string;
  /** Why it changes nothing; shown in the reference. */
  readonly why: string;
  readonly contexts?: readonly Context[];
}

/** Flags that ask for what this server does in any case, or for what has no counterpart in it. */
const flags: Readonly<Record<string, Silent>> = {
  WSGIEnableSendfile: {
    what: "Lets applications send files by sendfile",
    why: "Files that an application hands to wsgi.file_wrapper are always sent by the server itself.",
    contexts: everywhere,
  },
  WSGISocketRotation: {
    what: "Gives sockets new names after a restart",
    why: "Each generation of daemons has sockets of its own.",
  },
  WSGIVerboseDebugging: { what: "Logs more", why: "Deprecated in mod_wsgi too: use `LogLevel wsgi:debug`." },
};

/** Directives that a later version of mod_wsgi has dropped. */
const removed = ["WSGILazyInitialization", "WSGINewRelicConfigFile", "WSGINewRelicEnvironment"];

/** Directives that are accepted and have no effect. */
export function directivesWithoutEffect(directive: Maker): Directives<typeof wsgi.settings> {
  const table: Record<string, Directives<typeof wsgi.settings>[string]> = {
    WSGIAcceptMutex: directive({
      args: [arg.word("mechanism")],
      contexts: server,
      summary: "Chooses the lock between the processes of a daemon group",
      doc: "The kernel hands out connections here; accepted for compatibility.",
      example: "WSGIAcceptMutex default",
      set: () => undefined,
    }),
    WSGIGroupAuthoritative: directive({
      args: [arg.flag()],
      contexts: ["directory", ".htaccess"],
      override: "AuthConfig",
      summary: "Says whether a group script has the last word",
      doc: "Without effect in mod_wsgi too.",
      example: "<Location /private>\n  WSGIGroupAuthoritative On\n</Location>",
      set: () => undefined,
    }),
  };
  for (const [name, { what, why, contexts = server }] of Object.entries(flags)) {
    table[name] = directive({
      args: [arg.flag()],
      contexts,
      ...(contexts === everywhere ? { override: "FileInfo" as const } : {}),
      summary: what,
      doc: `${why} Accepted for compatibility.`,
      default: name === "WSGISocketRotation" ? "On" : "Off",
      example: `${name} On`,
      set: () => undefined,
    });
  }
  for (const name of removed) {
    table[name] = directive({
      args: [arg.word("value"), optional(arg.word("more"))],
      contexts: server,
      summary: "Removed from mod_wsgi in version 6",
      doc: "Warned of and left out; take the line away.",
      example: `${name} Off`,
      set: (_values, place) => place.warn("was removed from mod_wsgi and has no effect") as undefined,
    });
  }
  return table;
}
