// What mod_rewrite remembers, at server level and of directories, and how the two are inherited.
import { appended, defineSettings, type Setting, extended } from "../../api/index.js";
import type { Condition } from "./condition.js";
import type { RewriteMap } from "./map.js";
import type { Rule } from "./rule.js";

/** The words of RewriteOptions, in lower case; undefined where there is no such line. */
export type RewriteOptions = ReadonlySet<string> | undefined;

/** The rules of a virtual host. */
export interface ServerRules {
  readonly options: RewriteOptions;
  readonly maps: ReadonlyMap<string, RewriteMap>;
  readonly rules: readonly Rule[];
  /** Conditions of the rule that is to come. */
  readonly pending: readonly Condition[];
}

/** The rules of a section or .htaccess file. */
export interface DirectoryRules {
  readonly state: boolean | undefined;
  /** Those in force. */
  readonly options: RewriteOptions;
  /** Those of sections and .htaccess files alone. */
  readonly ownOptions: RewriteOptions;
  readonly base: string | undefined;
  /** What the section says, with a slash at its end; undefined outside of sections. */
  readonly directory: string | undefined;
  readonly rules: readonly Rule[];
  readonly pending: readonly Condition[];
}

export const noServerRules: ServerRules = { options: undefined, maps: new Map(), rules: [], pending: [] };
export const noDirectoryRules: DirectoryRules = {
  state: undefined,
  options: undefined,
  ownOptions: undefined,
  base: undefined,
  directory: undefined,
  rules: [],
  pending: [],
};

type Listed = Pick<ServerRules, "rules" | "pending">;

/** The rules of two lines: a rule takes the conditions in front of it. */
function joinLines(earlier: Listed, later: Listed): Listed {
  const [rule] = later.rules;
  if (!rule) return { rules: earlier.rules, pending: appended(earlier.pending, later.pending) };
  return { rules: appended(earlier.rules, [{ ...rule, conditions: earlier.pending }]), pending: [] };
}

function joinOptions(earlier: RewriteOptions, later: RewriteOptions): RewriteOptions {
  return earlier && later ? new Set([...earlier, ...later]) : (later ?? earlier);
}

/** Which rules of the outer level are taken over: behind one's own, in front of them, or none. */
function inheritance(outer: RewriteOptions, merged: RewriteOptions): "after" | "before" | "none" {
  const isOpen = !merged?.has("ignoreinherit");
  if (merged?.has("inherit") || (isOpen && outer?.has("inheritdown"))) return "after";
  if (merged?.has("inheritbefore") || (isOpen && outer?.has("inheritdownbefore"))) return "before";
  return "none";
}

function inheritRules(outer: Listed, own: Listed, way: "after" | "before" | "none"): Listed {
  if (way === "none") return { rules: own.rules, pending: [] };
  const rules = way === "after" ? [...own.rules, ...outer.rules] : [...outer.rules, ...own.rules];
  return { rules, pending: [] };
}

const server: Setting<ServerRules> = {
  initial: noServerRules,
  add: (earlier, later) => ({
    ...joinLines(earlier, later),
    options: joinOptions(earlier.options, later.options),
    maps: extended(earlier.maps, later.maps),
  }),
  nest: (_outer, inner) => inner,
  host: (main, own) => {
    // As Apache: a virtual host without a line of mod_rewrite has the maps of the main server, and no rules.
    if (!own) return { ...main, rules: [], pending: [] };
    const options = own.options ?? main.options;
    const way = inheritance(main.options, options);
    const maps = way === "none" ? own.maps : new Map([...main.maps, ...own.maps]);
    return { ...inheritRules(main, own, way), options, maps };
  },
};

const directory: Setting<DirectoryRules> = {
  initial: noDirectoryRules,
  add: (earlier, later) => ({
    ...joinLines(earlier, later),
    state: later.state ?? earlier.state,
    options: joinOptions(earlier.options, later.options),
    ownOptions: joinOptions(earlier.ownOptions, later.ownOptions),
    base: later.base ?? earlier.base,
    directory: later.directory ?? earlier.directory,
  }),
  nest: (outer, inner) => {
    // As Apache, which merges sections with each other before it lays them over the server level: options of the server
    // level do not say what one section takes over from another.
    const ownOptions = inner.ownOptions ?? outer.ownOptions;
    return {
      ...inheritRules(outer, inner, inheritance(outer.ownOptions, ownOptions)),
      options: inner.options ?? outer.options,
      ownOptions,
      state: inner.state ?? outer.state,
      base: ownOptions?.has("mergebase") ? (inner.base ?? outer.base) : inner.base,
      directory: inner.directory,
    };
  },
};

export const definition = defineSettings("mod_rewrite", {
  server,
  directory,
});
