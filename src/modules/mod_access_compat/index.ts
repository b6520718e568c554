// Order, Allow, Deny and Satisfy lines → who may have what, as before Require.
import {
  accessSuffices,
  arg,
  coversMethod,
  defineModule,
  list,
  refuse,
  rest,
  type ArgumentPlace,
  type Methods,
  type Request,
  type Response,
} from "../../api/index.js";
import { anyTakes, hostTest, type HostTest } from "./hosts.js";

type Order = "allow,deny" | "deny,allow" | "mutual-failure";

/** What a line says, and for which methods. */
interface Line {
  readonly order?: Order;
  readonly satisfy?: "all" | "any";
  readonly allow?: readonly HostTest[];
  readonly deny?: readonly HostTest[];
  readonly methods: Methods | undefined;
}

/** The lines of a section; one of the four in it replaces all four of the sections around it. */
const lines = list<Line>("replace");

/** What the lines say together, the later ones having the last word on order and on what is to be satisfied. */
interface Access {
  readonly order: Order;
  readonly allow: readonly HostTest[];
  readonly deny: readonly HostTest[];
  readonly satisfy: "all" | "any";
}

function accessOf(said: readonly Line[]): Access {
  return {
    order: said.findLast(({ order }) => order)?.order ?? "deny,allow",
    satisfy: said.findLast(({ satisfy }) => satisfy)?.satisfy ?? "all",
    allow: said.flatMap(({ allow = [] }) => allow),
    deny: said.flatMap(({ deny = [] }) => deny),
  };
}

const forAll = new WeakMap<readonly Line[], Access>();

/** What lines say for a request; where none of them is for some methods alone, that is found out once. */
function accessFor(request: Request, said: readonly Line[]): Access {
  let access = forAll.get(said);
  if (access) return access;
  access = accessOf(said.filter(({ methods }) => coversMethod(methods, request)));
  if (said.every(({ methods }) => methods === undefined)) forAll.set(said, access);
  return access;
}

const contexts = ["directory", ".htaccess"] as const;
const hostsDoc =
  "A host is `all`, an address, the beginning of one (`10.1`), a network (`10.1.0.0/16`, `10.1.0.0/255.255.0.0`), the name of " +
  "a host or domain, or `env=NAME` and `env=!NAME` for requests with or without an environment variable. Kept for old " +
  "configurations: write Require.";

export default defineModule({
  name: "mod_access_compat",
  summary: "Grants by host as Apache 2.2 did: Order, Allow, Deny and Satisfy",
  settings: { lines },
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
      set: ([order], place) => ({ lines: [{ order, methods: place.methods }] }),
    }),
    Allow: directive({
      args: [arg.oneOf("from", "from"), rest(arg.word("host"))],
      contexts,
      override: "Limit",
      summary: "Names hosts that are allowed",
      doc: hostsDoc,
      example: "<Directory htdocs>\n  Order allow,deny\n  Allow from 10.1 example.org\n</Directory>",
      set: ([, words], place) => ({
        lines: [{ allow: words.map((word) => hostTest(word, place)), methods: place.methods }],
      }),
    }),
    Deny: directive({
      args: [arg.oneOf("from", "from"), rest(arg.word("host"))],
      contexts,
      override: "Limit",
      summary: "Names hosts that are refused",
      doc: hostsDoc,
      example: "<Directory htdocs>\n  Deny from 192.0.2.0/24\n</Directory>",
      set: ([, words], place) => ({
        lines: [{ deny: words.map((word) => hostTest(word, place)), methods: place.methods }],
      }),
    }),
    Satisfy: directive({
      args: [arg.oneOf("which", "all", "any")],
      contexts,
      override: "AuthConfig",
      summary: "Says whether the host and the Require lines must both be met, or one of them",
      doc: "With `Any` a host that is allowed needs nothing else, and one that is refused may still meet the Require lines.",
      default: "All",
      example: "<Directory htdocs>\n  Satisfy Any\n  Allow from 10.1\n</Directory>",
      set: ([satisfy], place) => ({ lines: [{ satisfy, methods: place.methods }] }),
    }),
  }),
  hooks: {
    accessChecker: {
      before: ["mod_authz_core"],
      when: (settings) => settings.lines.length > 0,
      run: (request, settings) => {
        const access = accessFor(request, settings.lines);
        const allowed = isAllowed(request, access);
        if (typeof allowed === "boolean") return conclude(request, access, allowed);
        return allowed.then((late) => conclude(request, access, late));
      },
    },
  },
});

function readOrder(text: string, place: Pick<ArgumentPlace, "refuse">): Order {
  const order = text.toLowerCase();
  if (order === "allow,deny" || order === "deny,allow" || order === "mutual-failure") return order;
  const advice = /^(?:allow|deny),?$/i.test(text)
    ? "it is one word: no blank stands before or behind the comma"
    : undefined;
  return place.refuse("must be allow,deny, deny,allow or mutual-failure", advice);
}

function isAllowed(request: Request, { order, allow, deny }: Access): boolean | Promise<boolean> {
  const then = (value: boolean | Promise<boolean>, next: (value: boolean) => boolean | Promise<boolean>) =>
    typeof value === "boolean" ? next(value) : value.then(next);
  const not = (value: boolean) => !value;
  if (order === "deny,allow") {
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
