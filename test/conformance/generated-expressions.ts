// Expressions and patterns that nobody would write → what a real Apache and modhost make of each, in one start of both.
import { mkdirSync, writeFileSync } from "node:fs";
import { Agent, request, type RequestOptions } from "node:http";
import fc from "fast-check";
import type { Server } from "./servers.js";

/** A question to both: the lines of an .htaccess file, and fields to send; answered by the status and by fields X-R... */
export interface Question {
  readonly shown: string;
  readonly lines: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

/** What both servers need for the questions. */
export const configuration = `LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule headers_module @MODULES@/mod_headers.so
LogLevel crit
SetEnvIf Request_Method . SET=set
MaxKeepAliveRequests 0
KeepAliveTimeout 60
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@/htdocs">
  Require all granted
  AllowOverride FileInfo
</Directory>
`;

/** An argument of a line, in quotes. */
const quoted = (text: string): string => `"${text.replace(/\\(?=[\\"]|$)|"/g, "\\$&")}"`;

const sent = { "X-A": "abc", "X-B": "Ab 12", "X-Empty": "", "User-Agent": "tester/1.0" } as const;

// Expressions

const plain = fc
  .array(
    fc.constantFrom("a", "b", "A", "1", "20", " ", "-", ".", "*", "?", "/", "%", "\\\\", "\\n", "\\101", "\\'", "é"),
    {
      maxLength: 4,
    },
  )
  .map((parts) => parts.join(""));
const variable = fc.constantFrom(
  ...["REQUEST_METHOD", "REQUEST_SCHEME", "QUERY_STRING", "HTTP_USER_AGENT", "HTTP_REFERER", "SERVER_NAME", "HTTPS"],
  ...[
    "req:X-A",
    "req:X-B",
    "HTTP:X-A",
    "req:X-None",
    "reqenv:SET",
    "env:SET",
    "note:none",
    "SERVER_PROTOCOL",
    "IS_SUBREQ",
  ],
);
const called = fc.constantFrom(
  ...["tolower", "toupper", "escape", "unescape", "base64", "unbase64", "md5", "sha1", "req", "reqenv", "ldap"],
);
const pattern = fc.constantFrom(
  ...[
    "/a/",
    "/^A/i",
    "/(.)(.)/",
    "/b$/",
    "m#[0-9]+#",
    "/^$/",
    "/(a|b)?c/",
    "/^(.*)b/",
    "/./",
    "m,(\\d)(\\d),",
    "/^a b/",
  ],
);

/** Without groups Apache leaves what stood in its memory for $0. */
const grouping = fc.constantFrom("/(.)(.)/", "/(a|b)?c/i", "/^(.*)b/", "m,(\\d)(\\d),", "/(?:x|(y))?(.)$/", "/()(a*)/");

const { word, condition } = fc.letrec<{ word: string; list: string; condition: string }>((tie) => ({
  word: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    plain.map((text) => `'${text}'`),
    fc.constantFrom("0", "1", "20", "-3", "'x'", "$0", "$1", "'[$1]'"),
    variable.map((name) => `%{${name}}`),
    fc.tuple(plain, variable).map(([text, name]) => `'${text}%{${name}}'`),
    fc.tuple(called, tie("word")).map(([name, text]) => `${name}(${text})`),
    fc.tuple(called, variable).map(([name, of]) => `'%{${name}:%{${of}}}'`),
    fc.tuple(tie("word"), tie("word")).map(([a, b]) => `${a} . ${b}`),
  ),
  list: fc.array(tie("word"), { minLength: 1, maxLength: 3 }).map((words) => `{${words.join(",")}}`),
  condition: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constantFrom("true", "false"),
    fc
      .tuple(
        tie("word"),
        fc.constantFrom(..."== = != < <= > >= -eq -ne -lt -le -gt -ge eq ne lt le gt ge".split(" ")),
        tie("word"),
      )
      .map((parts) => parts.join(" ")),
    fc.tuple(tie("word"), fc.constantFrom("-in", "in"), tie("list")).map((parts) => parts.join(" ")),
    fc.tuple(tie("word"), fc.constantFrom("=~", "!~"), pattern).map((parts) => parts.join(" ")),
    fc
      .tuple(
        tie("word"),
        fc.constantFrom("-strmatch", "-strcmatch", "-fnmatch"),
        fc.constantFrom("'a*'", "'*'", "'?b*'", "'[a-c]*'", "'A?C'", "''"),
      )
      .map((parts) => parts.join(" ")),
    fc.tuple(fc.constantFrom("-z", "-n", "-T"), tie("word")).map((parts) => parts.join(" ")),
    fc.constantFrom("-R '127.0.0.0/8'", "-R '10.0.0.1'", "'10.1.2.3' -ipmatch '10.1.0.0/16'", "-R '::1'"),
    fc.tuple(fc.constantFrom("!", "not "), tie("condition")).map((parts) => parts.join("")),
    tie("condition").map((inner) => `(${inner})`),
    fc
      .tuple(tie("condition"), fc.constantFrom("&&", "||", "and", "or"), tie("condition"))
      .map((parts) => parts.join(" ")),
  ),
}));

/** A text with one character more, less or another. */
const spoilt = (sound: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(sound, fc.nat(), fc.constantFrom(..."(){}'/%$ .,!=~-&|\\a1"), fc.nat(2)).map(([text, number, char, how]) => {
    const at = number % (text.length + 1);
    return text.slice(0, at) + (how === 0 ? "" : char) + text.slice(how === 1 ? at : at + 1);
  });

const asked = (text: string): Question => ({
  shown: text,
  lines: [`SetEnvIfExpr ${quoted(text)} R=yes`, 'Header always set X-R "%{R}e"'],
  headers: sent,
});

const groups = fc
  .tuple(
    word.filter((text) => !text.includes("$")),
    grouping,
  )
  .map(([text, of]) => `${text} =~ ${of}`);

const captured = (text: string): Question => ({
  shown: text,
  lines: [`SetEnvIfExpr ${quoted(text)} "R=[$0][$1][$2][$3]"`, 'Header always set X-R "%{R}e"'],
  headers: sent,
});

const filled = fc
  .array(
    fc.oneof(
      plain,
      variable.map((name) => `%{${name}}`),
      fc.tuple(called, variable).map(([name, of]) => `%{${name}:%{${of}}}`),
      fc.constantFrom("%", "$", "{", "}", "%{", "$1", "'", ":", "%%", "%{req:", "%{x}"),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join(""));

// Patterns

const byte = fc.constantFrom(
  ...[
    "a",
    "b",
    "c",
    "A",
    "1",
    " ",
    ".",
    "\\d",
    "\\w",
    "\\s",
    "\\W",
    "\\x61",
    "\\.",
    "[ab]",
    "[^a]",
    "[[:alpha:]]",
    "[[:^digit:]]",
  ],
  ...["[a-c1]", "[]a]", "[\\d-]", "\\Qa.\\E", "\\x{62}", "\\101", "[\\x61-c]", "(?#note)b", "\\h", "\\N", "\\R"],
);
const times = fc.constantFrom(
  "*",
  "+",
  "?",
  "{2}",
  "{1,}",
  "{0,2}",
  "*?",
  "+?",
  "??",
  "{1,2}?",
  "*+",
  "++",
  "?+",
  "{,2}",
);
const edge = fc.constantFrom(
  "^",
  "$",
  "\\b",
  "\\B",
  "\\A",
  "\\z",
  "\\Z",
  "(?=a)",
  "(?!b)",
  "(?<=a)",
  "(?<!b)",
  "(?i)",
  "(?-i)",
  "(?s)",
  "(?x)",
);

/** Without groups that are kept: those in repetitions keep another text in PCRE, as docs say. */
const { uncaptured } = fc.letrec<{ uncaptured: string }>((tie) => ({
  uncaptured: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    byte,
    fc.tuple(byte, times).map((parts) => parts.join("")),
    fc.tuple(tie("uncaptured"), tie("uncaptured")).map((parts) => parts.join("")),
    fc.tuple(tie("uncaptured"), tie("uncaptured")).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(fc.constantFrom("(?:", "(?>", "(?i:", "(?=", "(?!", "(?s-i:"), tie("uncaptured"))
      .map(([open, inner]) => `${open}${inner})`),
    fc.tuple(byte, byte, times).map(([a, b, how]) => `(?:${a}${b})${how}`),
  ),
}));

const piece = fc.oneof(
  uncaptured,
  edge,
  uncaptured.map((inner) => `(${inner})`),
  uncaptured.map((inner) => `(?<n>${inner})`),
  fc.tuple(uncaptured, uncaptured).map(([a, b]) => `(${a}|${b})`),
  fc.tuple(byte, uncaptured).map(([a, b]) => `(${a})${b}\\1`),
);
const perl = fc.array(piece, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(""));

const texts = ["abc", "aab Abc 11", "b.a", "1a-b", "aaaa", "bbca1"] as const;

const matched = (text: string): Question => ({
  shown: text,
  lines: texts.flatMap((_text, index) => [
    `SetEnvIf X-T${index} ${quoted(text)} "R${index}=[$0][$1][$2][$3]"`,
    `Header always set X-R${index} "%{R${index}}e"`,
  ]),
  headers: Object.fromEntries(texts.map((each, index) => [`X-T${index}`, each])),
});

/** Questions of each kind, the same ones for the same seed. */
export function questionsOf(seed: number, count: number): Record<string, readonly Question[]> {
  const some = (of: fc.Arbitrary<string>): string[] => [...new Set(fc.sample(of, { seed, numRuns: count }))];
  const text = (each: string): Question => ({
    shown: each,
    lines: [`Header always set X-R ${quoted(`expr=${each}`)}`],
    headers: sent,
  });
  return {
    conditions: some(condition).map(asked),
    groups: some(groups).map(captured),
    "spoilt conditions": some(spoilt(condition)).map(asked),
    texts: some(filled).map(text),
    patterns: some(perl).map(matched),
    "spoilt patterns": some(spoilt(perl)).map(matched),
  };
}

/** Writes each question's file, under a name and its number. */
export function writeQuestions(root: string, name: string, questions: readonly Question[]): void {
  for (const [index, { lines }] of questions.entries()) {
    const folder = `${root}/htdocs/${name.replaceAll(" ", "-")}/${index}`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/.htaccess`, `${lines.join("\n")}\n`);
    writeFileSync(`${folder}/index.html`, "there\n");
  }
}

/** What a server answers to each question, as one line each; undefined where it ended the connection three times. */
export async function answersTo(
  { ports }: Server,
  name: string,
  questions: readonly Question[],
): Promise<(string | undefined)[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const answers: (string | undefined)[] = [];
  try {
    for (const [index, { headers }] of questions.entries()) {
      const path = `/${name.replaceAll(" ", "-")}/${index}/?q=1`;
      let answer: string | undefined;
      for (let again = 0; answer === undefined && again < 3; again++) {
        answer = await ask({
          agent,
          host: "127.0.0.1",
          port: ports[0],
          path,
          headers: { ...headers, Host: "main.test" },
        });
      }
      answers.push(answer);
    }
    return answers;
  } finally {
    agent.destroy();
  }
}

function ask(options: RequestOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    const sending = request(options);
    sending.on("error", () => resolve(undefined));
    sending.on("response", (response) => {
      const found = Object.entries(response.headers).filter(([field]) => field.startsWith("x-r"));
      response.resume();
      response.on("end", () => resolve(`${response.statusCode} ${JSON.stringify(Object.fromEntries(found))}`));
    });
    sending.end();
  });
}
