// Quotation marks → those of books, which Apache takes as they stand, and those that have no second one.
import { splitWords } from "../../api/words.js";
import { openQuote } from "../line-advice.js";
import type { Node } from "../tree.js";
import { findingAt, type Finding, type Lint } from "./view.js";

/** Marks that word processors and web pages put in place of " and '. */
const mark = /[\u2018-\u201f\u00ab\u00bb]/;

const bookQuotes: Lint = {
  code: "book-quotes",
  find: (view) => findingsIn(view.server.tree.nodes),
};

function* findingsIn(nodes: readonly Node[]): Iterable<Finding> {
  for (const node of nodes) {
    const words = mark.test(node.text) ? splitWords(node.text) : [];
    const word = words.findIndex(({ column }) => mark.test(node.text.charAt(column)));
    const found = words[word]?.text.charAt(0);
    if (found !== undefined) {
      const reason = `${found} is no quotation mark here, but a part of the word`;
      yield findingAt(node, reason, { word, advice: `write " or ' in its place` });
    }
    if (node.kind === "section") yield* findingsIn(node.children);
  }
}

const unclosedQuote: Lint = {
  code: "unclosed-quote",
  find: (view) => openIn(view.server.tree.nodes),
};

function* openIn(nodes: readonly Node[]): Iterable<Finding> {
  for (const node of nodes) {
    if (node.kind === "section") yield* openIn(node.children);
    // The text of an ErrorDocument needs no second quotation mark: that is how Apache 1 had it.
    if (!/["']/.test(node.text) || node.key === "errordocument") continue;
    const start = openQuote(node.text);
    if (start === undefined) continue;
    const reason = `the quotation that begins with ${start} has no end: everything to the end of the line is one word`;
    const word = splitWords(node.text).findIndex(({ column }) => node.text.startsWith(start, column));
    yield findingAt(node, reason, { ...(word < 0 ? {} : { word }), advice: "write the second quotation mark" });
  }
}

export const quoteLints: readonly Lint[] = [bookQuotes, unclosedQuote];
