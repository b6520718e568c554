// Lines that lead to folders → those whose folder a section closes, and none opens.
import { dirname, resolve } from "node:path";
import { prefixLength } from "../../api/index.js";
import type { Node, SectionNode } from "../tree.js";
import { statOf } from "./files.js";
import { mappingsOf } from "./mapping.js";
import { findingAt, isDirective, wordsOf, type HostLines, type Lint } from "./view.js";

/** What the lines of a `<Directory>` without wildcards say of access. */
interface Folder {
  readonly section: SectionNode;
  /** Undefined: nothing. */
  readonly isClosed: boolean | undefined;
  /** Whether .htaccess files may say otherwise; undefined: nothing. */
  readonly isOverridden: boolean | undefined;
}

/** Where a section may open something: at what begins with this path of a URL or of a file; without either, anywhere. */
interface Opener {
  readonly url?: string;
  readonly file?: string;
}

/** The sections of the main server or of a virtual host, as far as they say something of access. */
interface Sections {
  /** By path, "" being the root. */
  readonly folders: ReadonlyMap<string, Folder>;
  readonly openers: readonly Opener[];
  /** Whether there are lines that may take every path from DocumentRoot. */
  readonly mapsMore: boolean;
}

const rules = ["require", "order", "allow", "deny", "satisfy", "authmerging"];
const blocks = ["<requireall>", "<requireany>", "<requirenone>"];
const mappers = [
  "rewriterule",
  "redirectmatch",
  "aliasmatch",
  "scriptaliasmatch",
  "proxypassmatch",
  "wsgiscriptaliasmatch",
];

/** Whether these lines may let somebody in, let nobody in, or say nothing. */
function accessIn(nodes: readonly Node[]): "open" | "closed" | "nothing" {
  let access: "closed" | "nothing" = "nothing";
  for (const node of nodes) {
    if (blocks.includes(node.key)) return "open";
    if (node.kind === "section") {
      if (accessIn(node.children) === "open") return "open";
    } else if (rules.includes(node.key)) {
      if (!closes(node)) return "open";
      access = "closed";
    }
  }
  return access;
}

function closes({ key, text }: Node): boolean {
  if (key === "require") return /^all\s+denied$/i.test(text);
  return key === "order" || (key === "deny" && /^from\s+all$/i.test(text));
}

function sectionsOf({ nodes }: HostLines, serverRoot: string): Sections {
  const folders = new Map<string, Folder>();
  const openers: Opener[] = [];
  for (const node of nodes) {
    if (node.kind !== "section") continue;
    const [path = "", more] = wordsOf(node);
    const isPlain = more === undefined && path !== "~" && !/[*?[]/.test(path);
    if (node.key === "<directory>" && isPlain) {
      const key = resolve(serverRoot, path).replace(/^\/$/, "");
      folders.set(key, folderOf(node, folders.get(key)));
    } else if (accessIn(node.children) === "open" && !node.key.startsWith("<proxy")) {
      if (node.key === "<location>" && isPlain) openers.push({ url: path });
      else openers.push(node.key === "<directory>" && path !== "~" ? { file: beforeWildcard(path, serverRoot) } : {});
    }
  }
  const mapsMore = nodes.some(({ key }) => mappers.includes(key) || key.startsWith("<location"));
  return { folders, openers, mapsMore };
}

/** What comes before the first wildcard, as far as a slash: a path to begin with. */
function beforeWildcard(path: string, serverRoot: string): string {
  return resolve(serverRoot, path.replace(/[^/]*[*?[].*$/, ""));
}

function folderOf(section: SectionNode, before: Folder | undefined): Folder {
  const { children } = section;
  const own = accessIn(children.filter(({ kind }) => kind === "directive"));
  const isClosed = accessIn(children) === "open" ? false : own === "closed" ? true : before?.isClosed;
  return { section, isClosed, isOverridden: overridesIn(children) ?? before?.isOverridden };
}

function overridesIn(nodes: readonly Node[]): boolean | undefined {
  const lines = nodes.filter((node) => isDirective(node, "allowoverride", "allowoverridelist"));
  return lines.length === 0 ? undefined : lines.some(({ text }) => !/^none$/i.test(text));
}

/** The section that closes a folder to everybody, as far as can be seen without a request. */
function closerOf(target: string, url: string, all: readonly Sections[]): SectionNode | undefined {
  let last: Folder | undefined;
  let isOverridden = false;
  for (let end = 0; end >= 0; end = end === target.length ? -1 : nextSlash(target, end)) {
    for (const { folders } of all) {
      const folder = folders.get(target.slice(0, end));
      if (folder?.isClosed !== undefined) last = folder;
      isOverridden = folder?.isOverridden ?? isOverridden;
    }
  }
  if (!last?.isClosed || isOverridden) return undefined;
  for (const { folders, openers } of all) {
    if (openers.some((opener) => mayOpen(opener, target, url))) return undefined;
    for (const [path, { isClosed }] of folders)
      if (isClosed === false && path.startsWith(`${target}/`)) return undefined;
  }
  return last.section;
}

function nextSlash(target: string, from: number): number {
  const at = target.indexOf("/", from + 1);
  return at < 0 ? target.length : at;
}

/** Whether what it opens covers the mapping or is a part of it. */
function mayOpen(opener: Opener, target: string, url: string): boolean {
  if (opener.file !== undefined) return target.startsWith(opener.file) || opener.file.startsWith(`${target}/`);
  if (opener.url === undefined) return true;
  return prefixLength(url, opener.url) > 0 || (url !== "/" && prefixLength(opener.url, url) > 0);
}

const closedFolder: Lint = {
  code: "closed-folder",
  *find({ hosts: [main, ...others], named, server }) {
    const isAnyClosed = named("<directory>").some(
      ({ node }) => node.kind === "section" && accessIn(node.children) === "closed",
    );
    if (!main || !isAnyClosed) return;
    const common = sectionsOf(main, server.serverRoot);
    const own = new Map(others.map((host) => [host, sectionsOf(host, server.serverRoot)]));
    for (const { node, body } of named("alias", "scriptalias", "wsgiscriptalias", "documentroot")) {
      const [prefix = "", path = prefix] = wordsOf(node);
      if (body.inside || /[%$]/.test(path)) continue;
      const isRoot = node.key === "documentroot";
      const isMain = body.lines === main;
      // What the main server maps is mapped in every virtual host.
      const places = isMain ? [undefined, ...own.values()] : [own.get(body.lines)];
      if (isRoot && ((isMain && others.length > 0) || isPassedBy(body.lines, places[0] ?? common))) continue;
      const target = resolve(server.serverRoot, path);
      const closers = new Set(
        places.map((place) => closerOf(target, isRoot ? "/" : prefix, place ? [common, place] : [common])),
      );
      const [closer] = closers;
      if (!closer || closers.has(undefined)) continue;
      const isScript = node.key === "wsgiscriptalias" && !path.endsWith("/");
      const folder = isScript || statOf(target)?.isFile() ? dirname(target) : target;
      yield findingAt(node, `everybody gets a 403: ${folder} is closed, and no section opens it`, {
        word: isRoot ? 0 : 1,
        related: [{ origin: closer.origin, text: `<${closer.name} ${closer.text}> lets nobody in` }],
        advice: `write <Directory "${folder}"> with "Require all granted" in it`,
      });
    }
  },
};

/** Whether other lines may take every path, so that nothing is served from DocumentRoot. */
function isPassedBy({ nodes }: HostLines, { mapsMore }: Sections): boolean {
  return mapsMore || mappingsOf(nodes).some(({ prefix }) => prefix === "/");
}

/** Lints of folders that are served. */
export const closedLints: readonly Lint[] = [closedFolder];
