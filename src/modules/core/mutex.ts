// The Mutex directive: what Apache's processes keep each other out by, checked and listed.
import { statSync } from "node:fs";
import { resolve } from "node:path";
import {
  arg,
  core,
  foreignMutexTypes,
  mutexTypes,
  optional,
  processes,
  rest,
  type MutexLine,
  type Place,
  type ServerView,
} from "../../api/index.js";
import { serverOnly, type CoreMaker } from "./contexts.js";

/** What is written → what Apache lists. */
const mechanisms: Readonly<Record<string, string>> = {
  none: "none",
  no: "none",
  default: "default",
  yes: "default",
  fcntl: "fcntl",
  file: "fcntl",
  flock: "flock",
  posixsem: "posixsem",
  sem: "posixsem",
  sysvsem: "sysvsem",
  pthread: "pthread",
};

export const mutexDirective = (directive: CoreMaker) => ({
  Mutex: directive({
    args: [arg.word("mechanism"), optional(rest(arg.word("type")))],
    contexts: serverOnly,
    summary: "How processes keep each other out.",
    doc:
      "Has no effect here but in `-S`: processes share nothing that needs it. A mechanism, a directory or a type that Apache " +
      "does not know is refused as there.",
    example: "Mutex file:/tmp default",
    default: "default",
    set: ([mechanism, words], place) => ({ mutexes: [mutexLine(mechanism, words ?? [], place)] }),
  }),
});

function mutexLine(written: string, words: readonly string[], place: Place): MutexLine {
  const colon = written.indexOf(":");
  const word = (colon < 0 ? written : written.slice(0, colon)).toLowerCase();
  const mechanism = mechanisms[word];
  if (mechanism === undefined) {
    const known = "none, default, file:DIRECTORY, fcntl:DIRECTORY, flock:DIRECTORY, sem, posixsem, sysvsem, pthread";
    return place.fail(`Invalid Mutex argument ${written}`, `mechanisms are: ${known}`);
  }
  const directory = colon < 0 || mechanism === "none" ? undefined : written.slice(colon + 1);
  const types = words.filter((type) => type.toLowerCase() !== "omitpid");
  if (mechanism === "none") {
    const advice = "Apache has none that could go without; the line can be left out";
    return place.fail(`None is not allowed for mutex type ${types.at(-1) ?? "default"}`, advice);
  }
  const omitsPid = types.length < words.length;
  return { mechanism, directory, types: types.length === 0 ? ["default"] : types, omitsPid, origin: place.origin };
}

/** Directories that are missing, and types that no loaded module has. */
export function checkMutexes(server: ServerView): void {
  const [main] = server.virtualHosts;
  const lines = main ? server.settings(core, main).mutexes : [];
  if (!main || lines.length === 0) return;
  const owned = server.modules.flatMap(({ name }) => mutexTypes[name] ?? []);
  const known = new Set(["default", ...owned, ...foreignMutexTypes]);
  const { defaultRuntimeDir } = server.settings(processes, main);
  for (const { directory, types, origin } of lines) {
    if (directory !== undefined && !isDirectory(resolve(server.serverRoot, defaultRuntimeDir, directory))) {
      server.error(`Mutex: Invalid Mutex directory: ${directory} is not there, or no directory`, origin);
    }
    const wrong = types.findLast((type) => !known.has(type));
    if (wrong === undefined) continue;
    const owner = Object.entries(mutexTypes).find(([, own]) => own.includes(wrong))?.[0];
    const advice =
      owner === undefined ? `types are: ${[...known].join(", ")}` : `it is one of ${owner}, which is not loaded`;
    server.error(`Mutex: Mutex type ${wrong} is not valid`, origin, { advice });
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
