// Filters that are programs.
import type { Case, Suite } from "./harness.js";

interface Row {
  readonly name: string;
  /** Lines of the directory; its filter is what SetOutputFilter names. */
  readonly lines: string;
  readonly more?: Partial<Case>;
  readonly file?: string;
}

const output = (filters: string, more = ""): string => `SetOutputFilter ${filters}\n  ${more}`;

const rows: readonly Row[] = [
  { name: "changes a file", lines: output("upper") },
  { name: "answers HEAD", lines: output("upper"), more: { method: "HEAD" } },
  { name: "leaves 304 alone", lines: output("upper"), more: { headers: ["If-None-Match: *"] } },
  { name: "is not asked for what is missing", lines: output("upper"), file: "missing.txt" },
  { name: "has arguments with blanks", lines: output("words") },
  { name: "has arguments in quotes", lines: output("quotes") },
  { name: "has no arguments", lines: output("simple") },
  { name: "knows names in any case", lines: output("UPPER") },
  { name: "follows another", lines: output("upper;words") },
  { name: "stands in front of another", lines: output("words;upper") },
  { name: "is for its media type", lines: output("typed") },
  { name: "is not for another media type", lines: output("typed"), file: "a.html" },
  { name: "gives another media type", lines: output("retyped") },
  { name: "runs where a variable is set", lines: output("enabled", "SetEnv RUNS 1") },
  { name: "does not run where that is not set", lines: output("enabled") },
  { name: "does not run where a variable is set", lines: output("disabled", "SetEnv RUNS 1") },
  { name: "runs where that is not set", lines: output("disabled") },
  { name: "prints more than it reads", lines: output("more") },
  { name: "prints nothing", lines: output("nothing") },
  { name: "reads nothing", lines: output("deaf") },
  { name: "fails behind its output", lines: output("fails") },
  { name: "knows the request", lines: output("environment"), file: "a.txt?a=%20b;c" },
  { name: "is missing", lines: output("absent") },
  { name: "is missing, and left out", lines: output("absent", "ExtFilterOptions Onfail=remove") },
  { name: "is missing, and asked for", lines: output("absent", "ExtFilterOptions Onfail=abort") },
  { name: "keeps the length", lines: output("keeps") },
  { name: "packs content", lines: output("packs") },
  { name: "changes a long file", lines: output("upper"), file: "long.txt" },
  {
    name: "changes what a CGI program sends",
    lines: `${output("upper")}\n  SetHandler cgi-script\n  Options +ExecCGI`,
    file: "program",
  },
  { name: "changes an empty file", lines: output("more"), file: "empty.txt" },
  {
    name: "changes the body of a request",
    lines: "SetInputFilter swallows\n  SetHandler cgi-script\n  Options +ExecCGI",
    file: "reads",
    more: { method: "POST", body: "the body" },
  },
  {
    name: "changes the body of a request in chunks",
    lines: "SetInputFilter swallows\n  SetHandler cgi-script\n  Options +ExecCGI",
    file: "reads",
    more: { method: "POST", headers: ["Transfer-Encoding: chunked"], body: "3\r\nabc\r\n0\r\n\r\n" },
  },
];

const configuration = `LoadModule ext_filter_module @MODULES@/mod_ext_filter.so
LoadModule cgid_module @MODULES@/mod_cgid.so
ScriptSock "@RUN@/cgi.sock"
DocumentRoot "@ROOT@/htdocs"
ExtFilterDefine upper mode=output cmd="/usr/bin/tr a-z A-Z"
ExtFilterDefine words cmd="/bin/sed s/A/(a\\\\ b)/"
ExtFilterDefine quotes cmd="/bin/sed 's/a/(a b)/'"
ExtFilterDefine simple cmd=/usr/bin/rev
ExtFilterDefine typed intype=text/plain cmd="/usr/bin/tr a-z A-Z"
ExtFilterDefine retyped outtype=text/css cmd="/usr/bin/tr a-z A-Z"
ExtFilterDefine enabled enableenv=RUNS cmd="/usr/bin/tr a-z A-Z"
ExtFilterDefine disabled disableenv=RUNS cmd="/usr/bin/tr a-z A-Z"
ExtFilterDefine more cmd="/bin/sh -c 'echo first; cat; echo last'"
ExtFilterDefine nothing cmd="/bin/sh -c 'cat >/dev/null'"
ExtFilterDefine deaf cmd="/bin/echo heard nothing"
ExtFilterDefine fails cmd="/bin/sh -c 'cat; exit 3'"
ExtFilterDefine environment cmd="@ROOT@/htdocs/environment/show"
ExtFilterDefine absent cmd=/nowhere/at/all
ExtFilterDefine keeps PreservesContentLength cmd="/usr/bin/tr a-z A-Z"
ExtFilterDefine packs ftype=20 cmd="/usr/bin/tr a-z A-Z"
ExtFilterDefine swallows mode=input cmd="/usr/bin/tr a-z A-Z"
${rows
  .map(
    ({ lines }, index) => `<Directory "@ROOT@/htdocs/${index}">
  ${lines}
</Directory>
`,
  )
  .join("")}`;

/** Apache knows the length of an answer whose file it has led through the program as a whole; here it goes out as it comes. */
const masks: readonly (readonly [RegExp, string])[] = [
  [/^(?:Content-Length: .*|Transfer-Encoding: chunked)\n/gm, ""],
  [/^Accept-Ranges: bytes\n/gm, ""],
];

const program = (text: string): { readonly text: string; readonly mode: number } => ({
  text: `#!/bin/sh\n${text}\n`,
  mode: 0o755,
});

export const suite: Suite = {
  name: "filters that are programs",
  configuration,
  files: Object.fromEntries([
    [
      "htdocs/environment/show",
      program(
        'cat; for name in DOCUMENT_URI DOCUMENT_PATH_INFO QUERY_STRING QUERY_STRING_UNESCAPED REQUEST_METHOD SCRIPT_NAME REQUEST_URI; do eval "echo $name=\\$$name"; done',
      ),
    ],
    ...rows.flatMap((_row, index) => [
      [`htdocs/${index}/a.txt`, "a text of words\n"],
      [`htdocs/${index}/a.html`, "<p>words\n"],
      [`htdocs/${index}/empty.txt`, ""],
      [`htdocs/${index}/long.txt`, "0123456789abcde\n".repeat(20_000)],
      [`htdocs/${index}/program`, program('printf "Content-Type: text/plain\\n\\nfrom a program\\n"')],
      [`htdocs/${index}/reads`, program('printf "Content-Type: text/plain\\n\\n"; cat')],
    ]),
  ]) as Suite["files"],
  masks,
  cases: rows.map(({ name, file = "a.txt", more }, index): Case => ({ name, target: `/${index}/${file}`, ...more })),
};
