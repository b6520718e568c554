// Server-side includes: every directive, variables, conditions of both kinds, what is included, and what is not allowed.
import type { Case, FileSpec, Suite } from "./harness.js";

const configuration = `
LoadModule include_module @MODULES@/mod_include.so
LoadModule cgid_module @MODULES@/mod_cgid.so
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule filter_module @MODULES@/mod_filter.so
LoadModule deflate_module @MODULES@/mod_deflate.so
ScriptSock @RUN@/cgisock
DocumentRoot "@ROOT@/htdocs"
ScriptAlias /cgi-bin/ @ROOT@/cgi-bin/
SetEnv FROM_CONFIGURATION "<a> & b"
AddType text/html .shtml
AddOutputFilter INCLUDES .shtml
<Directory @ROOT@/htdocs>
  Options +Includes
  AllowOverride All
</Directory>
<Directory @ROOT@/htdocs/noexec>
  Options IncludesNOEXEC
</Directory>
<Directory @ROOT@/htdocs/plusnoexec>
  Options +IncludesNOEXEC
</Directory>
<Directory @ROOT@/htdocs/none>
  Options None
</Directory>
<Directory @ROOT@/htdocs/legacy>
  SSILegacyExprParser on
</Directory>
<Directory @ROOT@/htdocs/kept>
  SSIETag on
  SSILastModified on
</Directory>
<Directory @ROOT@/htdocs/words>
  SSIErrorMsg "<!-- broken -->"
  SSIUndefinedEcho "?"
  SSITimeFormat "%Y-%m-%d"
</Directory>
<Directory @ROOT@/htdocs/bit>
  XBitHack on
</Directory>
<Directory @ROOT@/htdocs/full>
  XBitHack full
</Directory>
<Directory @ROOT@/htdocs/parsed>
  AddHandler server-parsed .sp
</Directory>
<Directory @ROOT@/htdocs/typed>
  RemoveOutputFilter .shtml
  AddOutputFilterByType INCLUDES text/html
</Directory>
<Directory @ROOT@/htdocs/closed>
  Require all denied
</Directory>
<Directory @ROOT@/htdocs/packed>
  SetOutputFilter DEFLATE
</Directory>
<Files error.shtml>
  SetOutputFilter INCLUDES
</Files>
ErrorDocument 404 /error.shtml
Listen 127.0.0.1:@PORT2@
<VirtualHost *:@PORT2@>
  DocumentRoot "@ROOT@/htdocs"
  SSIStartTag "<%"
  SSIEndTag "%>"
</VirtualHost>
`;

const error = "<!--#nothing -->";
/** Pages by name, each tried as it is. */
const pages: Readonly<Record<string, string>> = {
  "plain text": "no directive at all\n",
  "a start tag that is none": "a <!--b <!-- #echo --> <!-#\n",
  "half a start tag at the end": "text <!--",
  "an unfinished directive": 'text <!--#echo var="X"',
  "echo of a variable": 'x <!--#echo var="DOCUMENT_URI" --> <!--#echo var="document_uri" -->\n',
  "echo of several": 'x <!--#echo var="DOCUMENT_NAME" var="NONE" var="DOCUMENT_ARGS" -->\n',
  "echo without blanks": 'x <!--#echo var="DOCUMENT_NAME"-->|<!--#ECHO VAR="DOCUMENT_NAME" -->\n',
  "echo by other quotes":
    "x <!--#echo var='DOCUMENT_NAME' --><!--#echo var=`DOCUMENT_NAME` --><!--#echo var=DOCUMENT_NAME -->\n",
  "echo without arguments": "x <!--#echo -->y<!--#echo-->z\n",
  "echo of an unknown argument": 'x <!--#echo vra="X" -->\n',
  "echo without a name": 'x <!--#echo "X" --> y\n',
  "echo, encoded":
    'x <!--#echo var="FROM_CONFIGURATION" --><!--#echo encoding="none" var="FROM_CONFIGURATION" --><!--#echo encoding="url" var="FROM_CONFIGURATION" encoding="urlencoded" var="FROM_CONFIGURATION" encoding="base64" var="FROM_CONFIGURATION" -->\n',
  "echo, decoded":
    'x <!--#set var="a" value="%3Cb%3E+c" --><!--#echo decoding="url" var="a" --><!--#echo decoding="urlencoded" encoding="none" var="a" -->\n',
  "echo by an unknown encoding": 'x <!--#echo encoding="rot13" var="DOCUMENT_NAME" -->\n',
  "set and variables in values":
    'x <!--#set var="a" value="1" --><!--#set var="b" value="$a-${a}b-$ab-\\$a-$-${}-${none}." --><!--#echo var="b" -->\n',
  "set through a name in a variable":
    'x <!--#set var="n" value="a" --><!--#set var="$n" value="2" --><!--#echo var="a" --><!--#echo var="$n" -->\n',
  "set with quotes inside":
    'x <!--#set var="a" value="say \\"hi\\" it\'s \\n" --><!--#echo encoding=\'none\' var=\'a\' -->\n',
  "set with entities":
    'x <!--#set var="a" decoding="entity" value="&lt;&eacute;&#65;&#300;&no;" --><!--#echo var="a" encoding="none" -->\n',
  "set, encoded": 'x <!--#set var="a" encoding="base64" value="hello" --><!--#echo var="a" -->\n',
  "set without value": 'x <!--#set var="a" --><!--#set value="b" var="a" -->\n',
  "set by an unknown argument": 'x <!--#set var="a" vlaue="b" -->\n',
  "an unfinished name of a variable": 'x <!--#set var="a" value="b${c" --><!--#echo var="a" -->\n',
  "an unknown directive": 'x <!--#nothing --> <!--#nothing a="b" -->\n',
  "no directive's name": "x <!--# echo --> y\n",
  comment: "x <!--#comment anything --> y\n",
  "config errmsg": `x <!--#config errmsg="oh" -->${error}<!--#config errmsg="$DOCUMENT_NAME" -->${error}\n`,
  "config echomsg": 'x <!--#config echomsg="[none]" --><!--#echo var="none" -->\n',
  "config timefmt":
    'x <!--#config timefmt="%Y %B %e %j" --><!--#flastmod file="data.txt" --> <!--#echo var="LAST_MODIFIED" -->\n',
  "config of what is not there": 'x <!--#config size="b" --><!--#config sizefmt="kb" --><!--#config -->\n',
  "times as they are": 'x <!--#echo var="LAST_MODIFIED" --> <!--#flastmod virtual="/data.txt" -->\n',
  "the owner of a page": 'x <!--#echo var="USER_NAME" -->\n',
  fsize: 'x <!--#fsize file="data.txt" -->|<!--#fsize virtual="/large.txt" -->|<!--#fsize file="folder/in.txt" -->\n',
  "fsize in bytes":
    'x <!--#config sizefmt="bytes" --><!--#fsize file="data.txt" -->|<!--#fsize virtual="large.txt" -->\n',
  "fsize of what is not there":
    'x <!--#fsize file="none.txt" -->|<!--#fsize file="../secret" -->|<!--#fsize fiel="x" -->|<!--#fsize -->\n',
  "include file": 'x <!--#include file="data.txt" --> y\n',
  "include virtual":
    'x <!--#include virtual="/data.txt" --><!--#include virtual="data.txt" --><!--#include virtual="folder/in.txt" --> y\n',
  "include several": 'x <!--#include virtual="/data.txt" file="folder/in.txt" --> y\n',
  "include what is not there": 'x <!--#include virtual="/none" --> y <!--#include file="none" --> z\n',
  "include above":
    'x <!--#include file="../secret" --> y <!--#include file="/etc/passwd" --> z <!--#include virtual="/../secret" -->\n',
  "include what is forbidden": 'x <!--#include virtual="/closed/x.txt" --> y\n',
  "include with onerror":
    'x <!--#include virtual="/none" onerror="/data.txt" --> y <!--#include virtual="/data.txt" onerror="/folder/in.txt" -->\n',
  "include with onerror that fails": 'x <!--#include virtual="/none" onerror="/none2" --> y\n',
  "include without arguments": 'x <!--#include --> y <!--#include url="/data.txt" -->\n',
  "include a page, and its variables":
    'x <!--#set var="a" value="outer" --><!--#include virtual="/nested.shtml" --><!--#echo var="a" -->\n',
  "include by a variable": 'x <!--#set var="f" value="data" --><!--#include virtual="/${f}.txt" -->\n',
  "include a script": 'x <!--#set var="a" value="set" --><!--#include virtual="/cgi-bin/shown/info?a=b" --> y\n',
  "include a script that fails": 'x <!--#include virtual="/cgi-bin/fails" --> y\n',
  "include a script with a status": 'x <!--#include virtual="/cgi-bin/status" --> y\n',
  "include a script that redirects": 'x <!--#include virtual="/cgi-bin/redirects" --> y\n',
  "include a script that speaks for itself": 'x <!--#include virtual="/cgi-bin/nph-x" --> y\n',
  "include a folder": 'x <!--#include virtual="/folder/" --> y <!--#include virtual="/folder" -->\n',
  "include itself": 'x <!--#include virtual="/itself.shtml" --> y\n',
  "exec cmd": 'x <!--#set var="a" value="b" --><!--#exec cmd="echo $DOCUMENT_NAME \\$HOME $a; pwd; exit 3" --> y\n',
  "exec cgi":
    'x <!--#exec cgi="/cgi-bin/shown" --> y <!--#exec cgi="/cgi-bin/shown?q" --> <!--#exec cgi="/data.txt" -->\n',
  "exec of an unknown kind": 'x <!--#exec command="ls" --> <!--#exec -->\n',
  if: "x <!--#if expr=\"v('DOCUMENT_NAME') = /case/\" -->yes<!--#else -->no<!--#endif --> y\n",
  "if, false": 'x <!--#if expr="1 -eq 2" -->yes<!--#echo var="DOCUMENT_NAME" --><!--#else -->no<!--#endif --> y\n',
  elif: 'x <!--#if expr="1 -eq 2" -->1<!--#elif expr="1 -eq 1" -->2<!--#elif expr="1 -eq 1" -->3<!--#else -->4<!--#endif --> y\n',
  "if within if":
    'x <!--#if expr="1 -eq 2" -->1<!--#if expr="1 -eq 1" -->2<!--#else -->3<!--#endif -->4<!--#else -->5<!--#if expr="1 -eq 1" -->6<!--#endif -->7<!--#endif --> y\n',
  "if with groups":
    'x <!--#if expr="v(\'DOCUMENT_NAME\') =~ /(c)(as)e/" --><!--#echo var="1" -->-<!--#set var="g" value="$2" --><!--#echo var="g" --><!--#endif --> y\n',
  "if of set variables":
    "x <!--#set var=\"a\" value=\"b\" --><!--#if expr=\"v('a') == 'b' && reqenv('a') == 'b' && env('a') == 'b'\" -->yes<!--#endif -->\n",
  "if of request fields": "x <!--#if expr=\"%{HTTP_HOST} == 'www.test'\" -->yes<!--#else -->no<!--#endif -->\n",
  "if -A":
    "x <!--#if expr=\"-A '/data.txt'\" -->yes<!--#endif --><!--#if expr=\"-A '/closed/x.txt'\" -->no<!--#endif -->\n",
  "if that is wrong":
    'x <!--#if expr="((" -->a<!--#else -->b<!--#endif --> y <!--#if -->c<!--#endif --> <!--#if exp="1" -->d<!--#endif -->\n',
  "if that reads files": "x <!--#if expr=\"file('/etc/hostname') =~ /x/\" -->a<!--#endif --> y\n",
  "if without endif": 'x <!--#if expr="1 -eq 2" -->gone\n',
  "else with arguments": 'x <!--#if expr="1 -eq 1" -->1<!--#else a="b" -->2<!--#endif a="b" -->3<!--#endif -->4\n',
  "endif without if": "x <!--#endif --> y <!--#else --> z <!--#endif --> w\n",
};

/** The same in the older language. */
const legacy: Readonly<Record<string, string>> = {
  "a string":
    '<!--#if expr="a" -->1<!--#endif --><!--#if expr="" -->2<!--#endif --><!--#if expr="\'\'" -->3<!--#endif -->',
  "a variable":
    '<!--#set var="a" value="b" --><!--#if expr="$a" -->1<!--#endif --><!--#if expr="$none" -->2<!--#endif -->',
  "equal and unequal":
    '<!--#set var="a" value="b c" --><!--#if expr="$a = b c" -->1<!--#endif --><!--#if expr="$a != \'b c\'" -->2<!--#endif --><!--#if expr="$a == \'b c\'" -->3<!--#endif -->',
  "a pattern":
    '<!--#if expr="$DOCUMENT_NAME = /^(leg)(acy)/" -->$1<!--#echo var="1" --><!--#echo var="2" --><!--#endif --><!--#if expr="abc != /B/" -->2<!--#endif -->',
  order:
    '<!--#if expr="a < b" -->1<!--#endif --><!--#if expr="b <= a" -->2<!--#endif --><!--#if expr="b > a" -->3<!--#endif --><!--#if expr="10 >= 9" -->4<!--#endif -->',
  "and, or and not":
    '<!--#if expr="a && !\'\'" -->1<!--#endif --><!--#if expr="\'\' || b" -->2<!--#endif --><!--#if expr="!(a = b) && (c)" -->3<!--#endif --><!--#if expr="!a" -->4<!--#endif -->',
  "rank of and and or":
    "<!--#if expr=\"a || b && ''\" -->1<!--#endif --><!--#if expr=\"'' && a || b\" -->2<!--#endif -->",
  access: '<!--#if expr="-A /data.txt" -->1<!--#endif --><!--#if expr="-A /closed/x.txt" -->2<!--#endif -->',
  "what is wrong":
    '<!--#if expr="= a" -->1<!--#endif --><!--#if expr="(a" -->2<!--#endif --><!--#if expr="a)" -->3<!--#endif --><!--#if expr="!a = b" -->4<!--#endif --><!--#if expr="a = " -->5<!--#endif -->',
};

const nameOf = (index: number): string => `case${index}.shtml`;
const files: Record<string, FileSpec> = {
  secret: "secret\n",
  "htdocs/data.txt": "the data\n",
  "htdocs/large.txt": "x".repeat(12345),
  "htdocs/folder/in.txt": "in a folder\n",
  "htdocs/folder/index.html": "index of a folder\n",
  "htdocs/closed/x.txt": "closed\n",
  "htdocs/nested.shtml":
    'nested <!--#echo var="a" --><!--#set var="a" value="inner" --> <!--#echo var="DOCUMENT_NAME" --> ',
  "htdocs/itself.shtml": 'again <!--#include virtual="/itself.shtml" -->',
  "htdocs/error.shtml": 'missing <!--#echo var="REDIRECT_URL" --> <!--#echo var="REDIRECT_STATUS" -->\n',
  "htdocs/noexec/a.shtml":
    'x <!--#exec cmd="echo ran" --> <!--#include virtual="/cgi-bin/shown" --> <!--#include virtual="/data.txt" -->\n',
  "htdocs/plusnoexec/a.shtml": 'x <!--#exec cmd="echo ran" -->\n',
  "htdocs/none/a.shtml": 'x <!--#echo var="DOCUMENT_NAME" -->\n',
  "htdocs/kept/a.shtml": 'x <!--#echo var="DOCUMENT_NAME" -->\n',
  "htdocs/packed/a.shtml": 'x <!--#echo var="DOCUMENT_NAME" --><!--#include virtual="/data.txt" -->\n',
  "htdocs/words/a.shtml": `x ${error}<!--#echo var="none" --><!--#flastmod virtual="/data.txt" -->\n`,
  "htdocs/bit/on.html": { text: 'x <!--#echo var="DOCUMENT_NAME" -->\n', mode: 0o755 },
  "htdocs/bit/off.html": 'x <!--#echo var="DOCUMENT_NAME" -->\n',
  "htdocs/bit/on.txt": { text: 'x <!--#echo var="DOCUMENT_NAME" -->\n', mode: 0o755 },
  "htdocs/full/group.html": { text: 'x <!--#echo var="DOCUMENT_NAME" -->\n', mode: 0o755 },
  "htdocs/full/user.html": { text: 'x <!--#echo var="DOCUMENT_NAME" -->\n', mode: 0o744 },
  "htdocs/parsed/a.sp": 'x <!--#echo var="DOCUMENT_NAME" -->\n',
  "htdocs/typed/a.html": 'x <!--#echo var="DOCUMENT_NAME" -->\n',
  "htdocs/printenv.shtml": "x <!--#printenv -->\n",
  "htdocs/tags.shtml": 'x <!--#echo var="DOCUMENT_NAME" --><%echo var="DOCUMENT_NAME" %>\n',
  "cgi-bin/shown": {
    text: '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\n[$DOCUMENT_NAME $a $QUERY_STRING $PATH_INFO $SCRIPT_NAME $REQUEST_URI $SERVER_PROTOCOL $REQUEST_METHOD]"\n',
    mode: 0o755,
  },
  "cgi-bin/fails": { text: "#!/bin/sh\nexit 1\n", mode: 0o755 },
  "cgi-bin/status": { text: '#!/bin/sh\nprintf "Status: 404\\n\\nnot here"\n', mode: 0o755 },
  "cgi-bin/redirects": { text: '#!/bin/sh\nprintf "Location: /data.txt\\n\\n"\n', mode: 0o755 },
  "cgi-bin/nph-x": { text: '#!/bin/sh\nprintf "HTTP/1.1 200 OK\\r\\n\\r\\nx"\n', mode: 0o755 },
  "cgi-bin/page": {
    text: '#!/bin/sh\nprintf "Content-Type: text/html\\n\\nx <!--#echo var="DOCUMENT_NAME" -->"\nsleep 0.1\n',
    mode: 0o755,
  },
};
const cases: Case[] = [];
Object.entries(pages).forEach(([name, text], index) => {
  files[`htdocs/${nameOf(index)}`] = text;
  cases.push({ name, target: `/${nameOf(index)}?q=%3c` });
});
Object.entries(legacy).forEach(([name, text], index) => {
  files[`htdocs/legacy/legacy${index}.shtml`] = `x ${text} y\n`;
  cases.push({ name: `${name}, as Apache 2.2`, target: `/legacy/legacy${index}.shtml` });
});

const modified = "If-Modified-Since: Wed, 01 May 2024 12:00:00 GMT";
cases.push(
  { name: "HEAD", method: "HEAD", target: "/case4.shtml" },
  { name: "conditions do not hold for pages", target: "/case4.shtml", headers: [modified] },
  { name: "a range of a page", target: "/case4.shtml", headers: ["Range: bytes=0-1"] },
  { name: "path info", target: "/case4.shtml/more" },
  { name: "POST", method: "POST", target: "/case4.shtml", body: "a=b" },
  { name: "IncludesNOEXEC", target: "/noexec/a.shtml" },
  {
    name: "+IncludesNOEXEC under Includes",
    target: "/plusnoexec/a.shtml",
    differs: "commands are not run where a line says NOEXEC; Apache heeds it only without the plus",
  },
  { name: "no Options Includes", target: "/none/a.shtml" },
  { name: "SSIETag and SSILastModified", target: "/kept/a.shtml" },
  { name: "a condition where Last-Modified is kept", target: "/kept/a.shtml", headers: [modified] },
  { name: "words of the configuration", target: "/words/a.shtml" },
  { name: "XBitHack on", target: "/bit/on.html" },
  { name: "XBitHack, not executable", target: "/bit/off.html" },
  { name: "XBitHack, no HTML", target: "/bit/on.txt" },
  { name: "XBitHack full, group", target: "/full/group.html" },
  { name: "XBitHack full, group, with a condition", target: "/full/group.html", headers: [modified] },
  { name: "XBitHack full, user", target: "/full/user.html" },
  { name: "AddHandler server-parsed", target: "/parsed/a.sp" },
  { name: "AddOutputFilterByType", target: "/typed/a.html" },
  { name: "other tags", target: "/tags.shtml", to: { port: 2 } },
  {
    name: "behind DEFLATE",
    target: "/packed/a.shtml",
    headers: ["Accept-Encoding: gzip"],
    differs: "a page is compressed as it comes, in chunks; Apache holds all of a small one back",
  },
  { name: "an ErrorDocument", target: "/none-such" },
);

export const suite: Suite = { name: "mod_include", configuration, files, cases };
