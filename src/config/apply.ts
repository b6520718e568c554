// Expanded tree → what each section sets: the directives of the loaded modules applied, every fault collected.
import {
  ConfigError,
  setPatternDefaults,
  usualPatternDefaults,
  type AnyDirective,
  type Context,
  type Matcher,
  type Methods,
  type Module,
  type Narrowing,
  type Origin,
  type OverrideRights,
  type ReadOnce,
  type Section,
  type Settings,
  type Wrapper,
} from "../api/index.js";
import { parseArguments } from "./arguments.js";
import { DirectivePlace } from "./directive-place.js";
import { expressionVocabulary, restricted, type ExpressionVocabulary } from "./expression/vocabulary.js";
import { describeUnknown } from "./nearest.js";
import { maximumFaults } from "./reading.js";
import type { DirectiveNode, Node, SectionNode, Tree } from "./tree.js";

/** Settings by name, of one module. */
export type Values = Readonly<Record<string, unknown>>;

/** Where a setting's value came from, for explanations. */
export interface SetBy {
  readonly directive: string;
  /** What stands behind its name. */
  readonly text: string;
  readonly origin: Origin;
}

/** What a part of the configuration sets: by module, with the sections in it, in order. */
export interface Body {
  readonly changes: ReadonlyMap<string, Values>;
  /** By "module.setting": the directives that set it, in order. */
  readonly setBy: ReadonlyMap<string, readonly SetBy[]>;
  readonly sections: AppliedSection[];
}

const nothing: ReadonlyMap<string, Values> = new Map();

/** A Body while it is filled. */
class GrowingBody implements Body {
  #changes: Map<string, Record<string, unknown>> | undefined;
  readonly sections: AppliedSection[] = [];
  readonly #lines: { readonly node: Node; readonly entry: Entry; readonly change: Values }[] = [];
  #setBy: Map<string, SetBy[]> | undefined;

  get changes(): ReadonlyMap<string, Values> {
    return this.#changes ?? nothing;
  }

  /** Most bodies are never asked: there may be a hundred thousand. */
  get setBy(): ReadonlyMap<string, readonly SetBy[]> {
    return (this.#setBy ??= this.#settingsByLine());
  }

  add(node: Node, entry: Entry, change: Values): void {
    const { name: module, settings } = entry.owner;
    const changes = (this.#changes ??= new Map<string, Record<string, unknown>>());
    let values = changes.get(module);
    if (!values) changes.set(module, (values = {}));
    for (const name in change) {
      const setting = settings[name];
      if (!setting) throw new TypeError(`${module}: ${entry.name} sets ${name}, which is no setting of it`);
      values[name] = name in values ? setting.add(values[name], change[name]) : change[name];
    }
    this.#lines.push({ node, entry, change });
  }

  #settingsByLine(): Map<string, SetBy[]> {
    const found = new Map<string, SetBy[]>();
    for (const { node, entry, change } of this.#lines) {
      const by: SetBy = { directive: entry.name, text: node.text, origin: node.origin };
      for (const name of Object.keys(change)) {
        const key = `${entry.owner.name}.${name}`;
        const lines = found.get(key);
        if (lines) lines.push(by);
        else found.set(key, [by]);
      }
    }
    return found;
  }
}

/** A section with what it matches. */
export interface AppliedSection {
  readonly name: string;
  readonly argument: string;
  readonly matcher: Matcher;
  readonly origin: Origin;
  readonly body: Body;
  /** It may go away while the configuration stays: an .htaccess file. Nobody keeps what is made of it longer. */
  readonly passing?: true;
}

/** A configuration with every directive applied. */
export interface Applied {
  readonly main: Body;
  readonly virtualHosts: readonly AppliedSection[];
  readonly modules: readonly Module[];
  readonly errors: ConfigError[];
  readonly warnings: ConfigError[];
}

/** One directive of one module; `name` as registered. */
interface Entry {
  readonly name: string;
  readonly module: Module;
  /** Whose settings it changes. */
  readonly owner: Module;
  readonly directive: AnyDirective;
}

/** The directives of the loaded modules, by name in lower case. */
export type DirectiveTable = ReadonlyMap<string, readonly Entry[]>;

/** What stays the same for all files of one configuration. */
export interface Vocabulary {
  readonly table: DirectiveTable;
  readonly tree: Pick<Tree, "serverRoot" | "defines">;
  readonly available: readonly Module[];
  /** What an unknown directive may have been meant for. */
  readonly names: Parameters<typeof describeUnknown>[1];
  readonly expressions: ExpressionVocabulary;
  /** What is left of them in .htaccess files. */
  readonly restrictedExpressions: ExpressionVocabulary;
}

/** What stays the same all through one application. */
interface Run extends Vocabulary {
  readonly readOnce: ReadOnce;
  readonly errors: ConfigError[];
  readonly warnings: ConfigError[];
}

/** What surrounds the directives being applied. */
interface Scope {
  readonly context: Context;
  readonly sections: readonly { readonly name: string; readonly argument: string }[];
  /** What sections around leave of the methods. */
  readonly methods?: Methods;
  /** In .htaccess files: where they stand, and what they may hold. */
  readonly access?: { readonly directory: string; readonly rights: OverrideRights };
  /** In a wrapper: what may stand here, in lower case, and the wrapper's name. */
  readonly holds?: { readonly names: readonly string[]; readonly by: string };
}

/** The modules of `available` that the tree has loaded, built-in ones first, then in load order. */
export function loadedModules(tree: Tree, available: readonly Module[]): Module[] {
  const bySymbol = new Map(available.map((module) => [module.symbol, module]));
  const loaded = tree.modules.flatMap(({ symbol }) => bySymbol.get(symbol) ?? []);
  const builtIn = available.filter((module) => module.builtIn && !loaded.includes(module));
  return [...builtIn, ...loaded];
}

/** Applies a tree. Nothing is thrown: faults are in `errors`. */
export function applyTree(tree: Tree, available: readonly Module[], readOnce: ReadOnce): Applied {
  const modules = loadedModules(tree, available);
  setPatternDefaults(usualPatternDefaults);
  const run: Run = { ...vocabularyOf(tree, modules, available), readOnce, errors: [], warnings: [] };
  const main = new GrowingBody();
  const virtualHosts: AppliedSection[] = [];
  applyNodes(tree.nodes, main, { context: "server config", sections: [] }, run);
  for (let i = main.sections.length - 1; i >= 0; i--) {
    const section = main.sections[i];
    if (section?.matcher.kind === "virtual host") virtualHosts.unshift(...main.sections.splice(i, 1));
  }
  return { main, virtualHosts, modules, errors: run.errors, warnings: run.warnings };
}

/** The directives of the loaded modules, with what helps where one is unknown. */
export function vocabularyOf(tree: Tree, modules: readonly Module[], available: readonly Module[]): Vocabulary {
  const table = directiveTable(modules);
  const names = {
    known: [...table.values()].flat().map((entry) => entry.name),
    available: available.map(({ name, symbol, directives }) => ({ name, symbol, directives: Object.keys(directives) })),
  };
  const expressions = expressionVocabulary(modules);
  const { serverRoot, defines } = tree;
  const restrictedExpressions = restricted(expressions);
  return { table, tree: { serverRoot, defines }, available, names, expressions, restrictedExpressions };
}

/** Applies the nodes of an .htaccess file. Nothing is thrown: faults are in `errors`. */
export function applyAccessFile(
  nodes: readonly Node[],
  access: NonNullable<Scope["access"]>,
  vocabulary: Vocabulary,
): { readonly body: Body; readonly errors: readonly ConfigError[]; readonly warnings: readonly ConfigError[] } {
  // Such a file is read again when it has changed.
  const run: Run = { ...vocabulary, readOnce: (_name, read) => read(), errors: [], warnings: [] };
  const body = new GrowingBody();
  applyNodes(nodes, body, { context: ".htaccess", sections: [], access }, run);
  return { body, errors: run.errors, warnings: run.warnings };
}

/** Directives by lower-case name; several modules may share one. */
export function directiveTable(modules: readonly Module[]): DirectiveTable {
  const table = new Map<string, Entry[]>();
  for (const module of modules) {
    const owner = modules.find(({ name }) => name === module.settingsOwner) ?? module;
    for (const [name, directive] of Object.entries(module.directives)) {
      const key = name.toLowerCase();
      const entry = { name, module, owner, directive };
      const entries = table.get(key);
      if (entries) entries.push(entry);
      else table.set(key, [entry]);
    }
  }
  return table;
}

function applyNodes(nodes: readonly Node[], body: GrowingBody, scope: Scope, run: Run): void {
  for (const node of nodes) {
    if (run.errors.length >= maximumFaults) return;
    try {
      applyNode(node, body, scope, run);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      run.errors.push(error);
    }
  }
}

function applyNode(node: Node, body: GrowingBody, scope: Scope, run: Run): void {
  const entries = run.table.get(node.key);
  if (!entries) return refuseUnknown(node, scope, run);
  for (const entry of entries) {
    const { directive } = entry;
    if (!isInPlace(node, entry, scope, run)) continue;
    if (node.kind === "directive") {
      if ("set" in directive) applyDirective(node, entry, body, scope, run);
    } else if ("opens" in directive) {
      openSection(node, { entry, section: directive }, body, scope, run);
    } else if ("narrows" in directive) {
      applyNarrowing(node, { entry, narrowing: directive }, body, scope, run);
    } else if ("wrap" in directive) {
      applyWrapper(node, { entry, wrapper: directive }, body, scope, run);
    }
  }
}

function applyDirective(node: DirectiveNode, entry: Entry, body: GrowingBody, scope: Scope, run: Run): void {
  const { directive } = entry;
  if (!("set" in directive)) return;
  const place = new DirectivePlace(node, entry.name, scope, run);
  const values = parseArguments(node, entry.name, directive.args, place);
  const change = directive.set(values, place) as Values | undefined;
  if (change) body.add(node, entry, change);
}

function openSection(
  node: SectionNode,
  { entry, section }: { entry: Entry; section: Section },
  body: GrowingBody,
  scope: Scope,
  run: Run,
): void {
  const barred = section.notInside?.find((name) =>
    scope.sections.some((outer) => outer.name.toLowerCase() === name.toLowerCase()),
  );
  if (barred) throw faultAt(node, `${entry.name} cannot occur within <${barred}> section`);
  const { follows } = section;
  if (follows && !follows.includes(body.sections.findLast(isCondition)?.matcher.kind ?? "files")) {
    throw faultAt(node, "<Else> or <ElseIf> section without previous <If> or <ElseIf> section in same scope");
  }
  const place = new DirectivePlace(node, entry.name, scope, run);
  const inner = new GrowingBody();
  const sections = [...scope.sections, { name: node.name, argument: node.text }];
  const host = node.key === "<virtualhost>";
  // The body comes first, so that its faults show even where the opening line is at fault too.
  const context = host ? "virtual host" : scope.context === ".htaccess" ? ".htaccess" : "directory";
  const { access } = scope;
  applyNodes(node.children, inner, access ? { context, sections, access } : { context, sections }, run);
  const values = parseArguments(node, entry.name, section.args, place);
  const matcher = section.opens(values, place);
  const change = section.sets?.(values, place);
  if (change) inner.add(node, entry, change);
  body.sections.push({ name: node.name, argument: node.text, matcher, origin: node.origin, body: inner });
}

/** Whether a section applies by a condition: `<If>`, `<ElseIf>`, `<Else>`. */
export function isCondition({ matcher: { kind } }: AppliedSection): boolean {
  return kind === "if" || kind === "else if" || kind === "else";
}

/** Applies the lines of a section to the body around it. */
function applyNarrowing(
  node: SectionNode,
  { entry, narrowing }: { entry: Entry; narrowing: Narrowing },
  body: GrowingBody,
  scope: Scope,
  run: Run,
): void {
  const place = new DirectivePlace(node, entry.name, scope, run);
  const methods = narrowing.narrows(parseArguments(node, entry.name, narrowing.args, place), place);
  const sections = [...scope.sections, { name: node.name, argument: node.text }];
  applyNodes(node.children, body, { ...scope, sections, methods }, run);
}

function applyWrapper(
  node: SectionNode,
  { entry, wrapper }: { entry: Entry; wrapper: Wrapper },
  body: GrowingBody,
  scope: Scope,
  run: Run,
): void {
  const place = new DirectivePlace(node, entry.name, scope, run);
  const inner = new GrowingBody();
  applyNodes(
    node.children,
    inner,
    {
      ...(scope.access ? { access: scope.access } : {}),
      ...(scope.methods ? { methods: scope.methods } : {}),
      context: scope.context,
      sections: [...scope.sections, { name: node.name, argument: node.text }],
      holds: { names: wrapper.holds.map((name) => name.toLowerCase()), by: entry.name },
    },
    run,
  );
  const values = { ...initialValues(entry.owner.settings), ...inner.changes.get(entry.owner.name) };
  const change = wrapper.wrap(parseArguments(node, entry.name, wrapper.args, place), values, place);
  if (change) body.add(node, entry, change);
}

/** The initial values of all settings of a module. */
export function initialValues(settings: Settings): Values {
  return Object.fromEntries(Object.entries(settings).map(([name, setting]) => [name, setting.initial]));
}

function faultAt(node: Node, reason: string, advice?: string): ConfigError {
  const length = node.name.length + (node.kind === "section" ? 1 : 0);
  return new ConfigError(reason, node.origin, { code: "AH00526", length, ...(advice ? { advice } : {}) });
}

function refuseUnknown(node: Node, { access }: Scope, run: Run): void {
  const shown = node.kind === "section" ? `<${node.name}` : node.name;
  if (access?.rights.ignoresUnknown) {
    run.warnings.push(
      new ConfigError(`Unknown directive ${shown} is passed over (Nonfatal=Unknown)`, node.origin, { code: "AH02296" }),
    );
    return;
  }
  const advice = describeUnknown(node.kind === "section" ? `<${node.name}>` : node.name, run.names);
  throw faultAt(
    node,
    `Invalid command '${shown}', perhaps misspelled or defined by a module not included in the server configuration`,
    advice,
  );
}

/** Whether a directive may stand where it does; throws where it may not, unless it is to be passed over. */
function isInPlace(node: Node, entry: Entry, scope: Scope, run: Run): boolean {
  const { name, directive } = entry;
  if (scope.holds && !scope.holds.names.includes(name.toLowerCase())) {
    throw faultAt(node, `${bare(name)} not allowed in ${scope.holds.by} context`);
  }
  if (scope.access) return isAllowed(node, entry, scope.access.rights, run);
  if (directive.contexts.includes(scope.context)) return true;
  const inside = scope.sections.at(-1);
  if (scope.context === "virtual host" && /^<virtualhost>$/i.test(name)) {
    throw faultAt(
      node,
      `${name} cannot occur within ${name} section`,
      "is the </VirtualHost> of the one before missing?",
    );
  }
  const where =
    scope.context === "server config" || scope.context === "virtual host" || !inside
      ? `${bare(name)} not allowed here`
      : `${bare(name)} not allowed in <${inside.name}> context`;
  throw faultAt(node, where, `${name} may stand in: ${directive.contexts.join(", ")}`);
}

/** Whether an .htaccess file has the right to a directive: by its class, or by its name. */
function isAllowed(node: Node, { name, directive }: Entry, rights: OverrideRights, run: Run): boolean {
  const { contexts, override } = directive;
  const isListed = rights.directives.has(bare(name).toLowerCase()) || rights.directives.has(name.toLowerCase());
  if (isListed && (contexts.includes(".htaccess") || contexts.includes("directory"))) return true;
  const wanted = contexts.includes(".htaccess") && override !== undefined ? [override].flat() : [];
  const classes = wanted.flatMap((each) => (each === "All" ? overrideClasses : [each]));
  if (classes.some((each) => rights.classes.has(each))) return true;
  if (rights.ignoresForbidden) {
    run.warnings.push(
      new ConfigError(`${bare(name)} in .htaccess forbidden by AllowOverride`, node.origin, { code: "AH02295" }),
    );
    return false;
  }
  const advice =
    classes.length === 0
      ? `${name} may not stand in .htaccess files, but in: ${contexts.join(", ")}`
      : `the <Directory> section of this directory would have to say: AllowOverride ${wanted.join(" or ")}`;
  throw faultAt(node, `${bare(name)} not allowed here`, advice);
}

const overrideClasses = ["AuthConfig", "FileInfo", "Indexes", "Limit", "Options"] as const;

/** Apache names a section by its opening bracket alone in these messages. */
function bare(name: string): string {
  return name.replace(/>$/, "");
}
