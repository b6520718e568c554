// A request and the rules → the back end it goes to, and the path it asks there.
import { lookupFor, prefixLength, type Found, type Request, type Response } from "../../api/index.js";
import { forwardMapping, forwardParameters } from "./forward.js";
import { joined, type AllParameters } from "./parameters.js";
import type { Destination, ProxyRule } from "./rules.js";
import { parametersOfRule } from "./sharing.js";
import { servletPath, servletPrefixLength } from "./servlet-path.js";
import type { ProxySettings, SetLine } from "./settings.js";
import { canonicalPath, comparable, nameOf, parseAuthority, type Address } from "./target.js";

/** Where a request goes. */
export interface Mapping {
  /** File name of the request that was mapped: "proxy:" and the URL, decoded. */
  readonly filename: string;
  readonly address: Address;
  /** Path and query, as they go over the wire. */
  readonly path: string;
  /** The path alone, decoded. */
  readonly decoded: string;
  readonly parameters: AllParameters;
  /** The path is a file's, by SetHandler. */
  readonly isHandedOver?: boolean;
  /** The path goes on as the client sent it (nocanon). */
  readonly isRaw?: boolean;
}

const key = Symbol("mapping of mod_proxy");

/** Whether there are rules for paths that are not decoded. */
export function mapsEncoded({ rules, sectionRule }: ProxySettings): boolean {
  return isForEncoded(sectionRule) || rules.some(isForEncoded);
}

/** Whether a request has been mapped by such a rule. */
export function isMapped(request: Request): boolean {
  return request.kept.get(takenKey) === true;
}

/**
 * Maps a request by the ProxyPass of its `<Location>`, else by the first rule that matches; false when none does.
 * `isEncoded`: the path is not decoded yet, and the rules for such paths are meant.
 */
export function translate(request: Request, settings: ProxySettings, isEncoded = false): boolean {
  const { sectionRule } = settings;
  if (request.environment.has("no-proxy")) return false;
  const own = isForEncoded(sectionRule) === isEncoded ? sectionRule : undefined;
  const found =
    (own && matchOf(own, request.path)) ??
    (isEncoded ? firstForEncoded(settings.rules, request.path) : lookupFor(decodedRules(settings.rules))(request.path));
  if (!found) return false;
  request.wentBy(found.rule.origin);
  if (!found.rule.destination) return false;
  const mapping = mappingOf(request, found, settings);
  request.filename = typeof mapping === "string" ? mapping : mapping.filename;
  request.handler = "proxy-server";
  if (typeof mapping !== "string") request.kept.set(key, mapping);
  if (isEncoded) request.kept.set(takenKey, true);
  // Sections see the path that the servlet sees.
  if (found.rule.mapping === "servlet" && "prefix" in found.rule) request.path = servletPath(request.path) ?? "/";
  return true;
}

const takenKey = Symbol("taken by mod_proxy before its path is decoded");

function isForEncoded(rule: ProxyRule | undefined): boolean {
  return rule !== undefined && rule.mapping !== "decoded";
}

/** The rules for decoded paths: mostly all of them. */
function decodedRules(rules: readonly ProxyRule[]): readonly ProxyRule[] {
  let decoded = decodedAlone.get(rules);
  if (!decoded) {
    decoded = rules.some(isForEncoded) ? rules.filter((rule) => !isForEncoded(rule)) : rules;
    decodedAlone.set(rules, decoded);
  }
  return decoded;
}

const decodedAlone = new WeakMap<readonly ProxyRule[], readonly ProxyRule[]>();

function firstForEncoded(rules: readonly ProxyRule[], path: string): Found<ProxyRule> | undefined {
  for (const rule of rules) {
    const found = isForEncoded(rule) ? matchOf(rule, path) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** Where a request goes that has been mapped, by this module or by another that set "proxy:URL" as its file name. */
export function mappingFor(request: Request, settings: ProxySettings): Mapping | Response | undefined {
  if (request.isForwarded) {
    const forwarded = forwardMapping(request);
    if ("status" in forwarded) return forwarded;
    const own = ruleParameters(forwarded, settings.rules);
    return { ...forwarded, parameters: parametersOf(own === none ? forwardParameters : own, forwarded, settings.sets) };
  }
  const kept = request.kept.get(key) as Mapping | undefined;
  if (kept?.filename === request.filename) {
    // Sections of back ends may have more to say than was known when it was mapped.
    const parameters = parametersOf(kept.parameters, kept, settings.sets);
    return parameters === kept.parameters ? kept : { ...kept, parameters };
  }
  const url = request.filename.slice("proxy:".length);
  const mapping = request.notes.has("proxy-nocanon")
    ? rawMappingOf(request, url)
    : mappingOfUrl(url, queryOf(request), {});
  if (typeof mapping === "string") return undefined;
  return { ...mapping, parameters: parametersOf(ruleParameters(mapping, settings.rules), mapping, settings.sets) };
}

/** What is set for a back end behind the parameters of its line. */
function parametersOf(parameters: AllParameters, mapping: Mapping, sets: readonly SetLine[]): AllParameters {
  if (sets.length === 0) return parameters;
  const url = comparable(mapping.filename.slice("proxy:".length));
  const meant = sets.filter((line) => url.startsWith(line.url));
  if (meant.length === 0) return parameters;
  const names = meant.map((line) => line.url).join("\n");
  const byNames = known.get(parameters) ?? new Map<string, AllParameters>();
  known.set(parameters, byNames);
  let all = byNames.get(names);
  if (!all) {
    all = meant.reduce((earlier, line) => joined(earlier, line.parameters), parameters);
    if (byNames.size < 1000) byNames.set(names, all);
  }
  return all;
}

/** Parameters with what sections say on top, so that the same ones are the same object. */
const known = new WeakMap<AllParameters, Map<string, AllParameters>>();
const none: AllParameters = {};

/** A URL made by others is treated as the ProxyPass with the longest URL it begins with. */
function ruleParameters({ filename }: Mapping, rules: readonly ProxyRule[]): AllParameters {
  const url = comparable(filename.slice("proxy:".length));
  let [best, length] = [none, 0];
  for (const rule of rules) {
    const { destination } = rule;
    if (destination?.kind !== "back end") continue;
    const name = comparable(nameOf(destination.target));
    if (name.length > length && url.startsWith(name)) [best, length] = [parametersOfRule(rule, name), name.length];
  }
  return best;
}

function matchOf(rule: ProxyRule, path: string): Found<ProxyRule> | undefined {
  if ("regex" in rule) {
    const match = rule.regex.exec(path);
    return match ? { rule, end: 0, match } : undefined;
  }
  const end = (rule.mapping === "servlet" ? servletPrefixLength : prefixLength)(path, rule.prefix);
  return end > 0 ? { rule, end, match: undefined } : undefined;
}

/** The mapping, or the file name of a request that leads nowhere. */
function mappingOf(
  request: Request,
  { rule, end, match }: Found<ProxyRule>,
  { interpolates }: ProxySettings,
): Mapping | string {
  const { destination, noquery } = rule;
  const query = noquery ? "" : queryOf(request);
  if (destination?.kind === "filled URL" && match) {
    return mappingOfUrl(destination.fill(match), query, destination.parameters);
  }
  if (destination?.kind === "filled path" && match) {
    const { address, fill, parameters } = destination;
    const path = fill(match);
    const wire = isForEncoded(rule) ? path : canonicalPath(path);
    return join(address, { path, shown: path, wire, query }, parameters);
  }
  if (destination?.kind === "interpolated") {
    const url = interpolates ? interpolate(destination.url, request) : destination.url;
    const rest = request.path.slice(end);
    // Behind the port, anything but a slash would name another host.
    const joins = rest === "" || rest.startsWith("/") || /^[^/]*:\/\/[^/]*\//.test(url);
    return joins ? mappingOfUrl(url + rest, query, destination.parameters) : `proxy:${url}${rest}`;
  }
  if (destination?.kind !== "back end") return "proxy:";
  return ownMapping(request, { rule, end, destination, query });
}

function ownMapping(
  request: Request,
  parts: {
    readonly rule: ProxyRule;
    readonly end: number;
    readonly destination: Extract<Destination, { readonly kind: "back end" }>;
    readonly query: string;
  },
): Mapping | string {
  const { rule, end, query } = parts;
  const { target } = parts.destination;
  const raw = rule.nocanon && rule.mapping !== "servlet" ? rawRest(request, rule) : undefined;
  const rest = raw ?? (isForEncoded(rule) ? request.path.slice(end) : restOf(request, end));
  const path = target.path + rest;
  const shown = target.path + request.path.slice(end);
  const parameters = parametersOfRule(rule, nameOf({ address: target.address, path: shown }));
  const mapping = join(target.address, { path, shown, wire: path, query }, parameters);
  return rule.nocanon && typeof mapping !== "string" ? { ...mapping, isRaw: true } : mapping;
}

/** Variables of the environment in the place of `${NAME}`; those that are not set are left out. */
export function interpolate(text: string, { environment }: Request): string {
  return text.replace(/\$\{([^}]*)\}/g, (_all, name: string) => environment.get(name) ?? "");
}

function mappingOfUrl(text: string, query: string, parameters: AllParameters): Mapping | string {
  const { socket, url = "" } = /^(?:unix:(?:\/\/)?(?<socket>\/[^|]*)\|)?(?<url>.*)$/is.exec(text)?.groups ?? {};
  const {
    scheme,
    authority,
    path = "",
  } = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?<authority>[^/]*)(?<path>.*)$/is.exec(url)?.groups ?? {};
  if (scheme === undefined || authority === undefined) return `proxy:${text}`;
  const address = parseAuthority(scheme.toLowerCase(), authority, socket);
  if (typeof address === "string") return `proxy:${text}`;
  const mapping = join(address, { path, shown: path, wire: canonicalPath(path), query }, parameters);
  // The file name stays what it is, so that the mapping is known again by it.
  return typeof mapping === "string" ? mapping : { ...mapping, filename: `proxy:${text}` };
}

/** A URL that goes over the wire as it stands ([NE] of mod_rewrite); what may not stand there leads nowhere. */
function rawMappingOf(request: Request, url: string): Mapping | string {
  const mapping = mappingOfUrl(url, "", {});
  if (typeof mapping === "string") return mapping;
  const raw = /^(?:unix:[^|]*\|)?[a-z][a-z0-9+.-]*:\/\/[^/]*(.*)$/is.exec(url)?.[1] ?? "";
  if (/[^!-\xff]|\x7f/.test(raw + queryOf(request))) return mapping.filename;
  return { ...mapping, path: (raw === "" ? "/" : raw) + queryOf(request), isRaw: true };
}

function join(
  address: Address,
  { path, shown, wire, query }: { path: string; shown: string; wire: string; query: string },
  parameters: AllParameters,
): Mapping | string {
  const filename = `proxy:${nameOf({ address, path: shown })}`;
  // Behind the port, anything but a slash would name another host.
  if (path !== "" && !path.startsWith("/")) return filename;
  return { filename, address, path: (wire === "" ? "/" : wire) + query, decoded: shown, parameters };
}

function queryOf({ query }: Request): string {
  return query === undefined ? "" : `?${query}`;
}

/**
 * What of the path is behind `end`, as the client sent it. Where the path was more than decoded (dot segments, doubled
 * slashes, another module's doing) it is encoded anew, so that the back end sees the path that access rules were applied to.
 */
function restOf({ target, path }: Request, end: number): string {
  const mark = target.indexOf("?");
  const raw = mark < 0 ? target : target.slice(0, mark);
  if (raw === path) return raw.slice(end);
  const at = rawOffset(raw, path, end);
  return at === undefined ? canonicalPath(path.slice(end)) : raw.slice(at);
}

/** Where in `raw` the character of `path` at `end` begins; undefined where `raw` does not decode to `path`. */
function rawOffset(raw: string, path: string, end: number): number | undefined {
  let found: number | undefined;
  let at = 0;
  let i = 0;
  for (; i < raw.length; at++) {
    if (at === end) found = i;
    if (raw.charAt(i) !== "%") {
      if (raw.charAt(i++) !== path.charAt(at)) return undefined;
      continue;
    }
    const triplet = raw.slice(i, i + 3);
    if (String.fromCharCode(parseInt(triplet.slice(1), 16)) !== path.charAt(at)) {
      // AllowEncodedSlashes NoDecode leaves them as they are.
      if (triplet.toLowerCase() !== "%2f" || path.slice(at, at + 3) !== triplet) return undefined;
      at += 2;
    }
    i += 3;
  }
  if (at !== path.length) return undefined;
  return end === at ? i : found;
}

/** For nocanon: the rest of the undecoded path, where that begins with the prefix. */
function rawRest({ target }: Request, rule: ProxyRule): string | undefined {
  const raw = /^[^?]*/.exec(target)?.[0] ?? "";
  if (!("prefix" in rule)) return raw;
  const end = prefixLength(raw, rule.prefix);
  return end > 0 ? raw.slice(end) : undefined;
}
