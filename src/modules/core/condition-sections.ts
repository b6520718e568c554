// The sections that apply by a condition: If, ElseIf, Else.
import { arg, section } from "../../api/index.js";
import { everywhere } from "./contexts.js";

const orderDoc =
  "It is laid over all other sections, `<Location>` included; of several, those of the virtual host come first, then those " +
  "inside `<Directory>`, `<Files>` and `<Location>` in the order of these, then those inside each other.";
const notInside = ["Limit", "LimitExcept"];

export const conditionSections = {
  "<If>": section({
    args: [arg.condition("expression")],
    contexts: everywhere,
    override: "All",
    notInside,
    summary: "Applies to requests for which an expression is true.",
    doc:
      "The expression stands in quotes: texts in single quotes, variables as `%{NAME}`, functions as `%{req:Accept}`, " +
      "operators like `==`, `-eq`, `=~`, `-in`, `-ipmatch`, joined with `&&`, `||` and `!`. It is asked before a user is " +
      `known and before there is an answer. Request fields it reads are added to the Vary field of the answer. ${orderDoc}`,
    example: "<If \"%{HTTP_HOST} == 'example.org' && %{REQUEST_URI} =~ m#^/old/#\">\n  FileETag None\n</If>",
    opens: ([condition]) => ({ kind: "if", condition }),
  }),

  "<ElseIf>": section({
    args: [arg.condition("expression")],
    contexts: everywhere,
    override: "All",
    notInside,
    follows: ["if", "else if"],
    summary: "Applies where the `<If>` before it does not and its own expression is true.",
    doc: "It follows an `<If>` or another `<ElseIf>` in the same section; other directives may stand between.",
    example:
      "<If \"-R '10.1.0.0/16'\">\n  FileETag None\n</If>\n<ElseIf \"-R '10.0.0.0/8'\">\n  FileETag MTime\n</ElseIf>",
    opens: ([condition]) => ({ kind: "else if", condition }),
  }),

  "<Else>": section({
    args: [],
    contexts: everywhere,
    override: "All",
    notInside,
    follows: ["if", "else if"],
    summary: "Applies where none of the `<If>` and `<ElseIf>` before it does.",
    doc: "It ends the chain of an `<If>` in the same section.",
    example: '<If "-n %{QUERY_STRING}">\n  FileETag None\n</If>\n<Else>\n  FileETag MTime\n</Else>',
    opens: () => ({ kind: "else" }),
  }),
};
