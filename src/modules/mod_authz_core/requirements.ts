// Require lines and the blocks around them → one test of requests.
import {
  ConfigError,
  type AuthzProvider,
  type Decision,
  type ExpressionCompiler,
  type Origin,
  type Request,
  type Requirement,
  type Setting,
} from "../../api/index.js";

/** A Require line, or a block of them. */
export type Rule =
  | {
      readonly kind: "line";
      readonly provider: string;
      readonly words: readonly string[];
      /** All behind the provider's name, as written. */
      readonly text: string;
      readonly compiler: ExpressionCompiler;
      readonly negate: boolean;
      readonly origin: Origin;
    }
  | { readonly kind: "all" | "any" | "none"; readonly rules: readonly Rule[]; readonly origin: Origin };

/** The requirements of a section: any of the rules suffices. */
export interface Requirements {
  readonly merging: "Off" | "And" | "Or" | undefined;
  readonly rules: readonly Rule[];
  /** The section they stand in, a <Limit> not counted: what is the same for two lines of one section. */
  readonly scope?: unknown;
  /** All of them stand in a <Limit> or <LimitExcept>. */
  readonly limited?: boolean;
  /** What AuthMerging has made them of. */
  readonly merged?: { readonly outer: Requirements; readonly own: Requirements };
}

/** Requirements as a setting: an inner section replaces the outer ones, unless AuthMerging says otherwise. */
export const requirements: Setting<Requirements> = {
  initial: { merging: undefined, rules: [] },
  add: (earlier, later) => ({
    merging: later.merging ?? earlier.merging,
    rules: [...earlier.rules, ...later.rules],
    scope: later.scope ?? earlier.scope,
    limited: earlier.limited === true && later.limited === true,
  }),
  nest: (outer, inner) => {
    if (inner.merging === undefined && inner.rules.length === 0) return outer;
    // Lines of a <Limit> are lines of the section around it, for some methods.
    if (inner.limited && inner.merging === undefined && isOf(outer, inner.scope)) {
      return { ...outer, rules: [...outer.rules, ...inner.rules] };
    }
    const { merged } = outer;
    if (inner.limited && inner.merging === undefined && merged && merged.own.scope === inner.scope) {
      return mergedWith(merged.outer, { ...merged.own, rules: [...merged.own.rules, ...inner.rules] });
    }
    return mergedWith(outer, inner);
  },
};

/** The requirements of a section and those around it, by its AuthMerging. */
function mergedWith(outer: Requirements, own: Requirements): Requirements {
  const { merging } = own;
  if (merging === undefined || merging === "Off") return own;
  const merged = { outer, own };
  const [first] = own.rules;
  if (!first) return { merging, rules: outer.rules, merged };
  if (outer.rules.length === 0) return { ...own, merged };
  const { origin } = first;
  const both: Rule[] = [outer.rules, own.rules].map((rules) => ({ kind: "any", rules, origin }));
  return { merging, rules: [{ kind: merging === "And" ? "all" : "any", rules: both, origin }], merged };
}

/** Whether requirements are those of a section alone, nothing of the sections around it among them. */
function isOf({ scope, merging, rules }: Requirements, section: unknown): boolean {
  return section !== undefined && scope === section && rules.length > 0 && (merging === undefined || merging === "Off");
}

/** Whether the rules grant every request, so that nothing needs to be asked. */
export function grantsAll(rules: readonly Rule[]): boolean {
  return rules.some(
    (rule) => rule.kind === "line" && rule.provider === "all" && !rule.negate && isWord(rule.words, "granted"),
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
  const made = combined("any", from.rules, providers);
  compiled.set(from, made);
  return made;
}

/** The test of one rule. Throws a ConfigError where a provider is unknown or refuses its words. */
export function compileRule(rule: Rule, providers: ReadonlyMap<string, unknown>): Requirement {
  if (rule.kind !== "line") {
    const test = combined(rule.kind === "all" ? "all" : "any", rule.rules, providers);
    return rule.kind === "none" ? negated(test) : test;
  }
  const provider = providers.get(rule.provider) as AuthzProvider | undefined;
  if (!provider) throw unknownProvider(rule.provider, rule.origin);
  const { compiler } = rule;
  const test = provider.require(rule.words, {
    text: rule.text,
    condition: (text, options) => compiler.condition(text, options),
    stringExpression: (text, options) => compiler.stringExpression(text, options),
    fail: (reason) => {
      throw new ConfigError(`Require ${rule.provider}: ${reason}`, rule.origin, { code: "AH00526" });
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

function unknownProvider(name: string, origin: Origin): ConfigError {
  const owner = owners[name];
  const advice = owner ? { advice: `mod_${owner} provides it: a2enmod ${owner}` } : {};
  return new ConfigError(`Unknown Authz provider: ${name}`, origin, { code: "AH00526", ...advice });
}

type Operation = "all" | "any";

function combined(operation: Operation, rules: readonly Rule[], providers: ReadonlyMap<string, unknown>): Requirement {
  const tests = rules.map((rule) => compileRule(rule, providers));
  const [only] = tests;
  if (only && tests.length === 1) return only;
  return (request) => decide(request, { operation, tests, from: 0, sofar: "neutral" });
}

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
