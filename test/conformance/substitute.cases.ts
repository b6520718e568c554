// Texts replaced in responses; files sent as they are; filters chosen by expressions and by <If>.
import type { Case, FileSpec, Suite } from "./harness.js";

/** Rules by name, each acting on the same page. */
const rules: Readonly<Record<string, string>> = {
  "a text": 'Substitute "s/one/ONE/"',
  "a text, in any case": 'Substitute "s/ONE/1/i"',
  "other delimiters": 'Substitute "s|http://old.test/|https://new.test/|n"\nSubstitute "s#two#2#"',
  "a plain text with pattern characters": 'Substitute "s/(a|b)*/X/n"',
  "a plain text in any case": 'Substitute "s/ONE/1/ni"',
  groups: 'Substitute "s/(\\w+) (\\w+)/$2 $1 [$0] & \\$1/"',
  "the beginning of a line": 'Substitute "s/^one/1/"',
  "the beginning of what is left": 'Substitute "s/^o|^n/./"',
  "the end of a line": 'Substitute "s/end$/END/"',
  "a dot and the newline": 'Substitute "s/d.$/X/"\nSubstitute "s/end\\n/END+/"',
  "rules in order": 'Substitute "s/one/two/"\nSubstitute "s/two/three/"',
  "quick rules do not see across": 'Substitute "s/one/o/q"\nSubstitute "s/o two/X/q"\nSubstitute "s/o/0/q"',
  "flattened rules see across": 'Substitute "s/one/o/f"\nSubstitute "s/o two/X/f"',
  "nothing in its place": 'Substitute "s/one //"',
  "no expression": 'Substitute "s/one/expr=%{HTTP_HOST}/"',
  "a line that is too long": 'SubstituteMaxLineLength 20\nSubstitute "s/one/1/"',
  "a line that becomes too long":
    'SubstituteMaxLineLength 60\nSubstitute "s/one/this is rather a long text for one word/"',
  "no rule": "",
};

const page = `one two one\nOne (a|b)* http://old.test/x http://old.test/y\nthe end\n\nlast one without a newline`;
const files: Record<string, FileSpec> = {
  "htdocs/whole.txt": "one text without a newline",
  "htdocs/inner/a.txt": page,
  "htdocs/inner/before/a.txt": page,
  "htdocs/access/.htaccess": 'SetOutputFilter SUBSTITUTE\nSubstitute "s/one/by access file/"\n',
  "htdocs/access/a.txt": page,
  "htdocs/large/a.txt": `${page}\n`.repeat(5000),
  "htdocs/chosen/a.html": "one <b>page</b>\n",
  "htdocs/chosen/a.txt": "one page\n",
  "htdocs/chosen/a.css": "one page\n",
  "htdocs/if/a.txt": "one page\n",
  "htdocs/asis/plain.asis": "Content-Type: text/plain\nX-Own: 1\nX-Own: 2\n\nthe body\n",
  "htdocs/asis/status.asis": "Status: 410 Long Gone\nContent-Type: text/html\nContent-Length: 3\n\n<h1>gone</h1>\n",
  "htdocs/asis/moved.asis": "Status: 301 Moved\nLocation: http://elsewhere.test/\nContent-Type: text/plain\n\nmoved\n",
  "htdocs/asis/local.asis": "Status: 302 Found\nLocation: /whole.txt\n\n",
  "htdocs/asis/remote.asis": "Location: http://elsewhere.test/\n\nbody\n",
  "htdocs/asis/dated.asis":
    'ETag: "tag"\nLast-Modified: Wed, 01 May 2024 12:00:00 GMT\nContent-Type: text/plain\n\ndated\n',
  "htdocs/asis/cookies.asis": "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Type: text/plain\r\n\r\nbody\r\n",
  "htdocs/asis/untyped.asis": "X-Own: 1\n\nuntyped\n",
  "htdocs/asis/empty.asis": "Content-Type: text/plain\n\n",
};
let sections = "";
const cases: Case[] = [];
Object.entries(rules).forEach(([name, lines], index) => {
  files[`htdocs/rule${index}/a.txt`] = page;
  sections += `<Directory @ROOT@/htdocs/rule${index}>\n  SetOutputFilter SUBSTITUTE\n  ${lines}\n</Directory>\n`;
  const differs = "an error where nothing has been sent yet; Apache breaks the response off";
  const ends = name === "a line that is too long";
  cases.push({ name, target: `/rule${index}/a.txt`, ...(ends ? { differs } : {}) });
});

const configuration = `
LoadModule substitute_module @MODULES@/mod_substitute.so
LoadModule filter_module @MODULES@/mod_filter.so
LoadModule asis_module @MODULES@/mod_asis.so
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
DocumentRoot "@ROOT@/htdocs"
<Directory @ROOT@/htdocs>
  AllowOverride All
</Directory>
${sections}
<Files whole.txt>
  SetOutputFilter SUBSTITUTE
  Substitute "s/one/1/"
</Files>
<Directory @ROOT@/htdocs/inner>
  SetOutputFilter SUBSTITUTE
  Substitute "s/one/outer/"
</Directory>
<Directory @ROOT@/htdocs/inner/before>
  SubstituteInheritBefore on
  Substitute "s/outer/inner/"
</Directory>
<Directory @ROOT@/htdocs/large>
  SetOutputFilter SUBSTITUTE
  Substitute "s/one/1/"
  Substitute "s/(two)/<$1>/"
</Directory>
<Directory @ROOT@/htdocs/chosen>
  FilterDeclare chosen
  FilterProvider chosen SUBSTITUTE "%{CONTENT_TYPE} =~ m#^text/html# || resp('X-Subst') == 'yes' || %{HTTP:X-Ask} == 'yes'"
  FilterChain chosen
  Substitute "s/one/1/"
  <Files a.css>
    Header set X-Subst yes
  </Files>
</Directory>
<Directory @ROOT@/htdocs/if>
  <If "%{HTTP:X-Ask} == 'yes'">
    SetOutputFilter SUBSTITUTE
    Substitute "s/one/if/"
  </If>
  <ElseIf "%{HTTP:X-Ask} == 'type'">
    AddOutputFilterByType SUBSTITUTE text/plain
    Substitute "s/one/by type/"
  </ElseIf>
</Directory>
<Directory @ROOT@/htdocs/asis>
  AddHandler send-as-is asis
  Header set X-Set set
</Directory>
`;

cases.push(
  { name: "a response of one line", target: "/whole.txt" },
  { name: "HEAD of what is changed", method: "HEAD", target: "/whole.txt" },
  {
    name: "a condition on what is changed",
    target: "/whole.txt",
    headers: ["If-Modified-Since: Wed, 01 May 2024 12:00:00 GMT"],
  },
  { name: "a range of what is changed", target: "/rule0/a.txt", headers: ["Range: bytes=0-3"] },
  { name: "rules of outer sections", target: "/inner/a.txt" },
  { name: "SubstituteInheritBefore", target: "/inner/before/a.txt" },
  { name: "an .htaccess file", target: "/access/a.txt" },
  { name: "a large response", target: "/large/a.txt" },
  { name: "a filter by an expression on the type", target: "/chosen/a.html" },
  { name: "a filter by an expression that is false", target: "/chosen/a.txt" },
  { name: "a filter by an expression on the request", target: "/chosen/a.txt", headers: ["X-Ask: yes"] },
  { name: "a filter in <If>", target: "/if/a.txt", headers: ["X-Ask: yes"] },
  { name: "a filter by type in <ElseIf>", target: "/if/a.txt", headers: ["X-Ask: type"] },
  { name: "no filter where neither holds", target: "/if/a.txt" },
  ...["plain", "status", "moved", "local", "remote", "dated", "cookies", "untyped", "empty"].map((name): Case => ({
    name: `as it is: ${name}`,
    target: `/asis/${name}.asis`,
  })),
  { name: "as it is: HEAD", method: "HEAD", target: "/asis/plain.asis" },
  { name: "as it is: POST", method: "POST", target: "/asis/plain.asis", body: "x" },
  { name: "as it is: a range", target: "/asis/plain.asis", headers: ["Range: bytes=0-2"] },
  { name: "as it is: a condition", target: "/asis/dated.asis", headers: ['If-None-Match: "tag"'] },
  { name: "as it is: what is not there", target: "/asis/none.asis" },
  { name: "as it is: path info", target: "/asis/plain.asis/more" },
);

export const suite: Suite = { name: "mod_substitute and mod_asis", configuration, files, cases };
