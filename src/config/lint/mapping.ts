// Lines that map URL paths → those that an earlier step takes the paths away from; redirects that lead to themselves.
import { prefixLength } from "../../api/index.js";
import type { DirectiveNode, Node } from "../tree.js";
import { findingAt, isDirective, wordsOf, type HostLines, type Lint } from "./view.js";

/** A line that maps what begins with a path. */
export interface Mapping {
  readonly node: DirectiveNode;
  readonly prefix: string;
  /** Place in the order in which modules are asked. */
  readonly rank: number;
  /** `ProxyPass /path !`: takes the path from later passes, and gives it to nobody. */
  readonly isException: boolean;
}

const ranks: Readonly<Record<string, number>> = {
  proxypass: 0,
  redirect: 1,
  redirectpermanent: 1,
  redirecttemp: 1,
  alias: 2,
  scriptalias: 2,
  wsgiscriptalias: 3,
};

/** The mappings of one host outside of sections, in the order in which they are asked. */
export function mappingsOf(nodes: readonly Node[]): Mapping[] {
  const found = nodes.flatMap((node): Mapping[] => {
    if (node.kind !== "directive") return [];
    const rank = ranks[node.key];
    if (rank === undefined) return [];
    const words = wordsOf(node);
    const prefix = node.key === "redirect" && !words[0]?.startsWith("/") ? words[1] : words[0];
    if (!prefix?.startsWith("/")) return [];
    return [{ node, prefix, rank, isException: rank === 0 && words[1] === "!" }];
  });
  return found
    .map((mapping, index) => ({ mapping, index }))
    .sort((a, b) => a.mapping.rank - b.mapping.rank || a.index - b.index)
    .map(({ mapping }) => mapping);
}

/** Aliases behind aliases and passes behind passes are what mod_alias and mod_proxy warn of themselves. */
const hiddenMapping: Lint = {
  code: "hidden-mapping",
  *find({ named }) {
    const seen = new Set<HostLines>();
    const several = new Set<HostLines>();
    for (const { body } of named(...Object.keys(ranks))) {
      if (body.inside) continue;
      if (seen.has(body.lines)) several.add(body.lines);
      else seen.add(body.lines);
    }
    for (const { nodes } of several) {
      const mappings = mappingsOf(nodes);
      const byPrefix = new Map<string, Mapping>();
      for (const mapping of mappings) {
        const earlier = hiderOf(mapping, byPrefix);
        if (earlier && (earlier.rank !== mapping.rank || mapping.rank === 1 || mapping.rank === 3)) {
          yield findingAt(
            mapping.node,
            `${mapping.node.name} "${mapping.prefix}" never acts: ${earlier.node.name} "${earlier.prefix}" is asked first and takes the path`,
            {
              word: wordsOf(mapping.node).indexOf(mapping.prefix),
              related: [{ origin: earlier.node.origin, text: `${earlier.node.name} "${earlier.prefix}"` }],
              advice: adviceFor(mapping, earlier),
            },
          );
        }
        if (!byPrefix.has(mapping.prefix)) byPrefix.set(mapping.prefix, mapping);
      }
    }
  },
};

/** The mapping asked earlier that takes all of this one's path, unless an exception gives the path back. */
function hiderOf({ prefix, isException, rank }: Mapping, byPrefix: ReadonlyMap<string, Mapping>): Mapping | undefined {
  if (isException) return undefined;
  let hider: Mapping | undefined;
  for (let end = prefix.length; end > 0; end = prefix.lastIndexOf("/", end - 1)) {
    for (const candidate of [prefix.slice(0, end), prefix.slice(0, end + 1)]) {
      const earlier = byPrefix.get(candidate);
      if (!earlier || prefixLength(prefix, earlier.prefix) === 0) continue;
      if (earlier.isException && rank !== 0) return hider && hider.rank !== 0 ? hider : undefined;
      if (!earlier.isException) hider = earlier;
    }
    if (end === 0) break;
  }
  const root = byPrefix.get("/");
  return hider ?? (root && !root.isException ? root : undefined);
}

function adviceFor(mapping: Mapping, earlier: Mapping): string {
  if (earlier.rank === 0) return `write "ProxyPass ${mapping.prefix} !" before that line`;
  return mapping.rank === earlier.rank
    ? "write the longer path first"
    : "modules are asked in the order mod_proxy, Redirect, Alias, WSGIScriptAlias, wherever the lines stand";
}

const redirectLoop: Lint = {
  code: "redirect-loop",
  *find({ named }) {
    for (const { node, body } of named("redirect", "redirectpermanent", "redirecttemp")) {
      if (body.inside) continue;
      const words = wordsOf(node);
      if (node.key === "redirect" && !words[0]?.startsWith("/")) words.shift();
      const [from = "", to = ""] = words;
      if (from === "" || !leadsBack(to, from, body.lines)) continue;
      yield findingAt(node, `"${to}" is redirected by this very line: the client goes round until it gives up`, {
        word: wordsOf(node).indexOf(to),
        advice: "redirect from another virtual host, or use RedirectMatch with a pattern the target does not match",
      });
    }
  },
};

/** Whether a redirect's target is this virtual host and the path the redirect starts from. */
function leadsBack(target: string, from: string, { host, nodes }: HostLines): boolean {
  const [, scheme = "", authority = "", path = "/"] = /^(?:(https?):\/\/([^/?#]+))?(\/[^?#]*)?/i.exec(target) ?? [];
  if (target === "" || prefixLength(path, from) === 0) return false;
  if (scheme === "") return target.startsWith("/");
  const isTls = nodes.some((node) => isDirective(node, "sslengine") && /^on$/i.test(wordsOf(node)[0] ?? ""));
  if (isTls !== (scheme.toLowerCase() === "https")) return false;
  const [name = "", port = isTls ? "443" : "80"] = authority.toLowerCase().split(":");
  const ports = host.addresses.map((address) => /:(\d+)$/.exec(address)?.[1] ?? "*");
  if (host.isMain || !ports.every((each) => each === port)) return false;
  if (!nodes.some((node) => isDirective(node, "servername"))) return false;
  return [host.serverName, ...host.aliases].some((each) => each.toLowerCase() === name);
}

const impossiblePath: Lint = {
  code: "impossible-path",
  *find({ named }) {
    for (const { node, body } of named("redirect", "redirectpermanent", "redirecttemp")) {
      // In a section the path may be left out.
      if (body.inside) continue;
      const words = wordsOf(node);
      const isStatus = node.key === "redirect" && /^(?:\d+|permanent|temp|seeother|gone)$/i.test(words[0] ?? "");
      const path = words[isStatus ? 1 : 0] ?? "";
      if (path === "" || /^[/$%]/.test(path)) continue;
      yield findingAt(node, `"${path}" is the beginning of no path: this line never acts`, {
        word: words.indexOf(path),
        advice: `write "/${path}"`,
      });
    }
  },
};

/** Lints of mappings. */
export const mappingLints: readonly Lint[] = [hiddenMapping, redirectLoop, impossiblePath];
