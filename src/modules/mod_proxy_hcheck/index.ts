// hc*= parameters of balancer members → members that do not answer as they should get no requests.
import {
  arg,
  byteString,
  defineModule,
  healthWord,
  rest,
  wordAt,
  type Condition,
  type ExpressionFunction,
  type ExpressionVariable,
  type HealthWord,
  type Place,
  type ProxyHealth,
  type ServerView,
  type VirtualHost,
  type WorkerView,
} from "../../api/index.js";
import { bodyFor, Checks } from "./checks.js";
import { checkOf, conditionTexts, definition, faultIn } from "./settings.js";

/** Where it may stand: as in Apache, a section makes no difference to what it says. */
const contexts = ["server config", "virtual host", "directory"] as const;
const longestName = 15;

/** The server of each virtual host, and what ends the checks of a worker. */
const servers = new WeakMap<VirtualHost, ServerView>();
const running = new WeakMap<ServerView, Checks>();

const health: ProxyHealth = {
  checkOf(member, host) {
    const server = servers.get(host);
    if (!server) throw new TypeError("health checks are asked for before the worker has started");
    return checkOf(member, server, host);
  },
  faultIn,
  conditions(host) {
    const server = servers.get(host);
    return server ? conditionTexts(server, host) : new Map();
  },
};

/** `hc('body')`, and HC_BODY. */
const body: ExpressionFunction = (argument, request) =>
  argument.toLowerCase() === "body" ? (bodyFor(request) ?? "") : undefined;
const bodyVariable: ExpressionVariable = (request) => bodyFor(request);

export default defineModule({
  name: "mod_proxy_hcheck",
  summary:
    "Checks the members of balancers, and keeps requests away from those that do not answer as they should. What is asked " +
    "stands in `hc*=` parameters of BalancerMember. One HTTP worker does the checks, and all go by what it finds",
  settings: definition.settings,
  directives: (directive) => ({
    ProxyHCExpr: directive({
      args: [arg.raw("name and condition")],
      contexts,
      summary: "Gives a condition on the answer to health checks a name, for `hcexpr=`.",
      doc:
        "A member is in order when the condition is true: `%{REQUEST_STATUS}`, `%{resp:Name}` and `hc('body')` are what it can ask " +
        "for. The status does not count then. The condition may stand in braces. What a section around the line matches makes " +
        "no difference; virtual hosts know the lines of the main server too.",
      example: "ProxyHCExpr ok {%{REQUEST_STATUS} =~ /^[23]/}\nProxyHCExpr open {hc('body') !~ /Under maintenance/}",
      set: ([text], place) => ({ conditions: [namedCondition(text, place)] }),
    }),
    ProxyHCTemplate: directive({
      args: [arg.word("name"), rest(arg.word("parameter=value"))],
      contexts,
      summary: "Gives a set of `hc*=` parameters a name, for `hctemplate=`.",
      doc:
        "`hctemplate=NAME` stands for all of them; what is written behind it goes before. Without `hcmethod=` a connection is " +
        "tried (TCP). Virtual hosts know the templates of the main server too.",
      example:
        "ProxyHCTemplate calm hcinterval=60 hcmethod=HEAD hcuri=/health\n<Proxy balancer://shop>\n  BalancerMember http://10.0.0.1:8080 hctemplate=calm\n</Proxy>",
      set: ([name, words], place) => ({
        templates: [
          { name: name.toLowerCase(), words: words.map((word) => templateWord(word, place)), origin: place.origin },
        ],
      }),
    }),
    ProxyHCTPsize: directive({
      args: [arg.int("number", { max: 10_000 })],
      contexts: ["server config"],
      summary: "How many members are checked at the same time.",
      doc: "0 checks one after the other.",
      default: "16",
      example: "ProxyHCTPsize 32",
      set: ([size]) => ({ size: Math.max(1, size) }),
    }),
  }),
  provides: {
    proxyHealth: { hcheck: health },
    expressionFunction: { hc: body },
    expressionVariable: { HC_BODY: bodyVariable },
  },
  lifecycle: {
    check(server) {
      for (const { virtualHost, settings } of server.everywhere(definition)) {
        for (const { words, origin } of settings.templates ?? []) {
          const fault = faultIn(words, server, virtualHost);
          if (fault !== undefined) server.error(`ProxyHCTemplate: ${fault}`, origin);
        }
      }
    },
    start(worker: WorkerView) {
      const { server, duty } = worker;
      const [main] = server.virtualHosts;
      if (!main) return;
      for (const host of server.virtualHosts) servers.set(host, server);
      const { size } = server.settings(definition, main);
      duty?.(() => {
        const checks = new Checks(worker, size);
        running.set(server, checks);
        return () => checks.end();
      });
    },
    stop: ({ server }) => running.get(server)?.end(),
  },
});

function templateWord(text: string, place: Place): HealthWord {
  const equals = text.indexOf("=");
  if (equals < 1) return place.fail(`a parameter must be of the form key=value, found "${text}"`);
  const name = text.slice(0, equals).toLowerCase();
  const fail = (expectation: string): never => place.fail(`${name} ${expectation}, found "${text}"`);
  return (
    healthWord(name, text.slice(equals + 1), fail) ??
    place.fail(`unknown parameter ${name}: templates hold those of health checks, found "${text}"`)
  );
}

/** Reads "name condition", the condition bare, in quotes or in braces. */
function namedCondition(text: string, place: Place): { name: string; condition: Condition } {
  const word = wordAt(text, 0);
  if (!word || word.text === "") return place.fail("needs a name and a condition");
  if (word.text.length > longestName) return place.fail(`the name must not be longer than ${longestName} characters`);
  const behind = text.slice(word.column + word.length).trim();
  const inBraces = /^\{([^]*)\}$/.exec(behind)?.[1];
  const quoted = wordAt(behind, 0);
  if (behind === "" || !quoted) return place.fail(`needs a condition behind its name "${word.text}"`);
  if (inBraces === undefined && quoted.length < behind.length) {
    return place.fail("the condition must stand in braces or quotes where it has blanks in it");
  }
  return { name: byteString(word.text), condition: place.condition(inBraces ?? quoted.text) };
}
