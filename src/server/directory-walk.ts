// A directory → the sections laid over it, .htaccess files among them, from the root down as Apache walks.
import { core, type Change, type OverrideRights } from "../api/index.js";
import type { AccessFileReader } from "../config/access-file.js";
import type { AppliedSection } from "../config/apply.js";
import type { CompiledHost } from "../config/compile.js";
import { AccessFile, isFault, type Access, type AccessFault } from "./access-file.js";
import type { CoreSettings } from "./request.js";
import { Turn } from "./turn.js";

type Sections = readonly AppliedSection[];

/** The directory sections over a directory, without those of regular expressions. */
export interface DirectoryLevels {
  /** In the order they are laid over each other. */
  readonly all: Sections;
  /** The same by depth: the root's first. */
  readonly byDepth: readonly Sections[];
}

/** Directories that are remembered for each virtual host, and access files for all of them. */
const rememberedWalks = 4096;
const rememberedFiles = 16_384;

/** The access files of a server, shared by its virtual hosts. */
export class AccessFiles {
  readonly turn = new Turn();
  readonly #read: AccessFileReader;
  #files = new Map<string, AccessFile>();

  constructor(read: AccessFileReader) {
    this.#read = read;
  }

  /** The file of a directory (with a slash at the end) under some rights. */
  at(directory: string, names: readonly string[], rights: OverrideRights): AccessFile {
    const key = `${directory}\0${names.join("\0")}\0\0${keyOf(rights)}`;
    const known = this.#files.get(key);
    if (known) return known;
    const file = new AccessFile(directory, { names, rights }, this.#read);
    if (this.#files.size >= rememberedFiles) this.#files = new Map();
    this.#files.set(key, file);
    return file;
  }
}

/** One directory of one virtual host: its levels with a file, and the sections as they were last put together. */
interface Walk {
  readonly levels: DirectoryLevels;
  /** By level, where one may hold a file. */
  readonly files: readonly (AccessFile | undefined)[];
  readonly hasFiles: boolean;
  turn: number;
  found: readonly Access[];
  result: Sections | AccessFault;
}

/** The walks of one virtual host. */
export class DirectoryWalks {
  readonly #host: CompiledHost;
  readonly #levelsOf: (directory: string) => DirectoryLevels;
  readonly #accessFiles: AccessFiles;
  readonly #mayOverride: boolean;
  readonly #walks = new Map<string, Walk>();

  constructor(host: CompiledHost, levelsOf: (directory: string) => DirectoryLevels, accessFiles: AccessFiles) {
    this.#host = host;
    this.#levelsOf = levelsOf;
    this.#accessFiles = accessFiles;
    this.#mayOverride = [...host.mainSections, ...host.ownSections].some(({ body }) => {
      const change = coreChange(body);
      return (change?.allowOverride && !isNone(change.allowOverride)) || (change?.allowOverrideList?.size ?? 0) > 0;
    });
  }

  /** The sections over a directory without trailing slash, "" for the root; the same list while nothing changed. */
  sections(directory: string): Sections | AccessFault {
    if (!this.#mayOverride) return this.#levelsOf(directory).all;
    let walk = this.#walks.get(directory);
    if (!walk) {
      walk = this.#begin(directory);
      if (this.#walks.size >= rememberedWalks) this.#walks.clear();
      this.#walks.set(directory, walk);
    }
    if (!walk.hasFiles) return walk.result;
    const turn = this.#accessFiles.turn.number;
    if (walk.turn !== turn) this.#refresh(walk, turn);
    return walk.result;
  }

  #begin(directory: string): Walk {
    const levels = this.#levelsOf(directory);
    const settings = this.#host.plan.settings["core"] as CoreSettings;
    let { allowOverride, allowOverrideList } = settings;
    const parts = directory.split("/");
    const files = levels.byDepth.map((sections, depth) => {
      for (const { body } of sections) {
        const change = coreChange(body);
        allowOverride = change?.allowOverride ?? allowOverride;
        allowOverrideList = change?.allowOverrideList ?? allowOverrideList;
      }
      if (isNone(allowOverride) && allowOverrideList.size === 0) return undefined;
      const path = `${parts.slice(0, depth + 1).join("/")}/`;
      const rights = { ...allowOverride, directives: allowOverrideList };
      return this.#accessFiles.at(path, settings.accessFileName, rights);
    });
    return { levels, files, hasFiles: files.some(Boolean), turn: -1, found: [], result: levels.all };
  }

  /** Looks at the files of a walk, from the root down to the first fault; puts it together anew where one has changed. */
  #refresh(walk: Walk, turn: number): void {
    const { files, levels } = walk;
    const found: Access[] = [];
    for (const file of files) {
      const access = file?.access(turn);
      found.push(access);
      for (const message of file?.takeWarnings() ?? [])
        this.#host.errorLog.write({ level: "warn", module: "core", message });
      if (isFault(access)) break;
    }
    walk.turn = turn;
    if (found.length === walk.found.length && found.every((access, index) => access === walk.found[index])) return;
    walk.found = found;
    const last = found.at(-1);
    if (isFault(last)) {
      walk.result = last;
      return;
    }
    walk.result = found.some(Boolean)
      ? levels.byDepth.flatMap((sections, depth) => {
          const access = found[depth];
          return access && !isFault(access) ? [...sections, access] : sections;
        })
      : levels.all;
  }
}

/** AllowOverride with no class still has files read when it says what to do with directives that are not allowed. */
function isNone({ classes, ignoresForbidden, ignoresUnknown }: CoreSettings["allowOverride"]): boolean {
  return classes.size === 0 && !ignoresForbidden && !ignoresUnknown;
}

function coreChange(body: AppliedSection["body"]): Change<typeof core.settings> | undefined {
  return body.changes.get("core");
}

function keyOf({ classes, options, directives, ignoresForbidden, ignoresUnknown }: OverrideRights): string {
  const sets = [classes, options, directives].map((set) => [...set].sort().join(","));
  return [...sets, ignoresForbidden, ignoresUnknown].join(";");
}
