// A compiled configuration → what lints look at: the lines of each virtual host, with their words.
import { ConfigError, type ConfigErrorDetail, type Origin } from "../../api/index.js";
import type { CompiledHost, CompiledServer } from "../compile.js";
import { originAt, type DirectiveNode, type Node, type SectionNode } from "../tree.js";
import { splitWords } from "../../api/words.js";

/** A check of a sound configuration for what is most likely not meant. */
export interface Lint {
  /** Its name in docs/lints.md. */
  readonly code: string;
  find(view: LintView): Iterable<Finding>;
}

/** What a lint found; the code is added by whoever runs it. */
export interface Finding {
  readonly reason: string;
  readonly origin: Origin;
  readonly detail?: Omit<ConfigErrorDetail, "code">;
}

/** The lines of the main server or of a virtual host. */
export interface HostLines {
  readonly host: CompiledHost;
  /** Its addresses in one spelling: "*:80". */
  readonly addresses: readonly string[];
  readonly nodes: readonly Node[];
}

/** The lines of one section, or of a host outside of sections. */
export interface Body {
  readonly nodes: readonly Node[];
  readonly inside: SectionNode | undefined;
  readonly lines: HostLines;
}

/** A line with what it stands in. */
export interface PlacedNode {
  readonly node: Node;
  readonly body: Body;
}

/** A configuration as lints see it. */
export interface LintView {
  readonly server: CompiledServer;
  /** The main server first; its nodes are without the virtual hosts. */
  readonly hosts: readonly HostLines[];
  /** All lines with these keys (see `Node`), host by host; of several keys, one key's after the other's. */
  readonly named: (...keys: readonly string[]) => readonly PlacedNode[];
  /** The bodies that hold a line with one of these keys themselves, each once. */
  readonly holding: (...keys: readonly string[]) => readonly Body[];
}

/** Arranges a compiled server for lints: one walk over all lines, so that a lint looks at those it is about alone. */
export function lintView(server: CompiledServer): LintView {
  const { nodes } = server.tree;
  const spellings = new Map<string, string>();
  const spelled = (written: string): string => {
    const known = spellings.get(written) ?? spell(written);
    spellings.set(written, known);
    return known;
  };
  const byOrigin = new Map<Origin, SectionNode>();
  for (const node of nodes) if (isSection(node, "<virtualhost>")) byOrigin.set(node.origin, node);
  const byKey = new Map<string, PlacedNode[]>();
  const hosts = server.virtualHosts.map((host): HostLines => {
    const own = host.isMain
      ? nodes.filter(({ key }) => key !== "<virtualhost>")
      : (byOrigin.get(host.origin)?.children ?? []);
    const lines: HostLines = { host, addresses: host.addresses.map(spelled), nodes: own };
    index({ nodes: own, inside: undefined, lines }, byKey);
    return lines;
  });
  const named: LintView["named"] = (...keys) => {
    const [first = "", ...more] = keys;
    return more.length === 0 ? (byKey.get(first) ?? []) : keys.flatMap((key) => byKey.get(key) ?? []);
  };
  return { server, hosts, named, holding: (...keys) => [...new Set(named(...keys).map(({ body }) => body))] };
}

/** An address as written → "*:80", with "*" where nothing is said. */
function spell(written: string): string {
  const [, host = "", port = "*"] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(written) ?? [];
  const name = host === "_default_" || host === "" ? "*" : host.toLowerCase();
  return `${name}:${port === "" || port === "0" ? "*" : port}`;
}

/** Enters the lines of a body, and of the sections in it, by key. */
function index(body: Body, byKey: Map<string, PlacedNode[]>): void {
  for (const node of body.nodes) {
    const placed = byKey.get(node.key);
    if (placed) placed.push({ node, body });
    else byKey.set(node.key, [{ node, body }]);
    if (node.kind === "section") index({ nodes: node.children, inside: node, lines: body.lines }, byKey);
  }
}

export function isSection(node: Node, key: string): node is SectionNode {
  return node.kind === "section" && node.key === key;
}

/** Whether it is one of these directives; names in lower case. */
export function isDirective(node: Node, ...keys: readonly string[]): node is DirectiveNode {
  return node.kind === "directive" && keys.includes(node.key);
}

/** Whether one of these lines has this key, in the sections among them too. */
export function hasLine(nodes: readonly Node[], key: string): boolean {
  return nodes.some((node) => node.key === key || (node.kind === "section" && hasLine(node.children, key)));
}

/** The words behind the name. */
export function wordsOf(node: Node): string[] {
  return splitWords(node.text).map(({ text }) => text);
}

/** A finding at a whole line, with the caret under its name or under one of its words. */
export function findingAt(
  node: Node,
  reason: string,
  { word, ...detail }: Omit<ConfigErrorDetail, "code" | "length"> & { readonly word?: number } = {},
): Finding {
  const found = word === undefined ? undefined : splitWords(node.text)[word];
  if (found) return { reason, origin: originAt(node, found.column), detail: { length: found.length, ...detail } };
  const length = node.name.length + (node.kind === "section" ? 1 : 0);
  return { reason, origin: node.origin, detail: { length, ...detail } };
}

/** A finding as the warning that is shown. */
export function warningOf({ code }: Lint, { reason, origin, detail }: Finding): ConfigError {
  return new ConfigError(reason, origin, { code, ...detail });
}
