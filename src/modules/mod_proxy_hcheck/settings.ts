// ProxyHCTemplate and ProxyHCExpr lines, and the hc*= parameters of a member → how that member is checked.
import {
  defineSettings,
  healthKeys,
  healthMethods,
  list,
  noHealthCheck,
  value,
  type Condition,
  type HealthCheck,
  type HealthWord,
  type Origin,
  type ProxyMember,
  type ServerView,
  type VirtualHost,
} from "../../api/index.js";

/** A ProxyHCTemplate line. */
export interface Template {
  /** In lower case. */
  readonly name: string;
  readonly words: readonly HealthWord[];
  readonly origin: Origin;
}

/** A ProxyHCExpr line. */
export interface NamedCondition {
  readonly name: string;
  readonly condition: Condition;
}

export const definition = defineSettings("mod_proxy_hcheck", {
  templates: list<Template>("outer first"),
  conditions: list<NamedCondition>("outer first"),
  /** Checks at the same time. */
  size: value<number>(16),
});

/** What a virtual host and the main server say, wherever the lines stand. */
interface Lines {
  readonly templates: ReadonlyMap<string, HealthCheck>;
  readonly conditions: ReadonlyMap<string, Condition>;
}

const known = new WeakMap<VirtualHost, Lines>();

function linesOf(server: ServerView, host: VirtualHost): Lines {
  let lines = known.get(host);
  if (lines) return lines;
  const templates = new Map<string, HealthCheck>();
  const conditions = new Map<string, Condition>();
  for (const { virtualHost, settings } of server.everywhere(definition)) {
    if (virtualHost !== host && !virtualHost.isMain) continue;
    for (const { name, condition } of settings.conditions ?? []) conditions.set(name, condition);
    for (const { name, words } of settings.templates ?? []) {
      // A template that says nothing of the method asks for a connection.
      if (!templates.has(name)) templates.set(name, checkFrom(words, { ...noHealthCheck, method: "TCP" }, templates));
    }
  }
  known.set(host, (lines = { templates, conditions }));
  return lines;
}

function checkFrom(
  words: readonly HealthWord[],
  initial: HealthCheck,
  templates: ReadonlyMap<string, HealthCheck>,
): HealthCheck {
  return words.reduce<HealthCheck>(
    (check, word) =>
      "template" in word ? (templates.get(word.template.toLowerCase()) ?? check) : { ...check, ...word },
    initial,
  );
}

/** What the parameters of a member say, and over them what was changed while serving. */
export function checkOf(member: ProxyMember, server: ServerView, host: VirtualHost): HealthCheck {
  const check = checkFrom(member.parameters.health ?? [], noHealthCheck, linesOf(server, host).templates);
  const text = (name: string, initial: string): string => {
    const changed = member.kept(name);
    return typeof changed === "string" ? changed : initial;
  };
  const number = (name: string, initial: number): number => Number(member.kept(name) ?? initial);
  const method = text(healthKeys.method, check.method);
  return {
    method: healthMethods.find((each) => each === method) ?? check.method,
    passes: number(healthKeys.passes, check.passes),
    fails: number(healthKeys.fails, check.fails),
    interval: number(healthKeys.interval, check.interval),
    uri: text(healthKeys.uri, check.uri),
    expression: text(healthKeys.expression, check.expression),
  };
}

/** The condition of that name, as a virtual host knows it. */
export function conditionOf(name: string, server: ServerView, host: VirtualHost): Condition | undefined {
  return name === "" ? undefined : linesOf(server, host).conditions.get(name);
}

/** All conditions a virtual host knows, with their texts. */
export function conditionTexts(server: ServerView, host: VirtualHost): ReadonlyMap<string, string> {
  return new Map([...linesOf(server, host).conditions].map(([name, { text }]) => [name, text]));
}

/** Why the words of a line cannot be used. */
export function faultIn(words: readonly HealthWord[], server: ServerView, host: VirtualHost): string | undefined {
  const { templates, conditions } = linesOf(server, host);
  for (const word of words) {
    if ("template" in word) {
      if (!templates.has(word.template.toLowerCase())) return `there is no ProxyHCTemplate ${word.template}`;
    } else if (word.expression !== undefined && !conditions.has(word.expression)) {
      return `there is no ProxyHCExpr ${word.expression}`;
    }
  }
  return undefined;
}
