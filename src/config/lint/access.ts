// Access rules → those that do nothing, or leave open what they seem to close.
import { meant, nearest } from "../../api/index.js";
import type { DirectiveNode, Node } from "../tree.js";
import { findingAt, hasLine, isDirective, isSection, wordsOf, type Body, type Lint } from "./view.js";

/** Old and new rules in one section: both must let a request in. */
const mixedAccess: Lint = {
  code: "mixed-access",
  *find(view) {
    for (const { nodes } of view.holding("order", "allow", "deny")) {
      const old = nodes.find((node) => isDirective(node, "order", "allow", "deny"));
      const recent = nodes.find(
        (node) => isDirective(node, "require") || ["<requireall>", "<requireany>", "<requirenone>"].includes(node.key),
      );
      if (!old || !recent) continue;
      yield findingAt(old, `${old.name} beside Require in one section: both must let a request in`, {
        related: [{ origin: recent.origin, text: "the rule of Apache 2.4" }],
        advice:
          "say it with Require alone; IfModule mod_authz_core.c and !mod_authz_core.c keep one file for both versions",
      });
    }
  },
};

/** In a list of alternatives, one that is always true makes the others meaningless. */
const uselessRequire: Lint = {
  code: "useless-require",
  *find(view) {
    for (const { nodes, inside } of view.holding("require")) {
      if (nodes.length < 2 || (inside && ["<requireall>", "<requirenone>"].includes(inside.key))) continue;
      const rules = nodes.filter((node): node is DirectiveNode => isDirective(node, "require"));
      const open = rules.find((node) => /^all\s+granted$/i.test(node.text));
      if (!open) continue;
      for (const node of rules) {
        if (/^(all\s|not\s)/i.test(node.text)) continue;
        yield findingAt(node, `"Require ${node.text}" has no effect: one alternative is enough, and all are granted`, {
          related: [{ origin: open.origin, text: `Require ${open.text}` }],
          advice: "remove one of the two, or put both into <RequireAll>",
        });
      }
    }
  },
};

/** A rule of a <Limit> that keeps somebody out; none where all are let in. */
function refusalIn(nodes: readonly Node[]): DirectiveNode | undefined {
  const rules = nodes.filter((node): node is DirectiveNode => isDirective(node, "require", "deny", "order", "allow"));
  const isOpen = rules.some(({ key, text }) => key === "allow" && /^from\s+all$/i.test(text));
  return rules.find(
    ({ key, text }) =>
      key === "deny" ||
      (key === "require" && !/\bgranted$/i.test(text)) ||
      (key === "order" && /^(?:allow,deny|mutual-failure)$/i.test(text) && !isOpen),
  );
}

/** Rules for what is read, which leave the rest open. Rules for methods that change something are meant for those alone. */
const methodsLeftOpen: Lint = {
  code: "methods-left-open",
  *find(view) {
    for (const { node, body } of view.named("<limit>")) {
      if (node.kind !== "section" || !wordsOf(node).some((method) => method.toUpperCase() === "GET")) continue;
      const rule = refusalIn(node.children);
      if (!rule || body.nodes.some((other) => isSection(other, "<limitexcept>") && refusalIn(other.children))) continue;
      yield findingAt(node, `the rules in <Limit ${node.text}> hold for no other method: the rest stays open`, {
        advice: "access rules belong outside of <Limit>; <LimitExcept> closes all methods but the ones it names",
        related: [{ origin: rule.origin, text: `${rule.name} ${rule.text}` }],
      });
    }
  },
};

const userWithoutAuth: Lint = {
  code: "user-without-auth",
  *find(view) {
    const isSetForAll = view.hosts.slice(0, 1).some(({ nodes }) => hasLine(nodes, "authtype"));
    if (isSetForAll) return;
    const told = new Set<Body>();
    for (const { node: rule, body } of view.named("require")) {
      if (!/^(valid-user|user|group)\b/i.test(rule.text) || told.has(body)) continue;
      // Anywhere in the same host, or around it: which section lies under which is known only for a request.
      if (hasLine(body.lines.nodes, "authtype")) continue;
      told.add(body);
      yield findingAt(rule, `"Require ${rule.text}" asks for a user, and no AuthType says how: requests get a 500`, {
        advice: "write AuthType Basic, AuthName and AuthUserFile beside it",
      });
    }
  },
};

/** Who asks for names and passwords, by AuthType. */
const authTypes: ReadonlyMap<string, string> = new Map([
  ["Basic", "mod_auth_basic"],
  ["Digest", "mod_auth_digest"],
  ["Form", "mod_auth_form"],
]);

const unknownAuthType: Lint = {
  code: "unknown-auth-type",
  *find(view) {
    const loaded = new Set(view.server.modules.map(({ name }) => name));
    // A module of the reader's own may ask in a way of its own.
    const knowsOthers = view.server.tree.modules.some(({ file }) => file !== undefined);
    for (const { node } of view.named("authtype")) {
      const [type = ""] = wordsOf(node);
      if (type.includes("%{") || type.toLowerCase() === "none") continue;
      const known = [...authTypes].find(([each]) => each.toLowerCase() === type.toLowerCase());
      if (known ? loaded.has(known[1]) : knowsOthers) continue;
      yield findingAt(node, `nobody authenticates by AuthType "${type}": who has to log in gets a 500`, {
        word: 0,
        advice: known
          ? `load ${known[1]}: a2enmod ${known[1].replace("mod_", "")}`
          : (meant(nearest(type, [...authTypes.keys()])) ??
            `the types are ${[...authTypes.keys()].join(", ")} and None`),
      });
    }
  },
};

/** Lints of access rules. */
export const accessLints: readonly Lint[] = [
  ...[mixedAccess, uselessRequire, methodsLeftOpen, userWithoutAuth, unknownAuthType],
];
