// A RewriteMap line → a function from keys to values.
import { existsSync, readFileSync, statSync } from "node:fs";
import { byteString, dataFile, dbmType, dbmValues, escapePath, type Origin, type Place } from "../../api/index.js";
import { MapProgram } from "./map-program.js";
import { then, type Awaitable, type Run } from "./run.js";

/** A map of RewriteMap. */
export interface RewriteMap {
  readonly name: string;
  readonly origin: Origin;
  /** The value of a key; undefined where there is none. */
  look(key: string, run: Run): Awaitable<string | undefined>;
  /** Of "prg:" maps: started with the worker, ended with it. */
  readonly program?: MapProgram;
}

const functions: Readonly<Record<string, (key: string) => string>> = {
  toupper: (key) => key.replace(/[a-z]/g, (letter) => letter.toUpperCase()),
  tolower: (key) => key.replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
  escape: escapePath,
  unescape: (key) =>
    key
      .replace(/%([0-9a-fA-F]{2})/g, (_triplet, digits: string) => String.fromCharCode(parseInt(digits, 16)))
      .replace(/\0.*/s, ""),
};

/** Makes the map of a line: "txt:file", "rnd:file", "int:function", "prg:program", or a file alone. */
export function makeMap(name: string, source: string, account: string | undefined, place: Place): RewriteMap {
  const [, type = "", rest = ""] = /^(txt|rnd|int|prg|dbm|dbd|fastdbd)(?:(?<=dbm)=[^:]*)?:(.*)$/is.exec(source) ?? [];
  const common = { name, origin: place.origin };
  switch (type.toLowerCase()) {
    case "int":
      return { ...common, look: functionMap(name, rest, place) };
    case "prg": {
      const program = programOf(rest, account, place);
      return { ...common, program, look: logged(name, "", (key, run) => program.ask(key, run.request)) };
    }
    case "rnd":
      return { ...common, look: randomValues(logged(name, "[txt]", fileMap(fileOf(name, rest, place)))) };
    case "dbm":
      return { ...common, look: logged(name, "[dbm]", dbmMap(name, { source, rest, place })) };
    case "":
    case "txt":
      return { ...common, look: logged(name, "[txt]", fileMap(fileOf(name, type === "" ? source : rest, place))) };
    default:
      return place.fail(
        `maps of the type ${type} are not supported, found "${source}"`,
        "there are no database connections here: use a prg: map",
      );
  }
}

type Look = RewriteMap["look"];

function logged(name: string, kind: string, look: Look): Look {
  return (key, run) =>
    then(look(key, run), (value) => {
      traceLookup(`${name}${kind}`, { key, value }, run);
      return value;
    });
}

function traceLookup(map: string, found: { readonly key: string; readonly value: string | undefined }, run: Run): void {
  const { key, value } = found;
  const outcome = value === undefined ? "FAILED" : "OK";
  const shown = value === undefined ? "" : ` -> val=${value}`;
  run.trace?.(5, `map lookup ${outcome}: map=${map} key=${key}${shown}`, "without directory");
}

function functionMap(name: string, source: string, place: Place): Look {
  const map = Object.hasOwn(functions, source) ? functions[source] : undefined;
  if (!map) return place.fail(`internal map not found:${source}`, `there are ${Object.keys(functions).join(", ")}`);
  // As Apache, whose changes of case are made in the key itself.
  const isInPlace = source === "tolower" || source === "toupper";
  return (key, run) => {
    const value = map(key);
    traceLookup(name, { key: isInPlace ? value : key, value }, run);
    return value;
  };
}

function fileOf(name: string, path: string, place: Place): string {
  const file = place.resolve(path);
  if (!statSync(file, { throwIfNoEntry: false })) place.fail(`file for map ${name} not found:${file}`);
  return file;
}

function programOf(line: string, account: string | undefined, place: Place): MapProgram {
  const [program = "", ...args] = [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? "",
  );
  const path = place.resolve(program);
  if (!statSync(path, { throwIfNoEntry: false })) place.fail(`program not found:${path}`);
  if (account !== undefined) {
    place.warn(`runs under the account of the HTTP workers: "${account}" has no effect`);
  }
  return new MapProgram(path, args);
}

/** A text file, read whole and again whenever it has changed. */
function fileMap(file: string): Look {
  let values: ReadonlyMap<string, string> = new Map();
  let version = "";
  return (key, { request }) => {
    const stats = statSync(file, { throwIfNoEntry: false, bigint: true });
    if (!stats) {
      request.log("error", "rewrite", `AH00661: mod_rewrite: can't access text RewriteMap file ${file}`);
      return undefined;
    }
    const current = `${stats.mtimeNs} ${stats.size} ${stats.ino}`;
    if (current !== version) {
      try {
        values = readMapFile(readFileSync(file, "latin1"));
        version = current;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        request.log("error", "rewrite", `AH00655: mod_rewrite: can't open text RewriteMap file ${file}: ${reason}`);
        return undefined;
      }
    }
    return values.get(key);
  };
}

/** Lines of "key value"; of two lines with one key the first counts. */
function readMapFile(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, key, value] = /^([^\s#]\S*)\s+(\S+)/.exec(line) ?? [];
    if (key !== undefined && value !== undefined && !values.has(key)) values.set(key, value);
  }
  return values;
}

/** A DBM file: "dbm:file" or "dbm=type:file". */
function dbmMap(
  name: string,
  { source, rest, place }: { readonly source: string; readonly rest: string; readonly place: Place },
): Look {
  const word = /^dbm=([^:]*):/i.exec(source)?.[1] ?? "default";
  const type = dbmType(word);
  if (type === undefined) return place.fail(`dbm type ${word} is invalid`, "there are default, db, gdbm and sdbm");
  const file = place.resolve(rest);
  if (!existsSync(file) && !existsSync(dataFile("sdbm", file))) place.fail(`file for map ${name} not found:${file}`);
  return (key, { request }) => {
    try {
      return dbmValues(type, file).get(key);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      request.log("error", "rewrite", `AH00656: mod_rewrite: can't open DBM RewriteMap ${file}: ${reason}`);
      return undefined;
    }
  };
}

/** Picks one of the values that bars part. */
function randomValues(look: Look): Look {
  return (key, run) =>
    then(look(key, run), (value) => {
      if (value === undefined) return undefined;
      const choices = value.split("|");
      const chosen = choices[Math.floor(Math.random() * choices.length)] ?? "";
      run.trace?.(5, `randomly chosen the subvalue \`${chosen}'`, "without directory");
      return chosen === "" ? undefined : chosen;
    });
}

/** A name of a map as templates spell it. */
export function mapName(text: string): string {
  return byteString(text);
}
