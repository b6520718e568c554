// Access rules → those that do nothing, or leave open what they seem to close.
import { meant, nearest } from "../../api/index.js";
import type { DirectiveNode } from "../tree.js";
import { findingAt, hasLine, isDirective, wordsOf, type Body, type Lint } from "./view.js";

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

const methodsLeftOpen: Lint = {
  code: "methods-left-open",
  *find(view) {
    for (const { node } of view.named("<limit>")) {
      if (node.kind !== "section") continue;
      const rule = node.children.find((child) => isDirective(child, "require", "deny", "order"));
      if (!rule || /\bgranted$/i.test(rule.text)) continue;
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

const authTypes = ["None", "Basic", "Digest", "Form"];

const unknownAuthType: Lint = {
  code: "unknown-auth-type",
  *find(view) {
    for (const { node } of view.named("authtype")) {
      const [type = ""] = wordsOf(node);
      if (type.includes("%{") || authTypes.some((each) => each.toLowerCase() === type.toLowerCase())) continue;
      const near = meant(nearest(type, authTypes));
      yield findingAt(node, `nobody authenticates by AuthType "${type}": who has to log in gets a 500`, {
        word: 0,
        advice: near ?? `the types are ${authTypes.join(", ")}`,
      });
    }
  },
};

/** Lints of access rules. */
export const accessLints: readonly Lint[] = [
  ...[mixedAccess, uselessRequire, methodsLeftOpen, userWithoutAuth, unknownAuthType],
];
