// Words in the quotation marks of books → those that Apache takes as they stand, marks and all.
import { splitWords } from "../../api/words.js";
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

export const quoteLints: readonly Lint[] = [bookQuotes];
