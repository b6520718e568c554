// The request's path and file name → the sections laid over its virtual host.
import { posix } from "node:path";
import { noOptions, refuse, type OptionSet, type Response } from "../api/index.js";
import type { AppliedSection } from "../config/apply.js";
import type { Plan } from "../config/merge.js";
import type { AccessFault } from "./access-file.js";
import { layConditions } from "./conditions.js";
import { lay } from "./lay.js";
import type { CoreSettings, ServerRequest } from "./request.js";
import type { SectionIndex } from "./sections.js";
import { brokenLink, refusedLink, walk } from "./walk.js";

type Sections = readonly AppliedSection[];

/** What a module's file name may hold, and the path of a request not: dot segments, doubled slashes. */
const unusual = /\/(?:\/|\.\.?(?:\/|$))/;

/**
 * Lays the matching Locations over the virtual host, then the conditions that are true, for the phases before the file is
 * known; `outer` goes before them.
 */
export function matchLocations(
  request: ServerRequest,
  index: SectionIndex,
  outer: Sections = [],
): Promise<void> | undefined {
  const { path, virtualHost } = request;
  request.plan = lay(lay(virtualHost.plan, outer), index.locations(path));
  exportMatches(request, index.locations(path), path);
  return layConditions(request);
}

/**
 * Looks at the mapped file and lays directories, files, Locations, conditions over the virtual host. `mapped`: a module has taken
 * the request off the file system, only Locations apply, and for "proxy:URL" the proxy sections before them.
 */
export function mapToStorage(
  request: ServerRequest,
  index: SectionIndex,
  mapped: boolean,
): Response | undefined | Promise<Response | undefined> {
  if (mapped || request.filename === "") {
    const isProxied = request.filename.startsWith("proxy:");
    const proxies = isProxied ? index.proxies(request.filename.slice("proxy:".length)) : [];
    return matchLocations(request, index, proxies)?.then(() => undefined);
  }
  return mapFile(request, index) ?? layConditions(request)?.then(() => undefined);
}

function mapFile(request: ServerRequest, index: SectionIndex): Response | undefined {
  // Sections match by text: it must be the text of the file that is meant.
  if (unusual.test(request.filename)) request.filename = posix.normalize(request.filename);
  const walked = walk(request.filename, request.contextDocumentRoot);
  request.filename = walked.filename;
  request.file = walked.file;
  request.pathInfo = walked.pathInfo;
  const directories = directoriesOf(request, index);
  if ("status" in directories) return refuseByAccess(request, directories);
  if (walked.denied !== undefined) {
    request.log("error", "core", deniedMessage(request, walked.denied));
    return refuse(403);
  }
  const refused = refuseLinks(request, index, directories);
  if (refused) return refused;
  const name = request.filename.slice(request.filename.lastIndexOf("/") + 1);
  const files = name === "" ? [] : index.files(name, directories);
  layAll(request, index, directories, files);
  return undefined;
}

/**
 * The directory sections over the mapped file; those of a request that this one came of hold for a file in the same
 * directory, whatever regular expressions say of its own name.
 */
function directoriesOf(request: ServerRequest, index: SectionIndex): Sections | AccessFault {
  const { file, filename, pathInfo } = request;
  const directory = directoryOf(request);
  const origin = (request.previous ?? request.parent)?.walked;
  if (origin?.directory === directory && (file?.isFile() || (file?.isDirectory() && pathInfo === ""))) {
    request.walked = origin;
    return origin.sections;
  }
  const sections = index.directories(directory, filename);
  if ("status" in sections) return sections;
  // A directory without slash is not known again as the one of what it holds.
  if (!file?.isDirectory() || filename.endsWith("/")) request.walked = { directory, sections };
  return sections;
}

/** The file cannot be read or holds a fault: what it may have wanted to refuse is refused. */
function refuseByAccess(request: ServerRequest, { status, level, messages, note }: AccessFault): Response {
  for (const message of messages) request.log(level, "core", message);
  return refuse(status, note === undefined ? {} : { note });
}

function layAll(request: ServerRequest, index: SectionIndex, directories: Sections, files: Sections): void {
  const { path, virtualHost } = request;
  const locations = index.locations(path);
  const plan = lay(lay(virtualHost.plan, directories), files);
  request.plan = lay(plan, locations);
  exportMatches(request, directories, request.filename);
  exportMatches(request, files, request.filename.slice(request.filename.lastIndexOf("/") + 1));
  exportMatches(request, locations, path);
}

/** Named groups of regex sections become MATCH_NAME in the environment. */
function exportMatches(request: ServerRequest, sections: Sections, subject: string): void {
  for (const { matcher } of sections) {
    if (!("regex" in matcher) || !matcher.regex.source.includes("(?<")) continue;
    for (const [name, value] of Object.entries(matcher.regex.exec(subject)?.groups ?? {})) {
      if (value !== undefined) request.environment.set(`MATCH_${name.replace(/\$.*/, "").toUpperCase()}`, value);
    }
  }
}

function directoryOf({ filename, file }: ServerRequest): string {
  if (file?.isDirectory()) return filename.endsWith("/") ? filename.slice(0, -1) : filename;
  return filename.slice(0, filename.lastIndexOf("/"));
}

function deniedMessage({ filename }: ServerRequest, denied: string): string {
  if (denied === brokenLink) return `AH00037: Symbolic link not allowed or link target not accessible: ${filename}`;
  return denied === "EACCES"
    ? `AH00035: access to ${filename} denied because search permissions are missing on a component of the path`
    : `AH00036: access to ${filename} failed (${denied})`;
}

/** Whether a link could be refused somewhere above, by the list of directory sections that match. */
const linkChecks = new WeakMap<Sections, Map<Plan, boolean>>();

function refuseLinks(request: ServerRequest, index: SectionIndex, directories: Sections): Response | undefined {
  if (!checksLinks(request.virtualHost.plan, directories)) return undefined;
  const { virtualHost } = request;
  const optionsAt = (directory: string): OptionSet => {
    const sections = index.directories(directory, undefined);
    return "status" in sections ? noOptions : optionsOf(lay(virtualHost.plan, sections));
  };
  const link = refusedLink(request.filename.replace(/\/$/, ""), optionsAt);
  if (link === undefined) return undefined;
  request.log("error", "core", `AH00037: Symbolic link not allowed or link target not accessible: ${link}`);
  return refuse(403);
}

function checksLinks(host: Plan, directories: Sections): boolean {
  const byHost = linkChecks.get(directories) ?? new Map<Plan, boolean>();
  const known = byHost.get(host);
  if (known !== undefined) return known;
  let plan = host;
  let checks = !optionsOf(plan).FollowSymLinks;
  for (const section of directories) {
    plan = plan.with(section);
    checks ||= !optionsOf(plan).FollowSymLinks;
  }
  linkChecks.set(directories, byHost.set(host, checks));
  return checks;
}

function optionsOf(plan: Plan): OptionSet {
  const { options } = plan.settings["core"] as CoreSettings;
  if (!options.plain) throw new TypeError("merged Options always hold a whole set");
  return options.plain;
}
