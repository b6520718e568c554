// Path, file name → the sections that match, in Apache's merge order.
import type { AppliedSection } from "../config/apply.js";
import type { CompiledHost } from "../config/compile.js";
import type { AccessFault } from "./access-file.js";
import { DirectoryWalks, type AccessFiles, type DirectoryLevels } from "./directory-walk.js";

type Sections = readonly AppliedSection[];

const none: Sections = [];

/** Number of directories and files whose matches are remembered for each virtual host. */
const remembered = 4096;

/** The sections of one virtual host, arranged so that matching does not look at each of them. */
export class SectionIndex {
  readonly #locations: LocationIndex;
  readonly #walks: DirectoryWalks;
  readonly #directoryRegexes: DirectoryRegexes;
  readonly #files: Sections;
  readonly #proxies: Sections;

  constructor(host: CompiledHost, accessFiles: AccessFiles) {
    const all = [...host.mainSections, ...host.ownSections];
    this.#locations = new LocationIndex(all.filter(({ matcher }) => matcher.kind.startsWith("location")));
    const ofDirectories = all.filter(({ matcher }) => matcher.kind.startsWith("directory"));
    const directories = new DirectoryIndex(ofDirectories);
    this.#directoryRegexes = new DirectoryRegexes(ofDirectories);
    this.#walks = new DirectoryWalks(host, (directory) => directories.match(directory), accessFiles);
    this.#files = all.filter(({ matcher }) => matcher.kind.startsWith("files"));
    this.#proxies = all.filter(({ matcher }) => matcher.kind.startsWith("proxy"));
  }

  /** `<Location>` and `<LocationMatch>`, in configuration order. */
  locations(path: string): Sections {
    return this.#locations.match(path);
  }

  /**
   * `<Directory>` by depth, each level with its .htaccess file, then those by regular expressions that `filename` matches;
   * `directory` without trailing slash, "" for the root. A fault where a file is at fault.
   */
  directories(directory: string, filename: string | undefined): Sections | AccessFault {
    const sections = this.#walks.sections(directory);
    if (filename === undefined || "status" in sections) return sections;
    return this.#directoryRegexes.after(sections, filename);
  }

  /** `<Proxy>` and `<ProxyMatch>`, in configuration order. */
  proxies(url: string): Sections {
    if (this.#proxies.length === 0) return none;
    return this.#proxies.filter(({ matcher }) =>
      matcher.kind === "proxy" ? url.startsWith(matcher.prefix) : "regex" in matcher && matcher.regex.test(url),
    );
  }

  /** `<Files>` of the host, then those inside the matched directories. */
  files(name: string, directories: Sections): Sections {
    let matched: AppliedSection[] | undefined;
    for (const section of this.#files) if (matchesName(section, name)) (matched ??= []).push(section);
    for (const { body } of directories) {
      for (const section of body.sections) if (matchesName(section, name)) (matched ??= []).push(section);
    }
    return matched ?? none;
  }
}

function matchesName({ matcher }: AppliedSection, name: string): boolean {
  return matcher.kind === "files" ? matcher.name === name : matcher.kind === "files regex" && matcher.regex.test(name);
}

/** Locations: plain ones by path in a map, the others one by one. */
class LocationIndex {
  readonly #plain = new Map<string, number[]>();
  readonly #regexes: { readonly position: number; readonly regex: RegExp }[] = [];
  readonly #sections: Sections;
  /** What was asked for last: a request asks before its file is known and again then. */
  #last: { readonly path: string; readonly matched: Sections } | undefined;

  constructor(sections: Sections) {
    this.#sections = sections;
    for (const [position, { matcher }] of sections.entries()) {
      if (matcher.kind === "location regex") this.#regexes.push({ position, regex: matcher.regex });
      if (matcher.kind === "location") push(this.#plain, matcher.path, position);
    }
  }

  match(path: string): Sections {
    if (this.#sections.length === 0) return none;
    if (this.#last?.path !== path) this.#last = { path, matched: this.#match(path) };
    return this.#last.matched;
  }

  #match(path: string): Sections {
    const positions: number[] = [];
    // Slashes that were not merged stay for expressions only.
    if (this.#plain.size > 0) this.#matchPlain(path.includes("//") ? path.replace(/\/\/+/g, "/") : path, positions);
    for (const { position, regex } of this.#regexes) if (regex.test(path)) positions.push(position);
    if (positions.length === 0) return none;
    return positions.sort((a, b) => a - b).flatMap((position) => this.#sections[position] ?? []);
  }

  #matchPlain(path: string, positions: number[]): void {
    // "/a" stands for "/a" and what is below it, "/a/" for what is below alone.
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
      if (end > 0) this.#take(path.slice(0, end), positions);
      this.#take(path.slice(0, end + 1), positions);
    }
    if (!path.endsWith("/")) this.#take(path, positions);
  }

  #take(prefix: string, positions: number[]): void {
    const found = this.#plain.get(prefix);
    if (found) positions.push(...found);
  }
}

/** Directories: for each path a list by depth, remembered. */
class DirectoryIndex {
  readonly #plain = new Map<string, number[]>();
  readonly #patterns: { readonly position: number; readonly depth: number; readonly pattern: RegExp }[] = [];
  readonly #sections: Sections;
  readonly #known = new Map<string, DirectoryLevels>();

  constructor(sections: Sections) {
    this.#sections = sections;
    for (const [position, { matcher }] of sections.entries()) {
      if (matcher.kind === "directory") push(this.#plain, matcher.path, position);
      if (matcher.kind === "directory pattern") this.#patterns.push({ position, ...matcher });
    }
  }

  match(directory: string): DirectoryLevels {
    const known = this.#known.get(directory);
    if (known) return known;
    const matched = this.#walk(directory);
    if (this.#known.size >= remembered) this.#known.clear();
    this.#known.set(directory, matched);
    return matched;
  }

  #walk(directory: string): DirectoryLevels {
    const parts = directory.split("/");
    const byDepth = parts.map((_part, depth) => this.#matchLevel(parts.slice(0, depth + 1).join("/"), depth));
    return { all: byDepth.flat(), byDepth };
  }

  #matchLevel(path: string, depth: number): Sections {
    const positions = [...(this.#plain.get(path) ?? [])];
    for (const { position, depth: wanted, pattern } of this.#patterns) {
      if (wanted === depth && pattern.test(path)) positions.push(position);
    }
    if (positions.length === 0) return none;
    return positions.sort((a, b) => a - b).flatMap((position) => this.#sections[position] ?? []);
  }
}

/** Directories by regular expressions: tried on the whole name of the file, or of what is missing first, as in Apache. */
class DirectoryRegexes {
  readonly #regexes: readonly { readonly section: AppliedSection; readonly regex: RegExp }[];
  readonly #known = new Map<string, { readonly before: Sections; readonly all: Sections }>();

  constructor(sections: Sections) {
    const regexes = sections.flatMap((section) =>
      section.matcher.kind === "directory regex" ? [{ section, ...section.matcher }] : [],
    );
    this.#regexes = regexes.sort((a, b) => a.depth - b.depth);
  }

  /** Some sections with those that match behind them; the same list for the same ones. */
  after(before: Sections, filename: string): Sections {
    if (this.#regexes.length === 0) return before;
    const known = this.#known.get(filename);
    if (known?.before === before) return known.all;
    const matched = this.#regexes.flatMap(({ section, regex }) => (regex.test(filename) ? [section] : []));
    const all = matched.length === 0 ? before : [...before, ...matched];
    if (this.#known.size >= remembered) this.#known.clear();
    this.#known.set(filename, { before, all });
    return all;
  }
}

function push(map: Map<string, number[]>, key: string, position: number): void {
  const positions = map.get(key);
  if (positions) positions.push(position);
  else map.set(key, [position]);
}
