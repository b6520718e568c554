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
  readonly nodes: readonly Node[];
}

/** A configuration as lints see it. */
export interface LintView {
  readonly server: CompiledServer;
  /** The main server first; its nodes are without the virtual hosts. */
  readonly hosts: readonly HostLines[];
}

/** Arranges a compiled server for lints. */
export function lintView(server: CompiledServer): LintView {
  const { nodes } = server.tree;
  const byOrigin = new Map<Origin, SectionNode>();
  for (const node of nodes) if (isSection(node, "virtualhost")) byOrigin.set(node.origin, node);
  const hosts = server.virtualHosts.map((host): HostLines => ({
    host,
    nodes: host.isMain
      ? nodes.filter((node) => !isSection(node, "virtualhost"))
      : (byOrigin.get(host.origin)?.children ?? []),
  }));
  return { server, hosts };
}

export function isSection(node: Node, name: string): node is SectionNode {
  return node.kind === "section" && node.name.toLowerCase() === name;
}

/** Whether it is one of these directives; names in lower case. */
export function isDirective(node: Node, ...names: readonly string[]): node is DirectiveNode {
  return node.kind === "directive" && names.includes(node.name.toLowerCase());
}

/** The words behind the name. */
export function wordsOf(node: Node): string[] {
  return splitWords(node.text).map(({ text }) => text);
}

/** A list of nodes and of those inside its sections, all the way down; each list is given whole. */
export function* everyBody(nodes: readonly Node[], inside?: SectionNode): Iterable<Body> {
  yield { nodes, inside };
  for (const node of nodes) if (node.kind === "section") yield* everyBody(node.children, node);
}

/** The lines of one section, or of a host outside of sections. */
export interface Body {
  readonly nodes: readonly Node[];
  readonly inside: SectionNode | undefined;
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
