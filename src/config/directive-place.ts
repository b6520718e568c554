// A node being applied → what its directive may ask there.
import {
  ConfigError,
  type Context,
  type EnclosingSection,
  type ExpressionCompiler,
  type Methods,
  type Origin,
  type OverrideRights,
  type Place,
  type ReadOnce,
} from "../api/index.js";
import { expressionsIn } from "./expression/in-line.js";
import type { ExpressionVocabulary } from "./expression/vocabulary.js";
import { originAt, type Node, type Tree } from "./tree.js";
import { splitWords } from "../api/words.js";

/** What surrounds a directive. */
export interface Surroundings {
  readonly context: Context;
  readonly sections: readonly EnclosingSection[];
  /** What sections around it leave of the methods. */
  readonly methods?: Methods;
  /** In .htaccess files: where they stand, and what they may hold. */
  readonly access?: { readonly directory: string; readonly rights: OverrideRights };
}

/** What the places of one configuration share. */
export interface PlaceContext {
  readonly tree: Pick<Tree, "serverRoot" | "defines">;
  readonly expressions: ExpressionVocabulary;
  /** What is left of them in .htaccess files. */
  readonly restrictedExpressions: ExpressionVocabulary;
  readonly warnings: ConfigError[];
  readonly readOnce: ReadOnce;
  /** The directives of the loaded modules, by name in lower case. */
  readonly table: ReadonlyMap<string, readonly { readonly directive: { readonly contexts: readonly Context[] } }[]>;
}

/**
 * The place of one directive. There is one for each line of the configuration: what is asked seldom is made when it is asked
 * for, by getters, so that `fail` and the like may be taken off it as from any Place.
 */
export class DirectivePlace implements Place {
  readonly directive: string;
  readonly #node: Node;
  readonly #around: Surroundings;
  readonly #shared: PlaceContext;

  constructor(node: Node, directive: string, around: Surroundings, shared: PlaceContext) {
    this.directive = directive;
    this.#node = node;
    this.#around = around;
    this.#shared = shared;
  }

  get origin(): Origin {
    return this.#node.origin;
  }

  get text(): string {
    return this.#node.text;
  }

  get context(): Context {
    return this.#around.context;
  }

  get sections(): readonly EnclosingSection[] {
    return this.#around.sections;
  }

  get methods(): Methods | undefined {
    return this.#around.methods;
  }

  get directory(): string | undefined {
    return this.#around.access?.directory;
  }

  get rights(): OverrideRights | undefined {
    return this.#around.access?.rights;
  }

  get condition(): Place["condition"] {
    return this.#expressions().condition;
  }

  get stringExpression(): Place["stringExpression"] {
    return this.#expressions().stringExpression;
  }

  get resolve(): Place["resolve"] {
    return (path) => resolveIn(this.#shared.tree.serverRoot, path);
  }

  get readOnce(): ReadOnce {
    return this.#shared.readOnce;
  }

  get defined(): Place["defined"] {
    return (name) => name in this.#shared.tree.defines;
  }

  get contextsOf(): Place["contextsOf"] {
    return (name) => this.#shared.table.get(name.toLowerCase())?.flatMap(({ directive: { contexts } }) => contexts);
  }

  get fail(): Place["fail"] {
    return (reason, advice) => {
      const { origin, length } = spotOf(reason, this.#node);
      const detail = { length, ...(advice === undefined ? {} : { advice }) };
      throw new ConfigError(`${this.directive}: ${reason}`, origin, detail);
    };
  }

  get warn(): Place["warn"] {
    return (reason, code) => {
      const detail = code === undefined ? {} : { code };
      this.#shared.warnings.push(new ConfigError(`${this.directive}: ${reason}`, this.#node.origin, detail));
    };
  }

  #expressions(): ExpressionCompiler {
    const { restrictedExpressions, expressions } = this.#shared;
    return expressionsIn(this.#node, this.directive, this.#around.access ? restrictedExpressions : expressions);
  }
}

/** The word of a directive that a reason speaks of: an option, what was found, a word it repeats; else its name. */
function spotOf(reason: string, node: Node): { readonly origin: Origin; readonly length: number } {
  const words = splitWords(node.text);
  const [, option] = /^option (\S+)/.exec(reason) ?? [];
  const [, found] = /, found "(.+)"$/s.exec(reason) ?? [];
  const spoken = new Set(reason.split(/[\s"',:;]+/));
  const word =
    words.find(({ text }) => option !== undefined && text.startsWith(`${option}=`)) ??
    words.find(({ text }) => text === found) ??
    words.find(({ text }) => text.length > 1 && spoken.has(text));
  if (word) return { origin: originAt(node, word.column), length: Math.max(1, word.length) };
  return { origin: node.origin, length: node.name.length + (node.kind === "section" ? 1 : 0) };
}

/** An absolute path without "." parts; relative ones are taken from the server root. Trailing slashes stay. */
function resolveIn(root: string, path: string): string {
  return path.startsWith("/") ? path : `${root.replace(/\/+$/, "")}/${path.replace(/^(\.\/)+/, "")}`;
}
