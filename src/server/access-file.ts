// A directory and what may stand in its .htaccess file → the section the file makes, looked at again when it changes.
import { isUtf8 } from "node:buffer";
import { readFileSync, statSync, type Stats } from "node:fs";
import { fileSystemPath, type ConfigError, type Level, type OverrideRights } from "../api/index.js";
import type { AccessFileReader } from "../config/access-file.js";
import type { AppliedSection } from "../config/apply.js";
import { systemReason } from "../config/include.js";

/** Why the files of a directory end a request. */
export interface AccessFault {
  readonly status: 403 | 500;
  readonly level: Level;
  readonly messages: readonly string[];
  /** For the page. */
  readonly note?: string;
}

/** What stands in a directory: nothing, a section, or a fault. */
export type Access = AppliedSection | AccessFault | undefined;

export function isFault(access: Access): access is AccessFault {
  return access !== undefined && "status" in access;
}

/** Bytes of a file that is read; Apache has no such limit. */
const maximumSize = 4 * 1024 * 1024;
/** A file changed less than so many milliseconds before it was read may have changed again within the same time stamp. */
const settlingTime = 2_000;
/** Faults of a file that are logged for each request it ends, and warnings that are logged when it has been read. */
const shownFaults = 10;

/** What is known of the one name of a directory: its state, and what was read in it. */
interface Known {
  readonly stats: Stats;
  readonly isSettled: boolean;
  readonly text: string | undefined;
  readonly access: Access;
}

/** The access file of one directory, by the first of its names that exists. */
export class AccessFile {
  /** With a slash at the end. */
  readonly #directory: string;
  readonly #names: readonly string[];
  readonly #rights: OverrideRights;
  readonly #read: AccessFileReader;
  /** The turn in which it was last looked at, and what came of it. */
  #turn = -1;
  #access: Access;
  #warnings: readonly string[] = [];
  readonly #known: (Known | undefined)[] = [];

  constructor(
    directory: string,
    { names, rights }: { readonly names: readonly string[]; readonly rights: OverrideRights },
    read: AccessFileReader,
  ) {
    this.#directory = directory;
    this.#names = names;
    this.#rights = rights;
    this.#read = read;
  }

  /** What stands there now: looked at once in a turn. The same object for as long as nothing changed. */
  access(turn: number): Access {
    if (turn !== this.#turn) {
      this.#access = this.#look();
      this.#turn = turn;
    }
    return this.#access;
  }

  /** What is to be said of the file as it was last read; each once. */
  takeWarnings(): readonly string[] {
    const warnings = this.#warnings;
    this.#warnings = [];
    return warnings;
  }

  #look(): Access {
    for (const [index, name] of this.#names.entries()) {
      const file = this.#directory + name;
      let stats: Stats | undefined;
      try {
        stats = statSync(fileSystemPath(file), { throwIfNoEntry: false });
      } catch (error) {
        if (isMissing(error)) continue;
        return this.#unreadable(file, error);
      }
      if (!stats) {
        this.#known[index] = undefined;
        continue;
      }
      const known = this.#known[index];
      if (known?.isSettled && isSame(known.stats, stats)) return known.access;
      const found = this.#open(file, stats, known);
      this.#known[index] = found;
      return found.access;
    }
    return undefined;
  }

  #open(file: string, stats: Stats, earlier: Known | undefined): Known {
    const isSettled = Date.now() - Math.max(stats.ctimeMs, stats.mtimeMs) > settlingTime;
    const result = (access: Access, text?: string): Known => ({ stats, isSettled, text, access });
    if (!stats.isFile()) return result(this.#unreadable(file, "not a regular file"));
    if (stats.size > maximumSize) return result(this.#unreadable(file, `more than ${maximumSize} bytes`));
    try {
      const bytes = readFileSync(fileSystemPath(file));
      const text = bytes.toString(isUtf8(bytes) ? "utf8" : "latin1");
      if (text === earlier?.text) return result(earlier.access, text);
      return result(this.#parse(file, text), text);
    } catch (error) {
      return result(this.#unreadable(file, error));
    }
  }

  #parse(file: string, text: string): Access {
    const { section, errors, warnings } = this.#read({ file, directory: this.#directory, text, rights: this.#rights });
    this.#warnings = shown(warnings, `${file}: and # more warnings`);
    if (errors.length === 0) return section;
    return { status: 500, level: "alert", messages: shown(errors, `${file}: and # more errors`) };
  }

  #unreadable(file: string, error: unknown): AccessFault {
    const reason = typeof error === "string" ? error : systemReason(error);
    return {
      status: 403,
      level: "crit",
      messages: [
        `${reason}: AH00529: ${file} pcfg_openfile: unable to check htaccess file, ensure it is readable and that ` +
          `'${this.#directory}' is executable`,
      ],
      note: "Server unable to read htaccess file, denying access to be safe",
    };
  }
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ENOTDIR";
}

function isSame(a: Stats, b: Stats): boolean {
  return a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs && a.ino === b.ino && a.size === b.size && a.dev === b.dev;
}

/** A line for each of the first; where there are more, one with their number in the place of "#". */
function shown(faults: readonly ConfigError[], more: string): string[] {
  const lines = faults.slice(0, shownFaults).map(showFault);
  const left = faults.length - lines.length;
  return left > 0 ? [...lines, more.replace("#", String(left))] : lines;
}

function showFault({ message, origin: { file, line, column }, detail: { advice, code = "" } }: ConfigError): string {
  // Apache's own lines of what ends a request have no number.
  const number = code.startsWith("AH") && code !== "AH00526" ? `${code}: ` : "";
  return `${number}${file}:${line}:${column}: ${message}${advice === undefined ? "" : ` (${advice})`}`;
}
