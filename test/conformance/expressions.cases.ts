// Expressions: what conditions and texts come to, shown by error documents, redirects, statuses, fields and logs.
import type { Case, Suite } from "./harness.js";

/** A condition, and lines to send with the request. */
type Row = string | readonly [condition: string, ...headers: string[]];

const rows: readonly Row[] = [
  "true",
  "false",
  "!false",
  "not true",
  "!!true",
  "not not false",
  "true && false",
  "true and true",
  "false || true",
  "false or false",
  "true || true && false",
  "(true || true) && false",
  "!true || true",
  "!(true || true)",
  "! false && ! false",
  "((true))",
  // Texts
  "'a' == 'a'",
  "'a' = 'b'",
  "'a' != 'b'",
  `"a" == 'a'`,
  `"it's" == 'it\\'s'`,
  "'10' > '9'",
  "'a' < 'b'",
  "'a' <= 'a'",
  "'b' >= 'c'",
  "'A' < 'a'",
  "'' == ''",
  "'\\303\\251' == 'é'",
  "'\\101\\n' == 'A\\n'",
  "'\\a\\-' == 'a-'",
  "'a%b$c}' == 'a%b$c\\}'",
  "'a'.'b' == 'ab'",
  "'a' . 'b'.'c' == 'abc'",
  "1 . 2 == '12'",
  "12 == '12'",
  // Numbers
  "10 -gt 9",
  "'10' -gt '9'",
  "10 gt 9",
  "2 -eq 2",
  "2 eq 3",
  "2 -ne 3",
  "2 ne 2",
  "1 -lt 2",
  "2 lt 1",
  "2 -le 2",
  "3 le 2",
  "2 -ge 2",
  "1 ge 2",
  "-1 -lt 0",
  "'-5' -eq -5",
  "'12abc' -eq 12",
  "' 12' -eq 12",
  "'abc' -eq 0",
  "'' -eq 0",
  "'9223372036854775807' -gt '9223372036854775806'",
  "'99999999999999999999' -eq '9223372036854775807'",
  "'0x10' -eq 0",
  "'+7' -eq 7",
  "'010' -eq 10",
  // Lists
  "'a' -in {'a'}",
  "'b' in {'a', 'b' ,'c'}",
  "'d' in {'a','b'}",
  "'ab' in {'a'.'b'}",
  "2 in {1,2}",
  "tolower('B') in {'a','%{tolower:B}'}",
  // Regular expressions and groups
  "'abc' =~ /b/",
  "'abc' !~ /b/",
  "'aBc' =~ /ABC/",
  "'aBc' =~ /ABC/i",
  "'a/b' =~ m#^a/b$#",
  "'a/b' =~ m|^A/B$|i",
  "'abc' =~ m'b'",
  "'a.c' =~ m_^a\\.c$_",
  "'abc' =~ /(b)(c)/ && $2 == 'c'",
  "'abc' =~ /a(b)/ && '$0-$1' == 'ab-b'",
  "'abc' =~ /(b)/ && 'xyz' =~ /y/ && $1 == 'b'",
  "'abc' =~ /(b)/ && !('xyz' =~ /(q)/) && $1 == ''",
  "'abc' !~ /(q)/ && $0 == ''",
  "'abc' =~ /(b)|(q)/ && $2 == ''",
  "'abc' =~ /b/ && $0 == ''",
  "'ab' =~ /(?<x>b)/ && $1 == 'b'",
  "$1 == ''",
  "'a' =~ //",
  "'line\nfeed' =~ /e.f/",
  // Operators with names
  "-n 'a'",
  "-n ''",
  "-z ''",
  "-z 'a'",
  "! -z 'a'",
  "-T 'yes'",
  "-T 'no'",
  "-T 'Off'",
  "-T '0'",
  "-T '00'",
  "-T 'false'",
  "-T ''",
  "-T 'none'",
  "-d '@ROOT@/htdocs'",
  "-d '@ROOT@/htdocs/file.txt'",
  "-f '@ROOT@/htdocs/file.txt'",
  "-f '@ROOT@/htdocs'",
  "-e '@ROOT@/htdocs'",
  "-e '@ROOT@/nowhere'",
  "-s '@ROOT@/htdocs/file.txt'",
  "-s '@ROOT@/htdocs/empty.txt'",
  "-L '@ROOT@/htdocs/link.txt'",
  "-h '@ROOT@/htdocs/file.txt'",
  "-f '@ROOT@/htdocs/link.txt'",
  "-x '@ROOT@/htdocs/program'",
  "-x '@ROOT@/htdocs/file.txt'",
  "-x '@ROOT@/htdocs'",
  "-U '/file.txt'",
  "-U '/nowhere.txt'",
  "-U '/denied/file.txt'",
  "-A '/file.txt?x'",
  "-R '127.0.0.1'",
  "-R '127.0.0.0/8'",
  "-R '127'",
  "-R '10.0.0.0/255.0.0.0'",
  "-R '::1'",
  "'10.1.2.3' -ipmatch '10.0.0.0/8'",
  "'11.1.2.3' -ipmatch '10.0.0.0/8'",
  "'fe80::1' -ipmatch 'fe80::/10'",
  "'no address' -ipmatch '10.0.0.0/8'",
  // Numbers of addresses are decimal, with zeros in front or without; a mask may have gaps.
  "'10.1.2.8' -ipmatch '010.01.2.08'",
  "'8.1.2.8' -ipmatch '010.1'",
  "'10.1.2.3' -ipmatch '010.1'",
  "'10.1.99.3' -ipmatch '10.1.0.3/255.255.0.255'",
  "'10.1.99.4' -ipmatch '10.1.0.3/255.255.0.255'",
  "'10.1.2.3' -ipmatch '10.1.2.3.'",
  "'fe80::1' -ipmatch '0fe80::00001'",
  "'1::102:304' -ipmatch '1::1.2.3.04'",
  "'::1' -ipmatch '::/1'",
  "'8000::1' -ipmatch '::/1'",
  "-R '127.00.0.001'",
  "'abc' -strmatch 'a*'",
  "'abc' -strmatch 'A*'",
  "'a/b' -strmatch 'a*'",
  "'a/b' -fnmatch 'a*'",
  "'a/b' -fnmatch 'a/?'",
  "'abc' -strcmatch 'A*'",
  "'abc' -StrMatch '[a-c]b?'",
  "'abc' -strmatch '%{tolower:A*}'",
  "'abc' -strmatch ''",
  // Branches with the same numbers, and references to groups that have not ended
  "'cde' =~ /(?|a(b)|c(d))(e)/ && '$1$2' == 'de'",
  "'cd' =~ /(?|(a)(b)|(c))(d)/ && '$1-$2-$3' == 'c--d'",
  "'bb' =~ /(?|(a)|(b))\\1/",
  "'ab' =~ /(?|(a)|(b))\\1/",
  "'xbay' =~ /x(?|(a)|(b)){2}y/ && '$1' == 'a'",
  "'bB' =~ /(?i)(?|(a)|(b))\\1/",
  "'b' =~ /(?|(?<n>a)|(b))/ && '$1' == 'b'",
  "'aa' =~ /^(a\\1)/",
  "'ab' =~ /^(a\\1*)b/",
  "'a' =~ /\\1?(a)/",
  "'b' =~ /^(?|(a)|(b\\1))/",
  // In any case letters count as both only where one of the three of a range is a capital.
  "'b' -strcmatch '[a=-c]*'",
  "'x' -strcmatch '[a=-c]*'",
  "'X' -strcmatch '[a=-c]*'",
  "'X' -strcmatch '[A-z]'",
  "'_' -strcmatch '[A-z]'",
  "'_' -strcmatch '[a-Z]'",
  "'b' -strcmatch '[A-C]'",
  "'b' -strcmatch '[^A-C]'",
  "'É' -strcmatch 'é'",
  "'É' -strmatch '[a-é]'",
  "'c' -strmatch '[a-\\\\c]'",
  "'-' -strmatch '[a-\\\\c]'",
  "'[a' -strmatch '[a'",
  "'[b' -strmatch '[!b'",
  "']' -strmatch '[]-a]'",
  "'a/b' -fnmatch 'a[/]b'",
  "'a[/]b' -fnmatch 'a[/]b'",
  "'a[.-0]b' -fnmatch 'a[.-0]b'",
  // Variables
  "%{REQUEST_METHOD} == 'GET'",
  "%{request_method} == 'GET'",
  "%{REQUEST_SCHEME} == 'http'",
  "%{REQUEST_URI} =~ m#^/c/[0-9]+$#",
  "%{DOCUMENT_URI} == %{REQUEST_URI}",
  "%{QUERY_STRING} == 'x=1&y'",
  "%{THE_REQUEST} =~ m#^GET /c/[0-9]+\\?x=1&y HTTP/1\\.1$#",
  "%{REMOTE_ADDR} == '127.0.0.1'",
  "%{REMOTE_PORT} -gt 1000",
  "%{REMOTE_HOST} == '127.0.0.1'",
  "'%{REMOTE_USER}%{REMOTE_IDENT}%{AUTH_TYPE}' == ''",
  "%{REMOTE_USER} == ''",
  "-z %{AUTH_TYPE}",
  "%{SERVER_NAME} == 'main.test'",
  "%{SERVER_NAME} == 'other.test'",
  "%{SERVER_PORT} == '@PORT@'",
  "%{SERVER_PORT} == '80'",
  "%{SERVER_ADMIN} == 'admin@main.test'",
  "%{SERVER_PROTOCOL} == 'HTTP/1.1'",
  "%{DOCUMENT_ROOT} == '@ROOT@/htdocs'",
  "%{CONTEXT_DOCUMENT_ROOT} == '@ROOT@/htdocs'",
  "-z %{CONTEXT_PREFIX}",
  "%{REQUEST_FILENAME} == '@ROOT@/htdocs/c'",
  "%{SCRIPT_FILENAME} == %{REQUEST_FILENAME}",
  "%{PATH_INFO} =~ m#^/[0-9]+$#",
  "%{IS_SUBREQ} == 'false'",
  "%{HTTPS} == 'off'",
  "%{HTTP2} == 'off'",
  "%{IPV6} == 'off'",
  "%{REQUEST_STATUS} == '200'",
  "%{CONN_REMOTE_ADDR} == '127.0.0.1'",
  "-z %{HANDLER}",
  "-z %{CONTENT_TYPE}",
  "%{LAST_MODIFIED} =~ /^19(69|70)[0-9]{10}$/",
  "%{TIME} =~ /^20[0-9]{12}$/ && %{TIME_YEAR} -ge 2024 && %{TIME_MON} -in {'01','02','03','04','05','06','07','08','09','10','11','12'}",
  "%{TIME_DAY} =~ /^[0-3][0-9]$/ && %{TIME_HOUR} =~ /^[0-2][0-9]$/ && %{TIME_MIN}.%{TIME_SEC} =~ /^[0-6][0-9]{3}$/",
  "%{TIME_WDAY} =~ /^[0-6]$/",
  "%{API_VERSION} == '20120211'",
  ["%{HTTP_USER_AGENT} == 'tester'", "User-Agent: tester"],
  ["%{HTTP_REFERER} == 'http://x/'", "Referer: http://x/"],
  ["%{HTTP_COOKIE} -strmatch '*b=2*'", "Cookie: a=1; b=2"],
  ["%{HTTP_ACCEPT} == 'a, b'", "Accept: a", "Accept: b"],
  ["'%{HTTP_FORWARDED}%{HTTP_PROXY_CONNECTION}' == 'xy'", "Forwarded: x", "Proxy-Connection: y"],
  ["%{HTTP_HOST} == 'Main.Test:99'"],
  "%{HTTP_HOST} == 'main.test'",
  // Functions
  ["req('X-Test') == 'yes'", "X-Test: yes"],
  ["%{req:x-test} == 'yes'", "X-Test: yes"],
  ["http('X-Test') == ''"],
  ["%{HTTP:X-Test} == 'yes'", "X-Test: yes"],
  ["req_novary('X-Test') == 'yes'", "X-Test: yes"],
  "resp('Content-Type') == ''",
  "reqenv('SET') == 'by setenvif'",
  "env('SET') == 'by setenvif'",
  "-z reqenv('LATE')",
  "osenv('LANG') == 'C'",
  "env('LANG') == 'C'",
  "note('anything') == ''",
  "tolower('AbC') == 'abc'",
  "toupper('aBc\\303\\251') == 'ABC\\303\\251'",
  "ToLower('AbC') == 'abc'",
  "escape('/a b?c#d%e;f:g\\303\\251') == '/a%20b%3fc%23d%25e;f:g%c3%a9'",
  "unescape('/a%20b%2fc%2Fd') == '/a b%2fc%2Fd'",
  "unescape('a%zz') == ''",
  "unescape('a%00b') == ''",
  "unescape('100%') == ''",
  "base64('hello') == 'aGVsbG8='",
  "unbase64('aGVsbG8=') == 'hello'",
  "unbase64('aGVsbG8') == 'hello'",
  "md5('foo') == 'acbd18db4cc2f85cedef654fccc4a4d8'",
  "sha1('foo') == '0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33'",
  "ldap('a*(b)c,d') == 'a\\\\2a\\\\28b\\\\29c\\\\2cd'",
  `ldap('#x +<y>;"=/!|\\303 ') == '#x \\\\2b\\\\3cy\\\\3e\\\\3b\\\\22=/!|\\\\c3 '`,
  "file('@ROOT@/htdocs/file.txt') == 'content'",
  "file('@ROOT@/htdocs/nowhere.txt') == ''",
  "file('@ROOT@/htdocs/nowhere.txt') != ''",
  "file('@ROOT@/htdocs/empty.txt') == ''",
  "filesize('@ROOT@/htdocs/file.txt') == '7'",
  "filesize('@ROOT@/htdocs') == '0'",
  "filesize('@ROOT@/nowhere') == '0'",
  "tolower(toupper('a').'B') == 'ab'",
  "%{tolower:X%{toupper:y}Z} == 'xyz'",
  "'[%{tolower:A}]' == '[a]'",
  "'abc' =~ /(b)/ && toupper($1) == 'B' && %{toupper:$1} == 'B'",
  // As deep as Apache goes, and one level more
  `${"tolower(".repeat(18)}'a'${")".repeat(18)} == 'a'`,
  `${"tolower(".repeat(19)}'a'${")".repeat(19)} == 'a'`,
  `${"(true && (false || ".repeat(9)}true${"))".repeat(9)}`,
  `${"(true && (false || ".repeat(12)}true${"))".repeat(12)}`,
  `${"(('a' == 'b' || 'a' == 'a') && ".repeat(3)}true${")".repeat(3)}`,
  Array.from({ length: 40 }, (_, index) => `'${index}' == 'x'`).join(" || ") + " || true",
  `${"(".repeat(30)}true${")".repeat(30)}`,
  `${"!".repeat(40)}true`,
];

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&")}"`;

const conditionOf = (row: Row): string => (typeof row === "string" ? row : row[0]);

const conditions = rows
  .map((row, index) => {
    const text = quoted(conditionOf(row)).replaceAll("\n", "\\n");
    return `<Location "/c/${index}">
  <If ${text}>
    ErrorDocument 404 "is true"
  </If>
  <Else>
    ErrorDocument 404 "is false"
  </Else>
</Location>`;
  })
  .join("\n");

/** Texts with `%{...}` in them. */
const texts: readonly (readonly [text: string, ...headers: string[]])[] = [
  ["plain text"],
  ["uri %{REQUEST_URI}, query %{QUERY_STRING}"],
  ["method %{REQUEST_METHOD} of %{REMOTE_ADDR}"],
  ["agent [%{HTTP_USER_AGENT}] [%{req:X-Test}]", "User-Agent: tester", "X-Test: <b>"],
  ["100% sure, 5$ and $1 and %d"],
  ["escapes \\\\ \\n \\t \\x \\101"],
  ["quotes \" and ' inside"],
  ["lower %{tolower:ABC %{REQUEST_METHOD}}"],
  ["status %{REQUEST_STATUS} handler [%{HANDLER}]"],
  ["file %{REQUEST_FILENAME} info %{PATH_INFO}"],
  ["user [%{REMOTE_USER}] env [%{reqenv:SET}] note [%{note:x}]"],
  ["é %{escape:é }"],
  ["braces } { %{sha1:{}"],
];

const documents = texts
  .map(([text], index) => `<Location "/t/${index}">\n  ErrorDocument 404 ${quoted(text)}\n</Location>`)
  .join("\n");

const configuration = `LoadModule setenvif_module /usr/lib/apache2/modules/mod_setenvif.so
ServerAdmin admin@main.test
DocumentRoot "@ROOT@/htdocs"
SetEnvIf Request_Method "." "SET=by setenvif"
SetEnv LATE yes
<Directory "@ROOT@/htdocs">
  Require all granted
</Directory>
<Directory "@ROOT@/htdocs/denied">
  Require all denied
</Directory>
${conditions}
${documents}
<Location "/word">
  ErrorDocument 404 word%{REQUEST_METHOD}
</Location>
<Location "/local">
  ErrorDocument 404 /pages/%{tolower:%{REQUEST_METHOD}}.html
</Location>
<Location "/external">
  ErrorDocument 404 http://elsewhere.test%{REQUEST_URI}?%{QUERY_STRING}
</Location>
<Location "/broken-text">
  ErrorDocument 404 "file %{file:@ROOT@/nowhere}"
</Location>

# Chains, and the order of merging
ErrorDocument 410 "host"
<Location "/chain">
  Redirect 410
  <If "req('A') == '1'">
    ErrorDocument 410 "if"
  </If>
  ErrorDocument 410 "location"
  <ElseIf "req('B') == '1'">
    ErrorDocument 410 "else if"
  </ElseIf>
  <ElseIf "req('C') == '1'">
    ErrorDocument 410 "second else if"
  </ElseIf>
  <Else>
    ErrorDocument 410 "else"
  </Else>
</Location>
<If "%{QUERY_STRING} =~ /host/">
  ErrorDocument 404 "if of the host"
</If>
<Directory "@ROOT@/htdocs/order">
  ErrorDocument 404 "directory"
  <If "%{QUERY_STRING} =~ /directory/">
    ErrorDocument 404 "if of the directory"
  </If>
  <Files "*.txt">
    <If "%{QUERY_STRING} =~ /files/">
      ErrorDocument 404 "if of the files"
    </If>
  </Files>
</Directory>
<Location "/order">
  ErrorDocument 404 "location"
  <If "%{QUERY_STRING} =~ /location/">
    ErrorDocument 404 "if of the location"
  </If>
</Location>
<Location "/nested">
  <If "%{QUERY_STRING} =~ /a/">
    ErrorDocument 404 "a"
    <If "%{QUERY_STRING} =~ /b/">
      ErrorDocument 404 "a and b"
      <If "%{QUERY_STRING} =~ /c/">
        ErrorDocument 404 "a and b and c"
      </If>
      <Else>
        ErrorDocument 404 "a and b without c"
      </Else>
    </If>
  </If>
  <If "%{QUERY_STRING} =~ /z/">
    ErrorDocument 404 "z"
  </If>
</Location>
<Location "/methods">
  <If "true">
    <Limit POST>
      Require all denied
    </Limit>
  </If>
</Location>

# Other uses
<Location "/moved">
  Redirect "http://elsewhere.test/%{tolower:%{REQUEST_METHOD}}?q=%{QUERY_STRING}"
</Location>
<Location "/moved-there">
  Redirect 301 "/there%{escape:%{PATH_INFO}}"
</Location>
<LocationMatch "^/moved-by/(?<name>[^/]+)">
  Redirect seeother "/by/%{env:MATCH_NAME}"
</LocationMatch>
<Location "/moved-nowhere">
  Redirect "nowhere-%{REQUEST_METHOD}"
</Location>
<Location "/moved-wrong">
  Redirect "/%{file:@ROOT@/nowhere}"
</Location>
<Location "/aliased">
  Alias "@ROOT@/htdocs/%{tolower:FILE}.txt"
</Location>
<If "%{QUERY_STRING} == 'gone'">
  Redirect 410 /any
</If>
<Location "/handled">
  SetHandler "%{tolower:NONE}"
</Location>
<Location "/allowed">
  Require expr %{QUERY_STRING} == 'pass' || req('X-Pass') =~ /^a "b"$/
</Location>
<Location "/allowed-in-quotes">
  Require expr "%{QUERY_STRING} == 'pass'"
</Location>
<Location "/allowed-not">
  <RequireAll>
    Require all granted
    Require not expr %{QUERY_STRING} == 'stop'
  </RequireAll>
</Location>
<Location "/allowed-error">
  Require expr file('@ROOT@/nowhere') == ''
</Location>
<Location "/owner.txt">
  <If "%{REQUEST_FILENAME} -strmatch '*/owner.txt' && -n %{SCRIPT_USER}">
    Redirect "/%{SCRIPT_USER}/%{SCRIPT_GROUP}"
  </If>
</Location>
<Location "/file-there">
  Require expr -F '@ROOT@/htdocs/file.txt'
</Location>
<Location "/file-beside">
  Require expr -F 'file.txt'
</Location>
<Location "/file-missing">
  Require expr -F '@ROOT@/htdocs/nowhere.txt'
</Location>
<Location "/file-denied">
  Require expr -F '@ROOT@/htdocs/denied/file.txt'
</Location>
<Location "/allowed-late">
  Require expr -U '/file.txt' && -F '@ROOT@/htdocs/file.txt'
</Location>
SetEnvIfExpr "%{REQUEST_URI} =~ m#^/set/([a-z]+)/([a-z]*)#" "FIRST=$1" SECOND=$2-\\$2 !SET FLAG
SetEnvIfExpr "%{REQUEST_URI} !~ m#^/(set)#" "FIRST=$1 none"
SetEnvIfExpr "-n req('X-Vary')" VARIED
<Location "/set">
  ErrorDocument 404 "%{reqenv:FIRST} %{reqenv:SECOND} %{reqenv:SET} %{reqenv:FLAG} %{reqenv:INNER}"
  SetEnvIfExpr "reqenv('FIRST') =~ /(.)$/" INNER=$1
</Location>
<Location "/vary">
  <If "%{HTTP_USER_AGENT} == 'x' && %{HTTP_ACCEPT} == 'y'">
    Redirect 404
  </If>
  <ElseIf "%{HTTP_HOST} == 'z' || req('Cookie') == '1' || req_novary('X-Other') == '1' || req('cookie') == '2'">
    Redirect 403
  </ElseIf>
</Location>
<Location "/vary-lines">
  <If "req('A\\nB') == 'x' || http('c\\rd') == 'x'">
    Redirect 404
  </If>
</Location>
LogFormat "%r %>s" short
CustomLog "@RUN@/by-status.log" short "expr=%{REQUEST_STATUS} -ge 400 && -z resp('Location')"
CustomLog "@RUN@/by-field.log" short "expr=resp('Content-Type') =~ m#^text/plain# && req('X-Log') == '1'"
CustomLog "@RUN@/by-uri.log" short "expr=%{REQUEST_URI} == '/file.txt'"
`;

const ask = (name: string, target: string, more: Partial<Case> = {}): Case => ({ name, target, ...more });

const cases: Case[] = [
  ...rows.map((row, index): Case => {
    const [condition, ...headers] = typeof row === "string" ? [row] : row;
    return ask(`evaluates ${condition.length > 90 ? `${condition.slice(0, 90)}...` : condition}`, `/c/${index}?x=1&y`, {
      host: "main.test",
      headers,
    });
  }),
  ...texts.map(([text, ...headers], index) => ask(`fills in ${text}`, `/t/${index}?q=1`, { headers })),
  ask("fills in a word", "/word"),
  ask("fills in a path of the server", "/local"),
  ask("fills in a URL", "/external/x?a=b"),
  ask("falls back to its own page where a text cannot be filled in", "/broken-text"),
  ...["A: 1", "B: 1", "C: 1", "D: 1"].map((field) =>
    ask(`takes the first of a chain that holds: ${field}`, "/chain", { headers: [field] }),
  ),
  ask("takes the first of a chain of which all hold", "/chain", { headers: ["A: 1", "B: 1", "C: 1"] }),
  ...[
    "",
    "host",
    "directory",
    "files",
    "location",
    "host,directory",
    "directory,files",
    "files,location,host",
    "directory,location",
  ].map((query) => ask(`lays conditions over sections: ${query || "none holds"}`, `/order/no.txt?${query}`)),
  ...["a", "ab", "abc", "b", "bc", "az", "abz", "abcz", ""].map((query) =>
    ask(`lays conditions in each other: ${query || "none holds"}`, `/nested/x?${query}`),
  ),
  ask("narrows a condition to a method", "/methods", { method: "POST" }),
  ask("leaves the other methods", "/methods"),
  ask("redirects to a URL filled in", "/moved?a=b"),
  ask("redirects to a path filled in", "/moved-there/x%20y"),
  ask("redirects to what a LocationMatch has found", "/moved-by/someone/x"),
  ask("refuses to redirect to what is no URL", "/moved-nowhere"),
  ask("fails where a redirect cannot be filled in", "/moved-wrong"),
  ask("maps to a file name filled in", "/aliased/any"),
  ask("redirects inside a condition", "/any/thing?gone"),
  ask("does not redirect where the condition is false", "/any/thing?other"),
  ask("leaves the handler where SetHandler comes to none", "/handled"),
  ask("grants by Require expr", "/allowed?pass"),
  ask("grants by a field", "/allowed", { headers: ['X-Pass: a "b"'] }),
  ask("refuses by Require expr", "/allowed?other"),
  ask("grants by an expression in quotes", "/allowed-in-quotes?pass"),
  ask("refuses by an expression in quotes", "/allowed-in-quotes"),
  ask("refuses by Require not expr", "/allowed-not?stop"),
  ask("grants by Require not expr", "/allowed-not?go"),
  ask("fails where Require expr cannot be evaluated", "/allowed-error"),
  ask("grants by look-ups", "/allowed-late"),
  ask("grants where a file may be had", "/file-there"),
  ask("grants where a file beside may be had", "/file-beside"),
  ask("refuses where a file is not there", "/file-missing"),
  ask("refuses where a file may not be had", "/file-denied"),
  ask("knows the owner of a file", "/owner.txt"),
  ask("sets variables with groups", "/set/abc/def"),
  ask("sets variables with an empty group", "/set/abc/"),
  ask("names the fields a condition read in Vary", "/file.txt", { headers: ["X-Vary: 1"] }),
  ask("names the fields of a chain in Vary", "/vary"),
  ask("names the fields that were read, in Vary", "/vary/", { headers: ["User-Agent: x"] }),
  ask("names fields with line feeds in Vary one by one", "/vary-lines"),
  ask("names no fields on an error page", "/vary", { headers: ["User-Agent: x", "Accept: y"] }),
  ask("names no fields for a file that is not there", "/nowhere"),
  ask("logs by status", "/nowhere", { logs: ["by-status.log", "by-field.log", "by-uri.log"] }),
  ask("logs by fields", "/file.txt", { headers: ["X-Log: 1"], logs: ["by-field.log"] }),
  ask("logs by path", "/file.txt", { logs: ["by-uri.log"] }),
];

export const suite: Suite = {
  name: "Expressions",
  configuration,
  files: {
    "htdocs/file.txt": "content",
    "htdocs/empty.txt": "",
    "htdocs/link.txt": { link: "file.txt" },
    "htdocs/program": { text: "#!/bin/sh\n", mode: 0o755 },
    "htdocs/denied/file.txt": "denied",
    "htdocs/order/file.txt": "ordered",
    "htdocs/vary/index.html": "varied",
    "htdocs/vary-lines": "varied",
    "htdocs/methods": "methods",
    "htdocs/handled": "handled",
    "htdocs/allowed": "allowed",
    "htdocs/allowed-in-quotes": "allowed",
    "htdocs/allowed-not": "allowed",
    "htdocs/allowed-error": "allowed",
    "htdocs/allowed-late": "allowed",
    "htdocs/owner.txt": "owned",
    "htdocs/file-there": "there",
    "htdocs/file-beside": "there",
    "htdocs/file-missing": "there",
    "htdocs/file-denied": "there",
    "htdocs/pages/get.html": "<p>no such page</p>",
  },
  cases,
};
