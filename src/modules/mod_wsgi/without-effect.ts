// Directives of mod_wsgi that are read and change nothing here: of no use in this server, or removed from mod_wsgi.
import { arg, optional, rest, type Context, type DirectiveMaker, type Directives } from "../../api/index.js";
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
  /** The value that asks for what is not done here: a line with it is warned of. */
  readonly missing?: boolean;
}

/** Flags that ask for what this server does in any case, or for what has no counterpart in it. */
const flags: Readonly<Record<string, Silent>> = {
  WSGIEnableSendfile: {
    what: "Lets applications send files by sendfile",
    why: "Files that an application hands to wsgi.file_wrapper are always sent by the server itself.",
    contexts: everywhere,
  },
  WSGIPassApacheRequest: {
    what: "Hands applications Apache's record of the request",
    why: "There is no such record here.",
    missing: true,
    contexts: sections,
  },
  WSGICaseSensitivity: {
    what: "Tells names of scripts apart by case",
    why: "File names are what the system says they are.",
    missing: false,
  },
  WSGIPerInterpreterGIL: {
    what: "Gives each interpreter a lock of its own",
    why: "Each application group of a daemon group has processes of its own; inside the server all share one lock.",
    missing: true,
  },
  WSGIFreeThreading: {
    what: "Runs Python without its lock",
    why: "A Python built that way, named with python-executable= or python-home=, runs as it was built.",
    missing: true,
  },
  WSGISocketRotation: {
    what: "Gives sockets new names after a restart",
    why: "Each generation of daemons has sockets of its own.",
  },
  WSGIVerboseDebugging: {
    what: "Logs more",
    why: "Deprecated in mod_wsgi too: use `LogLevel wsgi:debug`.",
    missing: true,
  },
};

/** Those whose default is On. */
const isOn = new Set(["WSGISocketRotation", "WSGICaseSensitivity"]);

/** Directives that mod_wsgi has dropped, with an example value and what to do instead. */
const removed: Readonly<Record<string, readonly [value: string, instead: string]>> = {
  WSGILazyInitialization: ["On", "take the line away: Python always starts in the process that uses it"],
  WSGINewRelicConfigFile: [
    "/etc/newrelic.ini",
    "take the line away, and call newrelic.agent.initialize() with that file at the top of the script",
  ],
  WSGINewRelicEnvironment: [
    "production",
    "take the line away, and give newrelic.agent.initialize() that environment at the top of the script",
  ],
};

const telemetryTarget = arg.custom("target", "address of a socket", (text, place) =>
  /^unix:./.test(text) ? text : place.refuse("must be unix: and a path"),
);
const telemetryInterval = arg.custom("interval", "option", (text, place) =>
  Number(/^interval=(\d[\d.]*)$/.exec(text)?.[1]) >= 0.5
    ? text
    : place.refuse("must be interval= and 0.5 seconds or more"),
);
const secondsOrMore = arg.custom("seconds", "number", (text, place) =>
  /^\d/.test(text) && Number(text) >= 0 ? text : place.refuse("must be a number of seconds"),
);
const telemetryOption = arg.custom("option", "name", (text, place) =>
  /^([+-]?CaptureUserAgent|None|All)$/i.test(text)
    ? text
    : place.refuse("must be None, All, or CaptureUserAgent, also with + or -"),
);

/** Directives that are accepted and have no effect. */
export function directivesWithoutEffect(directive: Maker): Directives<typeof wsgi.settings> {
  const table: Record<string, Directives<typeof wsgi.settings>[string]> = {
    WSGIAcceptMutex: directive({
      args: [arg.oneOf("mechanism", "default", "flock", "fcntl", "sysvsem", "posixsem", "pthread")],
      contexts: server,
      summary: "Chooses the lock between the processes of a daemon group",
      doc: "The kernel hands out connections here; accepted for compatibility.",
      example: "WSGIAcceptMutex default",
      set: () => undefined,
    }),
    WSGITelemetryService: directive({
      args: [telemetryTarget, optional(telemetryInterval)],
      contexts: server,
      summary: "Sends measures to mod_wsgi-telemetry",
      doc: "Warned of and left out: status and metrics are to be had from mod_status and the module mod_wsgi.",
      example: "WSGITelemetryService unix:/run/telemetry.sock",
      set: (_values, place) => place.warn("has no effect: nothing is sent to mod_wsgi-telemetry") as undefined,
    }),
    WSGISlowRequests: directive({
      args: [secondsOrMore],
      contexts: server,
      summary: "Records slow requests for mod_wsgi-telemetry",
      doc: "Warned of and left out, with WSGITelemetryService.",
      example: "WSGISlowRequests 5",
      set: (_values, place) => place.warn("has no effect: nothing is sent to mod_wsgi-telemetry") as undefined,
    }),
    WSGITelemetryOptions: directive({
      args: [rest(telemetryOption)],
      contexts: server,
      summary: "Says what mod_wsgi-telemetry records",
      doc: "Warned of and left out, with WSGITelemetryService.",
      example: "WSGITelemetryOptions None",
      set: (_values, place) => place.warn("has no effect: nothing is sent to mod_wsgi-telemetry") as undefined,
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
  for (const [name, { what, why, contexts = server, missing }] of Object.entries(flags)) {
    const reason = `has no effect: ${why.charAt(0).toLowerCase()}${why.slice(1).replace(/\.$/, "")}`;
    table[name] = directive({
      args: [arg.flag()],
      contexts,
      ...(contexts === everywhere ? { override: "FileInfo" as const } : {}),
      summary: what,
      doc: `${why} ${missing === undefined ? "" : `\`${missing ? "On" : "Off"}\` is warned of. `}Accepted for compatibility.`,
      default: isOn.has(name) ? "On" : "Off",
      example: `${name} On`,
      set: ([value], place) => (value === missing ? (place.warn(reason) as undefined) : undefined),
    });
  }
  for (const [name, [example, instead]] of Object.entries(removed)) {
    table[name] = directive({
      args: [arg.word("value"), optional(arg.word("more"))],
      contexts: server,
      summary: "Removed from mod_wsgi in version 6",
      doc: `Warned of and left out: ${instead}.`,
      example: `${name} ${example}`,
      set: (_values, place) => place.warn(`was removed from mod_wsgi and has no effect: ${instead}`) as undefined,
    });
  }
  return table;
}
