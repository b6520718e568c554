// A directive's line → the compiler of the expressions in it, whose faults point into the line.
import { ConfigError, type Condition, type ExpressionCompiler, type StringExpression } from "../../api/index.js";
import { originAt, type Node } from "../tree.js";
import { sourceOffset, splitWords } from "../../api/words.js";
import { compileCondition, compileString, type ExpressionParts } from "./expression.js";
import { ExpressionError } from "./tree.js";
import type { ExpressionVocabulary } from "./vocabulary.js";

/** The compiler for the expressions of one directive, or section. */
export function expressionsIn(node: Node, directive: string, vocabulary: ExpressionVocabulary): ExpressionCompiler {
  const compile = <Made>(make: (text: string, parts: ExpressionParts) => Made) => {
    return (text: string, options: ExpressionParts["options"] = {}): Made => {
      try {
        return make(text, { vocabulary, origin: node.origin, options });
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
        throw faultAt(node, directive, text, error);
      }
    };
  };
  return {
    condition: compile<Condition>(compileCondition),
    stringExpression: compile<StringExpression>(compileString),
  };
}

function faultAt(node: Node, directive: string, text: string, error: ExpressionError): ConfigError {
  const { span, message, advice } = error;
  return new ConfigError(`${directive}: the expression ${message}`, originAt(node, offsetOf(node, text, span.at)), {
    code: "AH00526",
    length: span.length,
    ...(advice === undefined ? {} : { advice }),
  });
}

/** Where in the line's text an offset of an expression stands: in a word or the end of one, else in the text as written. */
function offsetOf({ text: line }: Node, expression: string, offset: number): number {
  for (const word of splitWords(line)) {
    if (!word.text.endsWith(expression)) continue;
    return sourceOffset(line, word, word.text.length - expression.length + offset);
  }
  return Math.max(0, line.indexOf(expression)) + offset;
}
