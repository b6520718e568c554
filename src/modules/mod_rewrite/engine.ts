// A list of rules and a request → what becomes of its file name and query string.
import { core } from "../../api/index.js";
import { holds, type Condition } from "./condition.js";
import { setCookie } from "./cookie.js";
import type { Rule } from "./rule.js";
import { expand, type QuestionMark, type Template } from "./template.js";
import { then, type Awaitable, type Run } from "./run.js";
import { absoluteStart, qualify, reduce } from "./url.js";

/** What a list of rules did: nothing, a change to be escaped or not, or an answer. */
export interface Outcome {
  readonly action: "none" | "changed" | "unescaped" | "answer";
  /** The last rule that put something in the place of the file name. */
  readonly lastRule: Rule | undefined;
  /** The result names this very host: it is a path of it, whatever the file system holds. */
  readonly isReduced: boolean;
}

type Applied = "no match" | "match" | "no output" | "refused";

/** Kept with a request that [END] has finished with. */
export const ended = Symbol("no further rewriting");

/** Marks file names for the other modules that map paths ([PT]). */
export const passThrough = "passthrough:";

class Engine {
  readonly #run: Run;
  readonly #rules: readonly Rule[];
  #action: Outcome["action"] = "none";
  #lastRule: Rule | undefined;
  #isReduced = false;
  #round = 1;

  constructor(run: Run, rules: readonly Rule[]) {
    this.#run = run;
    this.#rules = rules;
  }

  apply(from: number): Awaitable<Outcome> {
    const isPart = this.#run.request.parent !== undefined;
    let next = from;
    while (next < this.#rules.length) {
      const index = next;
      const rule = this.#rules[index];
      if (!rule) break;
      if (isPart && (rule.flags.noSubrequest || rule.flags.redirect)) {
        next++;
        continue;
      }
      this.#run.varyOfRule = [];
      const applied = this.#applyRule(rule);
      if (applied instanceof Promise) {
        return applied.then((settled) => this.apply(this.#nextOf(rule, index, settled)));
      }
      next = this.#nextOf(rule, index, applied);
    }
    return { action: this.#action, lastRule: this.#lastRule, isReduced: this.#isReduced };
  }

  /** The rule to go on with, after one has been applied; beyond the last one, it is over. */
  #nextOf(rule: Rule, index: number, applied: Applied): number {
    const run = this.#run;
    const { request, trace } = run;
    const { flags } = rule;
    const over = this.#rules.length;
    if (applied === "no match") {
      let last = index;
      while (this.#rules[last]?.flags.chain) last++;
      return last + 1;
    }
    request.wentBy(rule.origin);
    if (!rule.isWithoutOutput) {
      trace?.(2, `setting lastsub to rule with output ${rule.output.source}`);
      this.#lastRule = rule;
    }
    const longest = 2 * request.settings(core).limitRequestLine;
    if (request.filename.length > longest) {
      request.log(
        "error",
        "rewrite",
        `RewriteRule '${rule.pattern}' and URI '${request.path}' exceeded maximum length (${longest})`,
      );
      return this.#answer(500);
    }
    if (run.varyOfRule.length > 0) addVary(request, run.varyOfRule);
    if (applied === "refused" || flags.isAnswer) return this.#answer(run.status);
    if (applied !== "no output") this.#action = flags.noEscape ? "unescaped" : "changed";
    if (flags.passThrough) {
      trace?.(2, `forcing '${request.filename}' to get passed through to next API URI-to-filename handler`);
      request.filename = passThrough + request.filename;
      this.#action = "changed";
      return over;
    }
    if (flags.end) {
      trace?.(8, "Rule has END flag, no further rewriting for this request");
      request.kept.set(ended, true);
      return over;
    }
    if (flags.proxy || flags.last) return over;
    if (flags.next) return this.#startOver(rule);
    return index + 1 + Math.max(0, flags.skip);
  }

  #startOver({ pattern, flags }: Rule): number {
    if (++this.#round < flags.rounds) return 0;
    const { request } = this.#run;
    request.log(
      "error",
      "rewrite",
      `AH02596: RewriteRule '${pattern}' and URI '${request.path}' exceeded maximum number of rounds (${flags.rounds}) via ` +
        "the [N] flag",
    );
    return this.#answer(500);
  }

  #answer(status: number): number {
    this.#run.status = status;
    this.#action = "answer";
    return this.#rules.length;
  }

  #applyRule(rule: Rule): Awaitable<Applied> {
    const run = this.#run;
    run.uri = this.#subject();
    run.trace?.(3, `applying pattern '${rule.pattern}' to uri '${run.uri}'`);
    const match = rule.regex.exec(run.uri);
    if ((match === null) !== rule.negated) return "no match";
    run.varyOfCondition = [];
    run.conditionMatch = undefined;
    run.ruleMatch = match ?? undefined;
    if (rule.conditions.length === 0) return this.#substitute(rule);
    return then(allHold(rule.conditions, 0, run), (hold) => (hold ? this.#substitute(rule) : "no match"));
  }

  /** What patterns are matched against: in a directory what is behind it, with the path info. */
  #subject(): string {
    const { request, directory, trace } = this.#run;
    const { filename, pathInfo } = request;
    if (directory === undefined) return filename;
    let subject = filename;
    if (pathInfo !== "") {
      trace?.(3, `add path info postfix: ${subject} -> ${subject}${pathInfo}`);
      subject += pathInfo;
    }
    if (filename.startsWith("proxy:") || !subject.startsWith(directory)) return subject;
    trace?.(3, `strip per-dir prefix: ${subject} -> ${subject.slice(directory.length)}`);
    return subject.slice(directory.length);
  }

  #substitute(rule: Rule): Awaitable<Applied> {
    const run = this.#run;
    const { flags } = rule;
    if (rule.isWithoutOutput) {
      return then(this.#setVariables(rule), () => {
        if (flags.isAnswer) {
          run.trace?.(2, `forcing responsecode ${flags.status} for ${run.request.filename}`);
          run.status = flags.status;
        }
        return then(this.#forceType(rule), () => "no output" as const);
      });
    }
    const questionMark: QuestionMark | undefined = flags.unsafeAllow3F
      ? undefined
      : { origin: "none", counts: flags.queryLast ? "last" : "first" };
    const filling = { escaping: rule.escaping, ...(questionMark ? { questionMark } : {}) };
    return then(expand(rule.output, run, filling), (output) => {
      run.trace?.(2, `rewrite '${run.uri}' -> '${output}'`);
      if (questionMark?.origin === "filled in") {
        run.request.log("error", "rewrite", "AH10508: Unsafe URL with %3f URL rewritten without UnsafeAllow3F");
        run.status = 403;
        return "refused";
      }
      return then(this.#setVariables(rule), () => this.#take(rule, output));
    });
  }

  /** Makes the output the request's file name and query string. */
  #take(rule: Rule, output: string): Awaitable<Applied> {
    const run = this.#run;
    const { request, directory, trace } = run;
    const { flags } = rule;
    const wasProxied = directory !== undefined && request.filename.startsWith("proxy:");
    let name = output;
    let isPrefixed = false;
    if (!wasProxied && !output.startsWith("/") && !absoluteStart(output)) {
      const prefix = directory ?? (flags.proxy || flags.redirect ? undefined : "/");
      if (prefix !== undefined) {
        const kind = directory === undefined ? "root" : "per-dir";
        trace?.(3, `add ${kind} prefix: ${output} -> ${prefix}${output}`);
        name = prefix + output;
        isPrefixed = true;
      }
    }
    request.filename = name;
    if (directory !== undefined && flags.discardPathInfo) request.pathInfo = "";
    splitQuery(rule, run);
    if (flags.proxy) {
      const url = qualify(request, request.filename);
      trace?.(2, `forcing proxy-throughput with ${url}`);
      request.filename = `proxy:${url}`;
      return "match";
    }
    if (flags.redirect) {
      request.filename = qualify(request, request.filename);
      trace?.(2, `explicitly forcing redirect with ${request.filename}`);
      run.status = flags.status;
      return "match";
    }
    const own = reduce(request, request.filename);
    if (own !== undefined) {
      trace?.(3, `reduce ${request.filename} -> ${own}`, "without directory");
      request.filename = own;
      this.#isReduced = true;
    }
    if (absoluteStart(request.filename)) {
      trace?.(2, `implicitly forcing redirect (rc=${flags.status} with ${request.filename}`);
      run.status = flags.status;
      return "match";
    }
    const isWritten = flags.keepSlashes || isPrefixed || rule.output.source.startsWith("//");
    if (!isWritten) request.filename = request.filename.replace(/^\/+(?=\/)/, "");
    return then(this.#forceType(rule), () => "match" as const);
  }

  #setVariables({ flags }: Rule): Awaitable<undefined> {
    const { request, trace } = this.#run;
    const setVariable = (text: string): void => {
      if (text.startsWith("!")) {
        request.environment.delete(text.slice(1));
        trace?.(5, `unsetting env variable '${text.slice(1)}'`, "without directory");
        return;
      }
      const colon = text.indexOf(":");
      const [name, value] = colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
      request.environment.set(name, value);
      trace?.(5, `setting env variable '${name}' to '${value}'`, "without directory");
    };
    if (flags.environment.length === 0 && flags.cookies.length === 0) return undefined;
    return then(this.#eachFilled(flags.environment, setVariable), () =>
      this.#eachFilled(flags.cookies, (text) => setCookie(request, text, trace)),
    );
  }

  /** Fills texts in one after the other: a later one may read what an earlier one has set. */
  #eachFilled(templates: readonly Template[], use: (text: string) => void, from = 0): Awaitable<undefined> {
    for (let i = from; i < templates.length; i++) {
      const template = templates[i];
      if (!template) break;
      const text = expand(template, this.#run);
      if (text instanceof Promise) {
        return text.then((settled) => {
          use(settled);
          return this.#eachFilled(templates, use, i + 1);
        });
      }
      use(text);
    }
    return undefined;
  }

  /** Remembers [T] and [H] until the other modules have said what the file is. */
  #forceType({ flags, escaping }: Rule): Awaitable<undefined> {
    if (!flags.type && !flags.handler) return undefined;
    const run = this.#run;
    const remember = (template: Template | undefined, note: string, what: string): Awaitable<undefined> => {
      if (!template) return undefined;
      return then(expand(template, run, { escaping }), (text): undefined => {
        if (text === "") return;
        const value = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
        run.trace?.(2, `remember ${run.request.filename} to have ${what} '${value}'`);
        run.request.notes.set(note, value);
      });
    };
    return then(remember(flags.type, forcedType, "MIME-type"), () =>
      remember(flags.handler, forcedHandler, "Content-handler"),
    );
  }
}

/** Notes of [T] and [H]. */
export const forcedType = "rewrite-forced-mimetype";
export const forcedHandler = "rewrite-forced-handler";

/** Applies rules in order. */
export function applyRules(run: Run, rules: readonly Rule[]): Awaitable<Outcome> {
  return new Engine(run, rules).apply(0);
}

/** Whether the conditions of a rule hold, of which those with [OR] stand for each other. */
function allHold(conditions: readonly Condition[], from: number, run: Run): Awaitable<boolean> {
  for (let i = from; i < conditions.length; i++) {
    const condition = conditions[i];
    if (!condition) break;
    const found = holds(condition, run);
    if (found instanceof Promise) {
      return found.then((settled) => {
        const next = nextCondition(conditions, i, settled, run);
        return next === undefined ? false : allHold(conditions, next, run);
      });
    }
    const next = nextCondition(conditions, i, found, run);
    if (next === undefined) return false;
    i = next - 1;
  }
  return true;
}

/** The condition to go on with; undefined where the rule does not apply. */
function nextCondition(conditions: readonly Condition[], index: number, holds: boolean, run: Run): number | undefined {
  const condition = conditions[index];
  if (condition?.noVary) run.varyOfCondition = [];
  let last = index;
  if (condition?.orNext) {
    if (!holds) {
      run.varyOfCondition = [];
      return index + 1;
    }
    while (conditions[last]?.orNext) last++;
  } else if (!holds) {
    return undefined;
  }
  run.varyOfRule.push(...run.varyOfCondition);
  run.varyOfCondition = [];
  return last + 1;
}

function addVary({ answerHeaders }: Run["request"], names: readonly string[]): void {
  const before = answerHeaders.get("Vary");
  answerHeaders.set("Vary", [...(before === undefined ? [] : [before]), ...names].join(", "));
}

/** Takes the query string off the file name, by the flags of the rule. */
function splitQuery({ flags, dropsQuery }: Rule, { request, trace }: Run): void {
  if (dropsQuery) {
    trace?.(2, "discarding query string, no parse from substitution", "without directory");
    request.query = undefined;
    return;
  }
  const start = absoluteStart(request.filename);
  if (start && !start.takesQuery) {
    request.query = undefined;
    return;
  }
  if (flags.queryDiscard) {
    request.query = undefined;
    trace?.(2, "discarding query string", "without directory");
  }
  const { filename } = request;
  const from = start?.length ?? 0;
  const mark = flags.queryLast ? filename.lastIndexOf("?") : filename.indexOf("?", from);
  if (mark < from) return;
  const query = filename.slice(mark + 1);
  request.filename = filename.slice(0, mark);
  if (!flags.queryAppend) request.query = query;
  else if (query !== "") request.query = `${query}&${request.query ?? ""}`;
  if (request.query === "") request.query = undefined;
  if (request.query?.endsWith("&")) request.query = request.query.slice(0, -1);
  trace?.(
    3,
    `split uri=${filename} -> uri=${request.filename}, args=${request.query ?? "<none>"}`,
    "without directory",
  );
}
