// The words of a directive → the values of its arguments.
import { ConfigError, showArgument, type Argument, type ArgumentPlace, type Origin, type Place } from "../api/index.js";
import { originAt, type Node } from "./tree.js";
import { splitWords, type Word } from "../api/words.js";

type AnyArgument = Argument<unknown>;

/** Parses the text of a directive by its arguments. Throws a ConfigError at the word that does not fit. */
export function parseArguments(
  node: Node,
  directive: string,
  args: readonly AnyArgument[],
  place: Place,
): readonly unknown[] {
  if (args.length === 1 && args[0]?.raw)
    return [parseWord(args[0], { text: node.text, column: 0, length: node.text.length }, node, place)];
  const words = splitWords(node.text);
  // As long as it will be: an array that grows takes room for seventeen, and there may be a hundred thousand.
  const values = new Array<unknown>(args.length).fill(undefined);
  let next = 0;
  for (let index = 0; index < args.length; index++) {
    const argument = args[index];
    if (!argument) break;
    const word = words[next];
    if (argument.raw) {
      if (word) {
        const { column } = word;
        const rest = { text: node.text.slice(column), column, length: node.text.length - column };
        values[index] = parseWord(argument, rest, node, place);
      }
      if (!word && !argument.optional) throw arity(node, directive, args, words);
      next = words.length;
    } else if (argument.rest) {
      if (next >= words.length && !argument.optional) throw arity(node, directive, args, words);
      values[index] = words.slice(next).map((each) => parseWord(argument, each, node, place));
      next = words.length;
    } else if (word && takes(args, index, words, next)) {
      // Apache counts an empty word of a fixed number of arguments as missing.
      if (word.text !== "" || !argument.optional) values[index] = parseWord(argument, word, node, place);
      next++;
    } else if (!argument.optional) {
      throw arity(node, directive, args, words);
    }
  }
  // Words after On or Off are ignored, as Apache does.
  const flagOnly = args.length === 1 && args[0]?.kind === "On|Off";
  if (next < words.length && !flagOnly) throw arity(node, directive, args, words);
  return values;
}

/** Whether the argument at `index` takes the next word, leaving enough for the required ones behind it. */
function takes(args: readonly AnyArgument[], index: number, words: readonly Word[], next: number): boolean {
  const argument = args[index];
  const word = words[next];
  if (!argument || !word) return false;
  if (!argument.optional) return true;
  if (argument.is) return argument.is(word.text);
  return words.length - next > args.slice(index + 1).filter(({ optional }) => !optional).length;
}

function parseWord(argument: AnyArgument, word: Word, node: Node, place: Place): unknown {
  return argument.parse(word.text, new WordPlace(argument, word, node, place));
}

/** One for each word of the configuration: what is asked seldom is made when it is asked for. */
class WordPlace implements ArgumentPlace {
  readonly #argument: AnyArgument;
  readonly #word: Word;
  readonly #node: Node;
  readonly #place: Place;

  constructor(argument: AnyArgument, word: Word, node: Node, place: Place) {
    this.#argument = argument;
    this.#word = word;
    this.#node = node;
    this.#place = place;
  }

  get origin(): Origin {
    return originAt(this.#node, this.#word.column);
  }

  get context(): Place["context"] {
    return this.#place.context;
  }

  get resolve(): Place["resolve"] {
    return (path) => this.#place.resolve(path);
  }

  get condition(): Place["condition"] {
    return this.#place.condition;
  }

  get stringExpression(): Place["stringExpression"] {
    return this.#place.stringExpression;
  }

  refuse(expectation: string, advice?: string): never {
    const { text, length } = this.#word;
    const reason = `${this.#place.directive}: ${this.#argument.name} ${expectation}, found "${text}"`;
    throw new ConfigError(reason, this.origin, {
      code: "AH00526",
      length: Math.max(1, length),
      ...(advice === undefined ? {} : { advice }),
    });
  }
}

function arity(node: Node, directive: string, args: readonly AnyArgument[], words: readonly Word[]): ConfigError {
  const shape = args.map(showArgument).join(" ");
  const least = args.filter(({ optional }) => !optional).length;
  const most = args.some(({ rest, raw }) => rest || raw) ? Infinity : args.length;
  const number =
    most === Infinity
      ? `at least ${least} argument${least === 1 ? "" : "s"}`
      : least === most
        ? `${count(least)}`
        : `${least} to ${most} arguments`;
  const found = words.length === 0 ? "found none" : `found ${words.length}`;
  return new ConfigError(`${directive} takes ${number}, ${found}`, node.origin, {
    code: "AH00526",
    length: node.name.length,
    advice: `write: ${directive}${shape ? ` ${shape}` : ""}`,
  });
}

function count(number: number): string {
  const words = ["no arguments", "one argument", "two arguments", "three arguments"];
  return words[number] ?? `${number} arguments`;
}
