// The module every server has: sections, names, limits, files.
import { statSync } from "node:fs";
import { dirname } from "node:path";
import {
  byteString,
  core,
  defineModule,
  awaitClientName,
  learnLocalName,
  refuse,
  unknownFilter,
  type Hook,
  type Origin,
  type Request,
  type Response,
  type ServerView,
  type SettingsOf,
  type StringExpression,
} from "../../api/index.js";
import { answerDirectives } from "./answers.js";
import { conditionSections } from "./condition-sections.js";
import { addCharset, defaultHandler } from "./default-handler.js";
import { fileDirectives } from "./files.js";
import { hostDirectives } from "./hosts.js";
import { logDirectives } from "./logs.js";
import { checkMutexes, mutexDirective } from "./mutex.js";
import { onReadDirectives } from "./on-read.js";
import { overrideDirectives } from "./overrides.js";
import { requestDirectives } from "./requests.js";
import { sections } from "./sections.js";
import { trace } from "./trace.js";
import { patternDirectives } from "./pattern-defaults.js";
import { processLimitDirectives } from "./process-limits.js";
import { acceptedDirectives } from "./without-effect.js";

type CoreSettings = SettingsOf<typeof core.settings>;

/** Early in a request, and again where sections may have set it: sub-requests begin behind headerParser. */
const knowNames: Hook<CoreSettings> = {
  rank: "first",
  when: ({ useCanonicalName, hostnameLookups }) => useCanonicalName === "DNS" || hostnameLookups !== "Off",
  run: (request, { useCanonicalName }) => {
    const local = useCanonicalName === "DNS" ? learnLocalName(request.connection.localAddress) : undefined;
    const client = awaitClientName(request);
    return local && client ? local.then(() => client) : (local ?? client);
  },
};

export default defineModule({
  name: "core",
  symbol: "core_module",
  sources: ["core.c"],
  summary: "Sections, names, limits and files: what every server has.",
  builtIn: true,
  settings: core.settings,
  directives: (directive) => ({
    ...sections,
    ...hostDirectives(directive),
    ...requestDirectives(directive),
    ...fileDirectives(directive),
    ...overrideDirectives(directive),
    ...answerDirectives(directive),
    ...logDirectives(directive),
    ...onReadDirectives(directive),
    ...conditionSections,
    ...acceptedDirectives(directive),
    ...mutexDirective(directive),
    ...patternDirectives(directive),
    ...processLimitDirectives(directive),
  }),

  hooks: {
    postReadRequest: knowNames,
    headerParser: knowNames,
    accessChecker: knowNames,

    translateName: {
      rank: "last",
      run(request, settings) {
        if (!request.path.startsWith("/")) return refuse(400);
        const root = rootBytes(settings);
        request.filename = root + pathBelow(request.path, settings.serverPath);
        request.contextDocumentRoot = root;
        return "done";
      },
    },

    mapToStorage: {
      run: (request, settings) => (request.method === "TRACE" ? trace(request, settings) : undefined),
    },

    fixups: {
      rank: "first",
      when: ({ forceType, setHandler }) => forceType !== undefined || setHandler !== undefined,
      run(request, { forceType, setHandler }) {
        if (forceType !== undefined) request.contentType = forceType;
        return setHandler && chooseHandler(request, setHandler);
      },
    },

    handler: { rank: "last", run: defaultHandler },

    outputFilter: {
      rank: "last",
      after: ["mod_headers"],
      when: ({ addDefaultCharset }) => addDefaultCharset !== undefined,
      run(_request, response, { addDefaultCharset }) {
        const type = response.headers.get("content-type");
        if (type === undefined || addDefaultCharset === undefined) return response;
        const full = addCharset(type, addDefaultCharset);
        if (full !== type) response.headers.set("Content-Type", full);
        return response;
      },
    },
  },

  lifecycle: {
    check(server) {
      const mpms = [...server.providers("mpm").keys()];
      if (mpms.length > 1) server.error(`AH00534: Configuration error: More than one MPM loaded: ${mpms.join(", ")}`);
      checkListens(server);
      checkDirectories(server);
      checkFilters(server);
      checkMutexes(server);
    },
  },
});

/** The handler of SetHandler, in lower case but for the path of a socket; "none" leaves the one there is. */
function chooseHandler(request: Request, setHandler: StringExpression): Response | undefined {
  const handler = setHandler.evaluate(request);
  if (handler === undefined) return refuse(500);
  const lower = handler.startsWith("proxy:unix") ? handler : handler.toLowerCase();
  if (lower !== "none") request.handler = lower;
  return undefined;
}

/** The path without the prefix that ServerPath names. */
function pathBelow(path: string, prefix: string | undefined): string {
  if (prefix === undefined || !path.startsWith(prefix)) return path;
  const rest = path.slice(prefix.length);
  if (rest.startsWith("/")) return rest;
  return rest === "" || prefix.endsWith("/") ? `/${rest}` : path;
}

const roots = new WeakMap<CoreSettings, string>();

/** DocumentRoot as requests carry names; made once for each set of settings. */
function rootBytes(settings: CoreSettings): string {
  let root = roots.get(settings);
  if (root === undefined) roots.set(settings, (root = byteString(settings.documentRoot)));
  return root;
}

function checkListens(server: ServerView): void {
  const [main] = server.virtualHosts;
  const listens = main ? server.settings(core, main).listens : [];
  if (listens.length === 0) server.warn("no Listen directive: there is nothing to take connections on");
  const seen = new Map<string, Origin>();
  for (const { address, port, origin, unix } of listens) {
    const key = unix ? address : `${address}:${port}`;
    const first = seen.get(key);
    if (first) {
      server.error("Listen: Cannot define multiple Listeners on the same IP:port", origin, {
        related: [{ origin: first, text: "the first one" }],
      });
    } else seen.set(key, origin);
  }
}

/** What only makes sense where it exists: the documents' directories, and those of error logs. */
function checkDirectories(server: ServerView): void {
  // Thousands of virtual hosts may share a few.
  const looked = new Map<string, boolean>();
  const isThere = (path: string): boolean => {
    const known = looked.get(path) ?? isDirectory(path);
    looked.set(path, known);
    return known;
  };
  for (const { virtualHost, settings, origin } of server.everywhere(core)) {
    const { documentRoot, documentRootOrigin, errorLog } = settings;
    if (documentRoot !== undefined && !server.trustsDocumentRoots && !isThere(documentRoot || "/")) {
      if (virtualHost.isMain) {
        server.error(`DocumentRoot '${documentRoot}' is not a directory, or is not readable`, documentRootOrigin);
      } else {
        server.warn(`AH00112: Warning: DocumentRoot [${documentRoot}] does not exist`, documentRootOrigin);
      }
    }
    if (errorLog?.startsWith("/") && !isThere(dirname(errorLog))) {
      server.error(
        `AH02291: Cannot access directory '${dirname(errorLog)}' for the error log '${errorLog}'`,
        origin("errorLog"),
      );
    }
  }
}

function checkFilters(server: ServerView): void {
  for (const { settings, origin } of server.everywhere(core)) {
    for (const name of settings.outputFilters ?? []) {
      const fault = unknownFilter(name, server.providers("outputFilter"));
      if (fault !== undefined) server.error(`SetOutputFilter: ${fault}`, origin("outputFilters"));
    }
    for (const name of settings.inputFilters ?? []) {
      const fault = unknownFilter(name, server.providers("inputFilter"));
      if (fault !== undefined) server.error(`SetInputFilter: ${fault}`, origin("inputFilters"));
    }
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
