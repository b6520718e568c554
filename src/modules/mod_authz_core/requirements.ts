// Require lines and the blocks around them → one test of requests.
import {
  ConfigError,
  coversMethod,
  meant,
  nearest,
  type AuthzProvider,
  type Decision,
  type Methods,
  type Origin,
  type Place,
  type Request,
  type Requirement,
  type Setting,
  appended,
} from "../../api/index.js";

/** A Require line, or a block of them. */
export type Rule =
  | {
      readonly kind: "line";
      readonly provider: string;
      readonly words: readonly string[];
      /** All behind the provider's name, as written. */
      readonly text: string;
      readonly place: Pick<Place, "condition" | "stringExpression" | "fail">;
      readonly negate: boolean;
      readonly origin: Origin;
      /** Those it is for. */
      readonly methods: Methods | undefined;
    }
  | { readonly kind: Block; readonly rules: readonly Rule[]; readonly origin: Origin };

type Block = "all" | "any" | "none";

/** The requirements of a section: any of the rules suffices. */
export interface Requirements {
  readonly merging: "Off" | "And" | "Or" | undefined;
  readonly rules: readonly Rule[];
  /** Where sections of one kind are laid over each other: what was in force before the first, and what they say so far. */
  readonly walk?: { readonly outer: Requirements; readonly own: Requirements | undefined };
}

/** Requirements as a setting: an inner section replaces the outer ones, unless AuthMerging says otherwise. */
export const requirements: Setting<Requirements> = {
  initial: { merging: undefined, rules: [] },
  add: (earlier, later) => ({
    merging: later.merging ?? earlier.merging,
    rules: appended(earlier.rules, later.rules),
  }),
  nest: (outer, inner) => {
    const { walk } = outer;
    if (!walk) return merged(outer, inner);
    const own = walk.own ? merged(walk.own, inner) : inner;
    return { ...merged(walk.outer, own), walk: { outer: walk.outer, own } };
  },
  walk: (value) => {
    const { merging, rules, walk } = value;
    const isFresh = walk ? walk.own === undefined : rules.length === 0 && merging === undefined;
    return isFresh ? value : { merging, rules, walk: { outer: { merging, rules }, own: undefined } };
  },
};

function merged(outer: Requirements, inner: Requirements): Requirements {
  const { merging, rules } = inner;
  if (merging === undefined) return rules.length === 0 ? outer : inner;
  const [first] = rules;
  if (merging === "Off" || outer.rules.length === 0) return inner;
  if (!first) return { merging, rules: outer.rules };
  const { origin } = first;
  const both: Rule[] = [outer.rules, rules].map((each) => ({ kind: "any", rules: each, origin }));
  return { merging, rules: [{ kind: merging === "And" ? "all" : "any", rules: both, origin }] };
}

/** Whether the rules grant every request, so that nothing needs to be asked. */
export function grantsAll(rules: readonly Rule[]): boolean {
  return rules.some(
    (rule) =>
      rule.kind === "line" &&
      rule.provider === "all" &&
      !rule.negate &&
      rule.methods === undefined &&
      isWord(rule.words, "granted"),
  );
}

/** Whether the words are that one, in any case. */
export function isWord(words: readonly string[], wanted: string): boolean {
  return words.length === 1 && words[0]?.toLowerCase() === wanted;
}

const compiled = new WeakMap<Requirements, Requirement>();

/** The test of a section's requirements, made once. Throws a ConfigError where a provider refuses its words. */
export function requirementOf(from: Requirements, providers: ReadonlyMap<string, unknown>): Requirement {
  const known = compiled.get(from);
  if (known) return known;
  // Methods that no line is for are granted.
  const made = compileBlock({ kind: "any", rules: from.rules }, "all", providers);
  compiled.set(from, made);
  return made;
}

/** The test of one rule in a block. Throws a ConfigError where a provider is unknown or refuses its words. */
export function compileRule(rule: Rule, operation: Operation, providers: ReadonlyMap<string, unknown>): Requirement {
  if (rule.kind !== "line") return compileBlock(rule, operation, providers);
  return narrowed(compileLine(rule, providers), rule.methods && [rule.methods], operation);
}

function compileLine(rule: Line, providers: ReadonlyMap<string, unknown>): Requirement {
  const provider = providers.get(rule.provider) as AuthzProvider | undefined;
  if (!provider) throw unknownProvider(rule);
  const { place } = rule;
  const test = provider.require(rule.words, {
    text: rule.text,
    condition: (text, options) => place.condition(text, options),
    stringExpression: (text, options) => place.stringExpression(text, options),
    fail: (reason) => {
      throw faultOf(rule, reason, `Require ${rule.provider}: ${reason}`);
    },
  });
  return rule.negate ? negated(test) : test;
}

const owners: Readonly<Record<string, string>> = {
  ip: "authz_host",
  host: "authz_host",
  local: "authz_host",
  "forward-dns": "authz_host",
  user: "authz_user",
  "valid-user": "authz_user",
  group: "authz_groupfile",
  "file-owner": "authz_owner",
  "file-group": "authz_owner",
};

/** The fault at the word it speaks of. */
function faultOf(rule: Line, reason: string, message: string, advice?: string): ConfigError {
  const more = { code: "AH00526", ...(advice === undefined ? {} : { advice }) };
  const word = rule.words.find((each) => reason.includes(`'${each}'`));
  try {
    return rule.place.fail(word === undefined ? reason : `${reason}, found "${word}"`);
  } catch (error) {
    if (error instanceof ConfigError) return new ConfigError(message, error.origin, { ...error.detail, ...more });
    throw error;
  }
}

function unknownProvider(rule: Line): ConfigError {
  const { provider: name } = rule;
  const owner = owners[name];
  const near = meant(nearest(name, ["all", "env", "method", "expr", ...Object.keys(owners)]));
  const whole = /^(granted|denied)$/i.test(name) ? `write: Require all ${name}` : undefined;
  const text = whole ?? (owner ? `mod_${owner} provides it: a2enmod ${owner}` : near);
  const message = `Unknown Authz provider: ${name}`;
  return faultOf(rule, message, message, text);
}

function compileBlock(
  block: Pick<Rule & { readonly kind: Block }, "kind" | "rules">,
  around: Operation,
  providers: ReadonlyMap<string, unknown>,
): Requirement {
  const operation = block.kind === "all" ? "all" : "any";
  const tests = block.rules.map((rule) => compileRule(rule, operation, providers));
  const [only] = tests;
  const test: Requirement =
    only && tests.length === 1 ? only : (request) => decide(request, { operation, tests, from: 0, sofar: "neutral" });
  return narrowed(block.kind === "none" ? negated(test) : test, methodsOf(block.rules), around);
}

/** The methods that some rule is for; undefined for all. */
function methodsOf(rules: readonly Rule[]): readonly Methods[] | undefined {
  const all: Methods[] = [];
  for (const rule of rules) {
    const methods = rule.kind === "line" ? rule.methods && [rule.methods] : methodsOf(rule.rules);
    if (!methods) return undefined;
    all.push(...methods);
  }
  return all;
}

/** What is for other methods has no say among alternatives, and grants where all must. */
function narrowed(test: Requirement, methods: readonly Methods[] | undefined, around: Operation): Requirement {
  if (!methods || methods.length === 0) return test;
  const other: Decision = around === "all" ? "granted" : "neutral";
  return (request) => (methods.some((each) => coversMethod(each, request)) ? test(request) : other);
}

type Line = Rule & { readonly kind: "line" };
type Operation = "all" | "any";

interface State {
  readonly operation: Operation;
  readonly tests: readonly Requirement[];
  readonly from: number;
  readonly sofar: Decision;
}

/** Asks tests in order until one decides for all. */
function decide(request: Request, { operation, tests, from, sofar }: State): Decision | Promise<Decision> {
  const settles: Decision = operation === "all" ? "denied" : "granted";
  let result = sofar;
  for (let i = from; i < tests.length; i++) {
    const decision = tests[i]?.(request) ?? "neutral";
    if (typeof decision !== "string") {
      return decision.then((late) => {
        if (late === settles) return late;
        return decide(request, { operation, tests, from: i + 1, sofar: weigh(operation, result, late) });
      });
    }
    if (decision === settles) return decision;
    result = weigh(operation, result, decision);
  }
  return result;
}

/** What two decisions make together; "no user" stands only where a user could still turn the result. */
function weigh(operation: Operation, sofar: Decision, next: Decision): Decision {
  if (next === "neutral") return sofar;
  if (sofar === "neutral") return next;
  if (next !== "no user") return sofar;
  return (operation === "all" ? sofar !== "denied" : sofar === "denied") ? next : sofar;
}

function negated(test: Requirement): Requirement {
  const turn = (decision: Decision): Decision => (decision === "granted" ? "denied" : "neutral");
  return (request) => {
    const decision = test(request);
    return typeof decision === "string" ? turn(decision) : decision.then(turn);
  };
}
