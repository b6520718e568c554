// SetEnvIf and BrowserMatch lines → environment variables of the requests they match.
import {
  arg,
  defineModule,
  list,
  PatternError,
  rest,
  translatePattern,
  type Argument,
  type Place,
} from "../../api/index.js";
import { applyRules, changesOf, isFieldPattern, readerOf, type Rule } from "./rule.js";

const contexts = ["server config", "virtual host", "directory", ".htaccess"] as const;
const variablesDoc =
  "Each variable is `name` (set to 1), `name=value`, where `$1` to `$9` stand for groups of the regular expression, or " +
  "`!name` (removed). Rules outside of sections act as soon as the request is read, those in sections before access is checked.";

export default defineModule({
  name: "mod_setenvif",
  summary: "Sets environment variables by what a request is like",
  settings: { rules: list<Rule>("outer first"), sectionRules: list<Rule>("outer first") },
  directives: (directive) => {
    const setEnvIf = (ignoreCase: boolean, example: string) =>
      directive({
        args: [attributeArgument(), regexArgument(ignoreCase), rest(arg.word("variable"))],
        contexts,
        override: "FileInfo",
        summary: `Sets variables where an attribute of the request matches${ignoreCase ? ", in any case" : ""}`,
        doc:
          "The attribute is `Remote_Host`, `Remote_Addr`, `Server_Addr`, `Request_Method`, `Request_Protocol`, " +
          "`Request_URI`, the name of a request field (or a regular expression for it), or a variable set before. What is " +
          `not there is empty. ${variablesDoc}`,
        example,
        set: ([attribute, regex, words], place) => rule({ attribute, regex, words, ignoreCase }, place),
      });
    const browserMatch = (ignoreCase: boolean, example: string) =>
      directive({
        args: [regexArgument(ignoreCase), rest(arg.word("variable"))],
        contexts,
        override: "FileInfo",
        summary: `Sets variables where the User-Agent field matches${ignoreCase ? ", in any case" : ""}`,
        doc: variablesDoc,
        example,
        set: ([regex, words], place) => rule({ attribute: "User-Agent", regex, words, ignoreCase }, place),
      });
    return {
      SetEnvIf: setEnvIf(false, 'SetEnvIf Request_URI "\\.gif$" object_is_image=gif'),
      SetEnvIfNoCase: setEnvIf(true, 'SetEnvIfNoCase Host "example\\.org" site=example'),
      SetEnvIfExpr: directive({
        args: [arg.condition("expression"), rest(arg.word("variable"))],
        contexts,
        override: "FileInfo",
        summary: "Sets variables where an expression is true",
        doc: `The expression is as in \`<If>\`. ${variablesDoc}`,
        example: 'SetEnvIfExpr "%{REQUEST_URI} =~ m#^/(.*)/secret#" secret=$1',
        set: ([condition, words], place) => entryOf({ condition, changes: changesOf(words, place) }, place),
      }),
      BrowserMatch: browserMatch(false, 'BrowserMatch "Mozilla/[2-4]" old !modern'),
      BrowserMatchNoCase: browserMatch(true, 'BrowserMatchNoCase "bot" robot=yes'),
    };
  },
  hooks: {
    postReadRequest: {
      when: ({ rules }) => rules.length > 0,
      run: (request, { rules }) => applyRules(request, rules),
    },
    headerParser: {
      when: ({ sectionRules }) => sectionRules.length > 0,
      run: (request, { sectionRules }) => applyRules(request, sectionRules),
    },
  },
});

function attributeArgument(): Argument<string> {
  return arg.custom("attribute", "word", (text, place) => (text === "" ? place.refuse("must not be empty") : text));
}

/** A text without special characters is compared as it is, whatever RegexDefaultOptions says. */
function regexArgument(ignoreCase: boolean): Argument<Tested> {
  return arg.custom("regex", "regex", (text, place) => {
    if (text === "") return place.refuse("must not be empty", "write ^$ for what is empty, .* for anything");
    const isPlain = plain.test(text);
    // As in Apache a backslash at the end of such a text counts for nothing.
    const written = isPlain ? text.replace(/^((?:[^\\]|\\[^])*)\\$/, "$1") : text;
    return { regex: arg.regex("regex", { ignoreCase, alone: isPlain }).parse(written, place), isPlain };
  });
}

const plain = /^(?:[^^.$|()[\]*+?{}\\]|\\[\^.$|()[\]*+?{}\\])*\\?$/;

/** What a value is compared with; one that is plain has no groups, and values stay as they are written. */
interface Tested {
  readonly regex: RegExp;
  readonly isPlain: boolean;
}

interface Line {
  readonly attribute: string;
  readonly regex: Tested;
  readonly words: readonly string[];
  readonly ignoreCase: boolean;
}

function rule({ attribute, regex, words, ignoreCase }: Line, place: Place): { rules?: Rule[]; sectionRules?: Rule[] } {
  const names = fieldNames(attribute, ignoreCase, place);
  return entryOf({ read: readerOf(attribute, names), ...regex, changes: changesOf(words, place) }, place);
}

function entryOf(entry: Rule, { context }: Place): { rules?: Rule[]; sectionRules?: Rule[] } {
  const topLevel = context === "server config" || context === "virtual host";
  return topLevel ? { rules: [entry] } : { sectionRules: [entry] };
}

/** Names of fields are told apart by their case here, as in Apache. */
function fieldNames(attribute: string, ignoreCase: boolean, place: Place): RegExp | undefined {
  if (!isFieldPattern(attribute)) return undefined;
  try {
    return translatePattern(attribute, { ignoreCase }, place.origin);
  } catch (error) {
    if (error instanceof PatternError) return place.fail(`attribute ${error.message}, found "${attribute}"`);
    throw error;
  }
}
