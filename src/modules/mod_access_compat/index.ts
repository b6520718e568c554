// Order, Allow, Deny and Satisfy lines → who may have what, as before Require.
import {
  accessSuffices,
  arg,
  defineModule,
  refuse,
  rest,
  type Place,
  type Request,
  type Response,
  type Setting,
} from "../../api/index.js";
import { anyTakes, hostTest, type HostTest } from "./hosts.js";

/** What the four directives say together. */
interface Access {
  readonly order: "allow,deny" | "deny,allow" | "mutual-failure" | undefined;
  readonly allow: readonly HostTest[];
  readonly deny: readonly HostTest[];
  readonly satisfy: "all" | "any" | undefined;
  /** The section they stand in, a <Limit> not counted, and whether they stand in one. */
  readonly scope?: unknown;
  readonly limited?: boolean;
}

const nothing: Access = { order: undefined, allow: [], deny: [], satisfy: undefined };

const joined = (earlier: Access, later: Access): Access => ({
  order: later.order ?? earlier.order,
  allow: [...earlier.allow, ...later.allow],
  deny: [...earlier.deny, ...later.deny],
  satisfy: later.satisfy ?? earlier.satisfy,
  scope: later.scope,
  limited: earlier.limited === true && later.limited === true,
});

/** One of the four in a section replaces all four of the sections around it; a <Limit> adds to those of its own section. */
const access: Setting<Access> = {
  initial: nothing,
  add: joined,
  nest: (outer, inner) => (inner.limited && outer.scope === inner.scope ? joined(outer, inner) : inner),
};

/** What one directive says, with where it stands. */
function said(what: Partial<Access>, { sections, directory }: Place): Access {
  const isLimit = ({ name }: { readonly name: string }): boolean => /^limit(?:except)?$/i.test(name);
  const scope = sections.findLast((section) => !isLimit(section)) ?? directory;
  return { ...nothing, ...what, scope, limited: sections.some(isLimit) };
}

const contexts = ["directory", ".htaccess"] as const;
const hostsDoc =
  "A host is `all`, an address, the beginning of one (`10.1`), a network (`10.1.0.0/16`, `10.1.0.0/255.255.0.0`), the name of " +
  "a host or domain, or `env=NAME` and `env=!NAME` for requests with or without an environment variable. Kept for old " +
  "configurations: write Require.";

export default defineModule({
  name: "mod_access_compat",
  summary: "Grants by host as Apache 2.2 did: Order, Allow, Deny and Satisfy",
  settings: { access },
  directives: (directive) => ({
    Order: directive({
      args: [arg.custom("order", "allow,deny|deny,allow|mutual-failure", readOrder)],
      contexts,
      override: "Limit",
      summary: "Says which of Allow and Deny has the last word",
      doc:
        "`deny,allow`: allowed unless a Deny takes the host and no Allow does. `allow,deny`: refused unless an Allow takes the " +
        "host and no Deny does. `mutual-failure` is the same as `allow,deny`. No blank behind the comma.",
      default: "deny,allow",
      example: "<Directory htdocs>\n  Order deny,allow\n  Deny from all\n  Allow from 127.0.0.1\n</Directory>",
      set: ([order], place) => ({ access: said({ order }, place) }),
    }),
    Allow: directive({
      args: [arg.oneOf("from", "from"), rest(arg.word("host"))],
      contexts,
      override: "Limit",
      summary: "Names hosts that are allowed",
      doc: hostsDoc,
      example: "<Directory htdocs>\n  Order allow,deny\n  Allow from 10.1 example.org\n</Directory>",
      set: ([, words], place) => ({ access: said({ allow: words.map((word) => hostTest(word, place)) }, place) }),
    }),
    Deny: directive({
      args: [arg.oneOf("from", "from"), rest(arg.word("host"))],
      contexts,
      override: "Limit",
      summary: "Names hosts that are refused",
      doc: hostsDoc,
      example: "<Directory htdocs>\n  Deny from 192.0.2.0/24\n</Directory>",
      set: ([, words], place) => ({ access: said({ deny: words.map((word) => hostTest(word, place)) }, place) }),
    }),
    Satisfy: directive({
      args: [arg.oneOf("which", "all", "any")],
      contexts,
      override: "AuthConfig",
      summary: "Says whether the host and the Require lines must both be met, or one of them",
      doc: "With `Any` a host that is allowed needs nothing else, and one that is refused may still meet the Require lines.",
      default: "All",
      example: "<Directory htdocs>\n  Satisfy Any\n  Allow from 10.1\n</Directory>",
      set: ([satisfy], place) => ({ access: said({ satisfy }, place) }),
    }),
  }),
  hooks: {
    accessChecker: {
      before: ["mod_authz_core"],
      when: (settings) => settings.access !== nothing,
      run: (request, settings) => {
        const allowed = isAllowed(request, settings.access);
        if (typeof allowed === "boolean") return conclude(request, settings.access, allowed);
        return allowed.then((late) => conclude(request, settings.access, late));
      },
    },
  },
});

function readOrder(text: string, place: { refuse(expectation: string): never }): NonNullable<Access["order"]> {
  const order = text.toLowerCase();
  if (order === "allow,deny" || order === "deny,allow" || order === "mutual-failure") return order;
  return place.refuse("must be allow,deny, deny,allow or mutual-failure");
}

function isAllowed(request: Request, { order, allow, deny }: Access): boolean | Promise<boolean> {
  const then = (value: boolean | Promise<boolean>, next: (value: boolean) => boolean | Promise<boolean>) =>
    typeof value === "boolean" ? next(value) : value.then(next);
  const not = (value: boolean) => !value;
  if (order === undefined || order === "deny,allow") {
    return then(anyTakes(allow, request), (allowed) => allowed || then(anyTakes(deny, request), not));
  }
  return then(anyTakes(allow, request), (allowed) => allowed && then(anyTakes(deny, request), not));
}

function conclude(request: Request, { satisfy }: Access, allowed: boolean): Response | undefined {
  if (allowed) {
    if (satisfy === "any") request.kept.set(accessSuffices, true);
    return undefined;
  }
  const what = request.filename === "" ? `uri ${request.path}` : request.filename;
  request.log("error", "access_compat", `AH01797: client denied by server configuration: ${what}`);
  // The Require lines may still grant it.
  return satisfy === "any" ? undefined : refuse(403);
}
