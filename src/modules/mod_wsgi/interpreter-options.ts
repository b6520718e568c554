// <WSGIInterpreterOptions> sections → what is different in the interpreters they select.
import { arg, optional, type InterpreterLayer, type SettingsOf, type Wrapper } from "../../api/index.js";
import { readOptions } from "./options.js";
import type { wsgi, WsgiSettings } from "./settings.js";

/** One section. */
export interface InterpreterOptions {
  /** undefined: not selected by. "" stands for `%{GLOBAL}`. */
  readonly processGroup: string | undefined;
  readonly applicationGroup: string | undefined;
  readonly layer: Omit<InterpreterLayer, "applicationGroup">;
}

const holds = [
  "WSGIPythonPath",
  "WSGIRestrictStdin",
  "WSGIRestrictStdout",
  "WSGIRestrictSignal",
  "WSGISwitchInterval",
  "WSGIPerInterpreterGIL",
  "WSGIFreeThreading",
];

/** The section. */
export const interpreterOptions: Wrapper<typeof wsgi.settings> = {
  args: [optional(arg.raw("options"))],
  contexts: ["server config"],
  summary: "Sets options of the interpreters of some process groups and application groups",
  doc:
    "`process-group=` and `application-group=` select, `%{GLOBAL}` standing for the empty name; what is left out selects all. Of several " +
    "sections that select an interpreter the one with more of the two is stronger, of two equal ones the later; folders of " +
    "WSGIPythonPath add up, those of the strongest section in front, and all in front of `python-path=` of the daemon group. " +
    `Only ${holds.join(", ")} may stand in it. \`switch-interval=\` of a daemon group is stronger than a section; ` +
    "inside the server all interpreters share the lock that WSGISwitchInterval is about, so there a section does not change it.",
  example: "<WSGIInterpreterOptions process-group=site>\n  WSGIPythonPath /srv/site/lib\n</WSGIInterpreterOptions>",
  holds,
  wrap: ([text], settings, place) => {
    const written = typeof text === "string" ? text : "";
    const names = ["process-group", "application-group"] as const;
    const repeated = names.find((name) => written.split(`${name}=`).length > 2);
    if (repeated !== undefined) place.fail(`option ${repeated} stands there twice`);
    const options = readOptions(written, names, place);
    const [processGroup, applicationGroup] = names.map((name) => {
      const value = options.get(name);
      return value === "%{GLOBAL}" ? "" : value;
    });
    if (processGroup === "" && settings.switchInterval > 0) {
      place.warn("WSGISwitchInterval has no effect in it: inside the server all interpreters share one lock");
    }
    return { interpreterOptions: [{ processGroup, applicationGroup, layer: layerOf(settings) }] };
  },
};

function layerOf(settings: SettingsOf<typeof wsgi.settings>): InterpreterOptions["layer"] {
  const { pythonPath, switchInterval, restrictStdin, restrictStdout, restrictSignal } = settings;
  return {
    pythonPath,
    switchInterval,
    restricted: {
      ...(restrictStdin === undefined ? {} : { stdin: restrictStdin }),
      ...(restrictStdout === undefined ? {} : { stdout: restrictStdout }),
      ...(restrictSignal === undefined ? {} : { signal: restrictSignal }),
    },
  };
}

/** The sections for a process group, the weaker ones first. */
export function layersOf({ interpreterOptions: all }: WsgiSettings, processGroup: string): InterpreterLayer[] {
  const selectors = (options: InterpreterOptions): number =>
    Number(options.processGroup !== undefined) + Number(options.applicationGroup !== undefined);
  return all
    .filter((options) => options.processGroup === undefined || options.processGroup === processGroup)
    .sort((one, other) => selectors(one) - selectors(other))
    .map(({ applicationGroup, layer }) => ({ applicationGroup, ...layer }));
}
