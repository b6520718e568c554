// Responses edited by scripts of sed: mod_sed.
import type { Case, FileSpec, Suite } from "./harness.js";

const text = "one two three\nTwo one\n\n  indented  line\nfour (4) [x] a.b*c\none one one\nlast\n";

/** Scripts by name, one OutputSed for each line. */
const scripts: Readonly<Record<string, readonly string[]>> = {
  "the example of the manual": ["s/one/ONE/g", "s/two/TWO/g"],
  "the first match": ["s/one/1/"],
  "the second match": ["s/one/1/2"],
  "all matches": ["s/one/1/g"],
  "the matched text": ["s/[a-z][a-z]*/<&>/g"],
  groups: ["s/\\\\([a-z]*\\\\) \\\\([a-z]*\\\\)/\\\\2 \\\\1/"],
  "a reference back": ["s/\\\\(o.e\\\\) \\\\1/same/"],
  "other delimiters": ["s,one,1,;s|two|2|"],
  "an ampersand that is one": ["s/one/\\\\&/"],
  "the beginning and the end": ["s/^/> /;s/$/ </"],
  "anchors that are none": ["s/a^b$c/x/;s/(4)/<4>/"],
  sets: ["s/[][x]/-/g;s/[^a-z ]/./g"],
  "a range of a set with a hyphen": ["s/[a-c-]/X/g"],
  "repetitions of nothing": ["s/x*/-/g"],
  "a repetition in front": ["s/ *one/1/g"],
  "a repetition that begins where the match before ended": ["s/t*o/O/g"],
  counts: ["s/e\\\\{2\\\\}/EE/;s/[a-z]\\\\{2,3\\\\}/#/g"],
  "a star that is one": ["s/b*c/BC/;s/*c/C/"],
  "a dot": ["s/o.e/X/g"],
  "a line by its number": ["2d"],
  "the last line": ["$d"],
  "a range of lines": ["2,4d"],
  "a range up to the last": ["5,$d"],
  "a range of patterns": ["/Two/,/four/d"],
  "a range that ends before it begins": ["4,2s/$/ !/"],
  "lines that match": ["/one/d"],
  "lines that do not": ["/one/!d"],
  "an address with another delimiter": ["\\\\,one,d"],
  "an empty pattern, the last one": ["/one/s//1/"],
  "a block": ["/one/{s/one/1/;s/two/2/;}"],
  "a block over lines": ["/one/{", "s/one/1/", "}", "s/last/end/"],
  "a block that is negated": ["/one/!{", "s/$/ none/", "}"],
  numbers: ["="],
  "numbers of some": ["/one/="],
  "print twice": ["p"],
  "only what is printed": ["#n", "/one/p"],
  "only what was replaced": ["#n", "s/one/1/p"],
  "first lines": ["N;P;D"],
  "pairs of lines": ["N;s/\\\\n/ + /"],
  "all lines in one": [":a", "N", "$!b a", "s/\\\\n/,/g"],
  "next lines": ["n;d"],
  "the hold space": ["h;G"],
  "lines turned round": ["1!G;h;$!d"],
  exchange: ["x;$G"],
  append: ["H;x;s/\\\\n/ | /g;x"],
  "a jump where something was replaced": ["s/one/1/;t", "s/$/ none/"],
  "a jump to a label": ["/one/b end", "s/$/ none/", ":end"],
  quit: ["3q"],
  "quit at a match": ["/four/q"],
  characters: ["y/abcdeo/ABCDE0/"],
  "a newline among characters": ["N;y/\\\\n/+/"],
  "plain to see": ["s/e/\\\\t/;l"],
  "a file that is read": ["/Two/r @ROOT@/conf/more"],
  "a file that is not there": ["/Two/r @ROOT@/conf/none"],
  "several deletions": ["/^$/d;/indented/d"],
  "a comment": ["# nothing", "s/one/1/"],
};

const files: Record<string, FileSpec> = {
  "conf/more": "from a file\nand more\n",
  "htdocs/plain/a.txt": text,
  "htdocs/none/a.txt": "",
  "htdocs/end/a.txt": "one\ntwo without an end",
  "htdocs/outer/a.txt": text,
  "htdocs/outer/inner/a.txt": text,
  "htdocs/long/a.txt": text.repeat(2000),
  "htdocs/pages/a.html": '<p><!--#echo var="DOCUMENT_NAME" --> one\n',
};
let sections = "";
const cases: Case[] = [];
Object.entries(scripts).forEach(([name, lines], index) => {
  files[`htdocs/script${index}/a.txt`] = text;
  const written = lines.map((line) => `OutputSed "${line}"`).join("\n");
  sections += `<Directory @ROOT@/htdocs/script${index}>\nSetOutputFilter Sed\n${written}\n</Directory>\n`;
  cases.push({ name, target: `/script${index}/a.txt` });
});
const quoted = "s/one/1/g";

export const suite: Suite = {
  name: "mod_sed",
  configuration: `
${["sed", "filter", "deflate", "include", "reflector"].map((name) => `LoadModule ${name}_module @MODULES@/mod_${name}.so`).join("\n")}
DocumentRoot "@ROOT@/htdocs"
<Directory @ROOT@/htdocs>
  Options +Includes
</Directory>
${sections}
<Directory @ROOT@/htdocs/plain>
  SetOutputFilter Sed
</Directory>
${["none", "end", "long"]
  .map((name) => `<Directory @ROOT@/htdocs/${name}>\nAddOutputFilter Sed txt\nOutputSed "${quoted}"\n</Directory>`)
  .join("\n")}
<Directory @ROOT@/htdocs/outer>
  SetOutputFilter Sed;DEFLATE
  OutputSed "${quoted}"
</Directory>
<Directory @ROOT@/htdocs/outer/inner>
  OutputSed "s/two/2/"
</Directory>
<Directory @ROOT@/htdocs/pages>
  SetOutputFilter INCLUDES;Sed
  OutputSed "${quoted};s/a.html/[&]/"
</Directory>
<Location /echo>
  SetHandler reflector
  SetInputFilter Sed
  InputSed "s/one/1/g"
  InputSed "$s/$/ end/"
</Location>
`,
  files,
  cases: [
    ...cases,
    { name: "no script", target: "/plain/a.txt" },
    { name: "an empty page", target: "/none/a.txt" },
    { name: "a page without a newline at its end", target: "/end/a.txt" },
    { name: "a long page", target: "/long/a.txt", differs: "sent as it is made, in chunks" },
    { name: "HEAD", method: "HEAD", target: "/end/a.txt" },
    { name: "a range", target: "/end/a.txt", headers: ["Range: bytes=0-2"] },
    { name: "a section around another", target: "/outer/a.txt" },
    { name: "the section inside, whose script is its own", target: "/outer/inner/a.txt" },
    { name: "a page that is packed then", target: "/outer/a.txt", headers: ["Accept-Encoding: gzip"] },
    { name: "behind server-side includes", target: "/pages/a.html", differs: "sent as it is made, in chunks" },
    { name: "a page of an error", target: "/end/none" },
    {
      name: "a body that is sent back",
      method: "POST",
      target: "/echo/a",
      body: "one two\none",
      differs: "Apache announces the length of what came in",
    },
    {
      name: "a body in chunks that is sent back",
      raw: "POST /echo/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7\r\none\none\r\n0\r\n\r\n",
    },
  ],
};
