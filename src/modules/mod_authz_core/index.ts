// Require lines → who may have what.
import {
  accessSuffices,
  arg,
  authTypeOf,
  challenge,
  ConfigError,
  defineModule,
  defineSettings,
  Headers,
  optional,
  refuse,
  rest,
  section,
  splitWords,
  value,
  type Challenge,
  type Decision,
  type Origin,
  type Place,
  type Request,
  type Response,
  type ServerView,
  type Wrapper,
} from "../../api/index.js";
import { providers } from "./providers.js";
import { compileRule, grantsAll, requirementOf, requirements, type Requirements, type Rule } from "./requirements.js";

const definition = defineSettings("mod_authz_core", {
  requirements,
  forbiddenOnFailure: value<boolean>(false),
});

const contexts = ["directory", ".htaccess"] as const;
const blocks = ["Require", "<RequireAll>", "<RequireAny>", "<RequireNone>"];

export default defineModule({
  name: "mod_authz_core",
  summary: "Decides who may have what: the Require lines",
  settings: definition.settings,
  directives: (directive) => ({
    Require: directive({
      args: [arg.word("provider"), optional(arg.raw("arguments"))],
      contexts,
      override: "AuthConfig",
      summary: "Grants requests that a provider accepts",
      doc:
        "Several lines in one section: one that grants is enough. `Require all granted` and `Require all denied` are for " +
        "everyone; `Require env NAME...` grants where one of the variables is set, `Require method GET POST...` by method, " +
        "`Require expr CONDITION` by an expression; " +
        "mod_authz_host adds `ip`, `host`, `forward-dns` and `local`. `Require not ...` refuses what the provider accepts, " +
        "and needs a `<RequireAll>` around it. A section with a Require line replaces what surrounds it; see AuthMerging.",
      example: "<Directory htdocs>\n  Require all granted\n</Directory>",
      set: ([first, behind = ""], place) => {
        const negate = first.toLowerCase() === "not";
        if (negate) refuseUseless("negative Require", place);
        const provider = negate ? (splitWords(behind)[0]?.text ?? "") : first;
        const text = negate ? behind.slice(endOfWord(behind)).trimStart() : behind;
        const words = splitWords(text).map((word) => word.text);
        const { origin, methods } = place;
        const said = { provider, words, text, place, negate, origin, methods };
        return { requirements: some({ kind: "line", ...said }) };
      },
    }),
    "<RequireAll>": block("all", "Groups Require lines that must all be met", {
      doc: "Grants where none of its lines refuses and at least one grants.",
      example:
        "<Directory htdocs>\n  <RequireAll>\n    Require all granted\n    Require not env BLOCKED\n  </RequireAll>\n</Directory>",
    }),
    "<RequireAny>": block("any", "Groups Require lines of which one must be met", {
      doc: "This is how lines outside of any block are taken too.",
      example:
        "<Directory htdocs>\n  <RequireAny>\n    Require method GET\n    Require env TRUSTED\n  </RequireAny>\n</Directory>",
    }),
    "<RequireNone>": block("none", "Groups Require lines of which none may be met", {
      doc: "It can refuse but never grant, so it stands in a `<RequireAll>`.",
      example:
        "<Directory htdocs>\n  <RequireAll>\n    Require all granted\n    <RequireNone>\n      Require method PUT DELETE\n" +
        "    </RequireNone>\n  </RequireAll>\n</Directory>",
    }),
    "<AuthzProviderAlias>": section({
      args: [arg.word("provider"), arg.word("name"), optional(arg.word("arguments")), optional(rest(arg.word("more")))],
      contexts: ["server config"],
      summary: "Gives a provider with arguments and directives of its own another name, for Require",
      doc: "Several arguments stand in one pair of quotes. `Require NAME` then takes none.",
      example:
        '<AuthzProviderAlias ip office "10.1.0.0/16 192.0.2.7">\n</AuthzProviderAlias>\n<Location /private>\n  Require office\n</Location>',
      opens: ([base, name, text = "", more = []], place) => {
        if (more.length > 0)
          place.warn("several arguments must stand in quotation marks: only the first one is taken", "AH10142");
        return { kind: "provider alias", provider: "authzProvider", base, name, text };
      },
    }),
    AuthMerging: directive({
      args: [arg.oneOf("mode", "Off", "And", "Or")],
      contexts,
      override: "AuthConfig",
      summary: "Says how the Require lines of a section combine with those around it",
      doc: "`Off`: they replace them. `And`: both must be met. `Or`: one of the two is enough. Holds for this section alone.",
      default: "Off",
      example: "<Directory htdocs/private>\n  AuthMerging And\n  Require method GET\n</Directory>",
      set: ([merging]) => ({ requirements: { merging, rules: [] } }),
    }),
    AuthzSendForbiddenOnFailure: directive({
      args: [arg.flag()],
      contexts,
      override: "AuthConfig",
      summary: "Answers 403 where a user who is logged in is refused",
      doc: "Off, such a user gets 401 and browsers ask for another name.",
      default: "Off",
      example: "<Directory htdocs>\n  AuthzSendForbiddenOnFailure On\n</Directory>",
      set: ([forbiddenOnFailure]) => ({ forbiddenOnFailure }),
    }),
  }),
  hooks: {
    accessChecker: {
      rank: "last",
      when: ({ requirements: { rules } }) => !grantsAll(rules),
      run: (request, settings) => {
        if (request.kept.has(accessSuffices)) return undefined;
        if (settings.requirements.rules.length === 0) return refuseUselessType(request);
        return authorise(request, settings.requirements, (decision) => {
          if (decision === "granted") return undefined;
          if (decision !== "no user") return deny(request);
          request.needsUser = true;
          return undefined;
        });
      },
    },
    authChecker: {
      when: ({ requirements: { rules } }) => rules.length > 0 && !grantsAll(rules),
      run: (request, settings) =>
        authorise(request, settings.requirements, (decision) => {
          if (decision === "granted") return undefined;
          if (decision !== "no user" && authTypeOf(request) === undefined) return deny(request);
          request.log("error", "authz_core", failureMessage(request, decision));
          return settings.forbiddenOnFailure && decision !== "no user" ? refuse(403) : askAgain(request);
        }),
    },
  },
  lifecycle: { check: (server) => check(server, true), checkAccessFile: (server) => check(server, false) },
  provides: { authzProvider: providers },
});

/** The offset behind the first word. */
function endOfWord(text: string): number {
  const [word] = splitWords(text);
  return word ? word.column + word.length : 0;
}

const some = (rule: Rule): Requirements => ({ merging: undefined, rules: [rule] });

function block(
  kind: "all" | "any" | "none",
  summary: string,
  { doc, example }: { doc: string; example: string },
): Wrapper<typeof definition.settings> {
  return {
    args: [],
    contexts,
    override: "AuthConfig",
    summary,
    doc,
    example,
    holds: blocks,
    wrap: (_values, inner, place) => {
      const { rules } = inner.requirements;
      if (rules.length === 0) return place.fail("contains no authorization directives");
      if (kind === "none") refuseUseless("<RequireNone>", place);
      return { requirements: some({ kind, rules, origin: place.origin }) };
    },
  };
}

/** Refuses what can only refuse where one grant is enough. */
function refuseUseless(what: string, place: Place): void {
  const around = place.sections.at(-1)?.name.toLowerCase();
  if (around === "requireall") return;
  const section = around === "requirenone" ? "<RequireNone>" : "<RequireAny>";
  place.fail(
    `${what} directive has no effect in ${section} directive`,
    "put it into <RequireAll> with a line that grants",
  );
}

function authorise(
  request: Request,
  from: Requirements,
  answer: (decision: Decision) => Response | undefined,
): Response | undefined | Promise<Response | undefined> {
  let decision: Decision | Promise<Decision>;
  try {
    decision = requirementOf(from, request.providers("authzProvider"))(request);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    request.log("alert", "authz_core", `${error.origin.file}: ${error.message}`);
    return refuse(500);
  }
  return typeof decision === "string" ? answer(decision) : decision.then(answer);
}

/** An AuthType where nothing is required is a mistake, and not one to let everybody in by. */
function refuseUselessType(request: Request): Response | undefined {
  if (authTypeOf(request) === undefined) return undefined;
  request.log("error", "authz_core", "AH01627: AuthType configured with no corresponding authorization directives");
  return refuse(500);
}

function failureMessage({ user = "", path }: Request, decision: Decision): string {
  return decision === "no user"
    ? `AH01629: authorization failure (no authenticated user): ${path}`
    : `AH01631: user ${user}: authorization failure for "${path}": `;
}

/** 401, with the field that asks for another name. */
function askAgain(request: Request): Response {
  const ask = request.kept.get(challenge) as Challenge | undefined;
  return refuse(401, ask ? { headers: new Headers([ask()]) } : {});
}

function deny(request: Request): Response {
  const what = request.filename === "" ? `uri ${request.path}` : request.filename;
  request.log("error", "authz_core", `AH01630: client denied by server configuration: ${what}`);
  return refuse(403);
}

/** Lets every provider read its words, and finds blocks that can never grant: which Apache does not do in .htaccess files. */
function check(server: ServerView, looksForUseless: boolean): void {
  const known = server.providers("authzProvider");
  for (const { settings } of server.everywhere(definition)) {
    for (const rule of settings.requirements?.rules ?? []) checkRule(rule);
  }

  function checkRule(rule: Rule): void {
    if (rule.kind !== "line") {
      rule.rules.forEach(checkRule);
      const grants = rule.rules.some((inner) => (inner.kind === "line" ? !inner.negate : inner.kind !== "none"));
      if (!grants && looksForUseless) reportUseless(rule.kind, rule.origin);
      return;
    }
    try {
      compileRule(rule, "any", known);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      server.error(error.message, error.origin, error.detail);
    }
  }

  function reportUseless(kind: string, origin: Origin): void {
    const name = kind === "all" ? "RequireAll" : kind === "any" ? "RequireAny" : "RequireNone";
    server.error(`AH01624: <${name}> directive contains only negative authorization directives`, origin);
  }
}
