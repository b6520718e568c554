// RewriteRule at server level: patterns, substitutions, flags, conditions, maps.
import type { Case, Suite } from "./harness.js";

/** Rules of virtual hosts by name; "@W@" stands for the folder of documents. */
const hosts: Readonly<Record<string, string>> = {
  plain: `
    RewriteRule ^/old/(.*)$ /new/$1
    RewriteRule ^/elsewhere/(\\w+)$ http://elsewhere.test/$1
    RewriteRule ^/301/(.*)$ /new/$1 [R=301]
    RewriteRule ^/permanent/(.*)$ /new/$1 [R=permanent,L]
    RewriteRule ^/temp/(.*)$ /new/$1 [R=temp,L]
    RewriteRule ^/seeother/(.*)$ /new/$1 [R=seeother,L]
    RewriteRule ^/307/(.*)$ http://elsewhere.test/$1 [R=307,L]
    RewriteRule ^/308/(.*)$ http://elsewhere.test/$1 [redirect=308,last]
    RewriteRule ^/304/(.*)$ http://elsewhere.test/$1 [R=304,L]
    RewriteRule ^/relative/(.*)$ new/$1
    RewriteRule ^/relative-redirect/(.*)$ new/$1 [R]
    RewriteRule ^/forbidden - [F]
    RewriteRule ^/gone - [G]
    RewriteRule ^/404 - [R=404]
    RewriteRule ^/410 /ignored [R=410,L]
    RewriteRule ^/503 - [R=503,L]
    RewriteRule ^/200 - [R=200,L]
    RewriteRule ^/204 - [R=204,L]
    RewriteRule ^/400 - [R=400,L]
    RewriteRule ^/401 - [R=401,L]
    RewriteRule ^/file/(.*)$ @W@/new/$1
    RewriteRule ^/root/(.*)$ %{DOCUMENT_ROOT}/new/$1
    RewriteRule ^/outside/(.*)$ @ROOT@/outside/$1
    RewriteRule ^/alias-through/(.*)$ /aliased/$1 [PT]
    RewriteRule ^/alias-missed/(.*)$ /aliased/$1
    RewriteRule ^/own/(.*)$ http://plain.test:@PORT@/new/$1
    RewriteRule ^/own-else/(.*)$ http://PLAIN.test/new/$1
    RewriteRule ^/mail mailto:a@b.test
    RewriteRule ^/ftp/(.*) ftp://ftp.test/$1
    RewriteRule ^/ldap ldap://l.test/o=a?b?c?d?e?f
    RewriteRule ^/scheme(.*) $1
    RewriteRule ^/unknown/(.*)$ gemini://g.test/$1 [R]
    RewriteRule ^/nothing$ "" [R]
    RewriteRule ^/type - [T=text/x-Odd]
    RewriteRule ^/dpi/(.*) /new/$1 [DPI]
    RewriteRule ^/double//slash /new/a.txt
    RewriteRule ^/many$ ///new/a.txt
    RewriteRule ^/home$ /~nobody-of-this-name/x
    RewriteRule ^/up/(.*)$ /../new/$1
    RewriteRule ^/not-?query /new/a.txt
    RewriteRule ^/in(valid|dex)?$ /index.html [NC]
    RewriteRule !^/ /never`,
  runaway: `
    RewriteRule ^/one/(a+)+$ - [F]
    RewriteRule ^/two/(?=a)(a+)+$ - [F]
    RewriteRule ^/three/(a|a)*(?!b)$ - [G]
    RewriteRule ^/four/((?:a+)+)\\1$ - [G]`,
  query: `
    RewriteRule ^/set$ /new/a.txt?x=1
    RewriteRule ^/append$ /new/a.txt?x=1 [QSA]
    RewriteRule ^/append-empty$ /new/a.txt? [QSA]
    RewriteRule ^/drop$ /new/a.txt?
    RewriteRule ^/discard$ /new/a.txt [QSD]
    RewriteRule ^/discard-set$ /new/a.txt?x=1 [QSD]
    RewriteRule ^/r-keep$ http://e.test/a [R]
    RewriteRule ^/r-set$ http://e.test/a?x=1 [R]
    RewriteRule ^/r-append$ http://e.test/a?x=1 [R,QSA]
    RewriteRule ^/r-drop$ http://e.test/a? [R]
    RewriteRule ^/r-discard$ http://e.test/a [R,QSD]
    RewriteRule ^/r-last/(.*)$ http://e.test/$1?b?y=1 [R,QSL]
    RewriteRule ^/r-first/(.*)$ http://e.test/$1?b?y=1 [R]
    RewriteRule ^/r-ne$ http://e.test/a#part?x=%20%3f [R,NE]
    RewriteRule ^/r-escape$ http://e.test/a#part?x=%20%3f [R]
    RewriteRule ^/r-uri$ http://e.test/?u=%{REQUEST_URI}&q=%{QUERY_STRING} [R]
    RewriteRule ^/r-back/(.*)$ http://e.test/?p=$1 [R]
    RewriteRule ^/r-back-b/(.*)$ http://e.test/?p=$1 [R,B]
    RewriteRule ^/r-back-bne/(.*)$ http://e.test/?p=$1 [R,B,NE]
    RewriteRule ^/r-back-bnp/(.*)$ http://e.test/?p=$1 [R,B,BNP,NE]
    RewriteRule ^/r-back-only/(.*)$ http://e.test/?p=$1 [R,NE,B=#?;]
    RewriteRule ^/r-back-except/(.*)$ http://e.test/$1 [R,B,NE,BNE=/:]
    RewriteRule ^/r-back-ctls/(.*)$ http://e.test/$1 [R,BCTLS,NE]
    RewriteRule ^/r-back-path/(.*)$ http://e.test/$1 [R]
    RewriteRule ^/r-back-path-ne/(.*)$ http://e.test/$1 [R,NE]
    RewriteRule ^/r-back-path-ok/(.*)$ http://e.test/$1 [R,UnsafeAllow3F]
    RewriteRule ^/l-back/(.*)$ /new/$1
    RewriteRule ^/l-back-ok/(.*)$ /new/$1 [UnsafeAllow3F]
    RewriteRule ^/l-query/(.*)$ /new/a.txt?p=$1
    RewriteRule ^/l-query-b/(.*)$ /new/a.txt?p=$1 [B]
    RewriteCond %{QUERY_STRING} ^id=(\\d+)&name=(\\w+)$
    RewriteRule ^/cond$ http://e.test/%2/%1/%0? [R]
    RewriteCond %{QUERY_STRING} (^|&)file=([^&]*)
    RewriteRule ^/get$ /new/%2?
    RewriteCond %{QUERY_STRING} (^|&)file=([^&]*)
    RewriteRule ^/get-abs$ @W@/new/%2?
    RewriteCond %{QUERY_STRING} (^|&)to=([^&]*)
    RewriteRule ^/go$ http://e.test/%2? [R]`,
  flags: `
    RewriteRule ^/chain /first [C]
    RewriteRule ^/first /second [C]
    RewriteRule ^/second /new/a.txt
    RewriteRule ^/no-chain-x /x [C]
    RewriteRule ^/(.*) /broken/$1 [C]
    RewriteRule ^/.* /broken-too
    RewriteRule ^/skip /new/skipped.txt [S=2]
    RewriteRule ^/new/skipped.txt /new/b.txt
    RewriteRule ^/new/skipped.txt /new/b.txt
    RewriteRule ^/env1$ /new/a.txt [E=A:one,E=B:$0-%{REQUEST_METHOD},L]
    RewriteRule ^/env2$ - [E=A:one]
    RewriteRule ^/env2$ - [E=!A,E=B]
    RewriteRule ^/env2$ /new/a.txt [E=C:%{ENV:A}%{ENV:B}c:d]
    RewriteRule ^/next/(.*)x(.*)$ /next/$1y$2 [N]
    RewriteRule ^/next/(.*)$ /new/a.txt?$1 [L]
    RewriteRule ^/loop(.*)$ /loop [N=5]
    RewriteRule ^/grow(.*)$ /grow/x$1 [N]
    RewriteRule ^/end$ /new/a.txt [END]
    RewriteRule ^/last$ /new/a.txt [L]
    RewriteRule ^/cookie1$ /new/a.txt [CO=name:value:.e.test]
    RewriteRule ^/cookie2$ /new/a.txt [CO=name:value:.e.test:0:/path:secure:HttpOnly:lax]
    RewriteRule ^/cookie3$ http://e.test/ [R,CO=;name;va:lue;e.test;0;/;1;1;false]
    RewriteRule ^/cookie4$ - [F,CO=a:b:c]
    RewriteRule ^/cookie5$ - [CO=a:b]
    RewriteRule ^/cookie6$ - [CO=a:1:d,CO=a:2:d,CO=b:$0:d]
    RewriteRule ^/nocase /new/a.txt [NC,L]
    RewriteRule ^/handler$ /new/a.txt [H=Default-Handler]
    RewriteRule ^/type$ /new/a.txt [T=%{ENV:NONE}text/$0x]
    RewriteRule ^/ns$ /new/a.txt [NS]
    RewriteRule ^/dir/index.html$ /new/a.txt [NS]
    RewriteRule ^/dir2/index.html$ /new/b.txt
    RewriteRule ^/UNC$ //new/a.txt [UNC]`,
  conditions: `
    RewriteCond %{HTTP_HOST} =conditions.test
    RewriteCond %{REQUEST_METHOD} ^(TRACE|DELETE)$
    RewriteRule ^/method - [F]
    RewriteCond %{REMOTE_ADDR} ^10\\. [OR]
    RewriteCond %{REMOTE_ADDR} ^127\\.
    RewriteRule ^/or$ /new/a.txt
    RewriteCond %{REMOTE_ADDR} ^10\\. [OR]
    RewriteCond %{REMOTE_ADDR} ^11\\. [OR]
    RewriteRule ^/or-last$ /new/a.txt
    RewriteCond %{REMOTE_ADDR} ^127\\. [OR]
    RewriteCond %{REMOTE_ADDR} ^11\\.
    RewriteCond %{HTTP:X-Go} yes
    RewriteRule ^/or-and$ /new/a.txt
    RewriteCond %{HTTP_USER_AGENT} !^Good [NC]
    RewriteRule ^/agent$ - [F]
    RewriteCond %{HTTP_USER_AGENT} ^$
    RewriteRule ^/no-agent$ - [F]
    RewriteCond %{HTTP_COOKIE} (?:^|;\\s*)lang=(\\w+)
    RewriteRule ^/lang$ /new/%1.txt
    RewriteCond %{HTTP:Accept-Language} ^de [NC]
    RewriteRule ^/accept$ /new/b.txt [L]
    RewriteCond %{HTTP:Accept-Language} ^de [NC,NV]
    RewriteRule ^/accept-nv$ /new/b.txt [L]
    RewriteCond %{HTTP_REFERER} !^$
    RewriteCond %{HTTP_REFERER} !^http://(www\\.)?conditions\\.test/ [NC]
    RewriteRule \\.(gif|png)$ - [F,NC]
    RewriteCond @W@%{REQUEST_URI} -f
    RewriteRule ^/is-file$ /new/a.txt
    RewriteCond @W@/new -d
    RewriteCond @W@/new/a.txt -f
    RewriteCond @W@/new/a.txt -s
    RewriteCond @W@/empty.txt !-s
    RewriteCond @W@/new/a.txt !-x
    RewriteCond @W@/run.sh -x
    RewriteCond @W@/link.txt -l
    RewriteCond @W@/link.txt -L
    RewriteCond @W@/link.txt -h
    RewriteCond @W@/nothing !-f
    RewriteCond @W@/nothing !-d
    RewriteRule ^/tests$ /new/a.txt
    RewriteCond %{HTTP:X-N} -eq5
    RewriteRule ^/number$ http://e.test/eq [R,L]
    RewriteCond %{HTTP:X-N} -gt5
    RewriteRule ^/number$ http://e.test/gt [R,L]
    RewriteCond %{HTTP:X-N} -le-3
    RewriteRule ^/number$ http://e.test/le [R,L]
    RewriteCond %{HTTP:X-N} -ne2
    RewriteRule ^/number$ http://e.test/ne [R,L]
    RewriteCond %{HTTP:X-N} !-ne2
    RewriteRule ^/number$ http://e.test/not-ne [R,L]
    RewriteCond %{HTTP:X-T} >abc
    RewriteRule ^/text$ http://e.test/greater [R,L]
    RewriteCond %{HTTP:X-T} <abc
    RewriteRule ^/text$ http://e.test/less [R,L]
    RewriteCond %{HTTP:X-T} =ABC [NC]
    RewriteRule ^/text$ http://e.test/equal [R,L]
    RewriteCond %{HTTP:X-E} =""
    RewriteRule ^/empty$ http://e.test/empty [R,L]
    RewriteCond %{HTTP:X-T} >=B [NC]
    RewriteRule ^/order$ http://e.test/ge [R,L]
    RewriteCond %{HTTP:X-T} <=B [NC]
    RewriteRule ^/order$ http://e.test/le [R,L]
    RewriteCond /new/a.txt -U
    RewriteRule ^/u$ http://e.test/u [R,L]
    RewriteCond /secret/x.txt !-U
    RewriteRule ^/not-u$ http://e.test/not-u [R,L]
    RewriteCond @W@/new/a.txt -F
    RewriteCond @W@/secret/x.txt !-F
    RewriteCond @W@/missing.txt !-F
    RewriteRule ^/f$ http://e.test/f [R,L]
    RewriteCond %{LA-U:REQUEST_FILENAME} new/a.txt$
    RewriteRule ^/la-u|^/new/a.txt$ http://e.test/la-u [R,L]
    RewriteCond %{LA-U:PATH_INFO} ^/info
    RewriteRule ^ http://e.test/path-info [R,L]
    RewriteCond $1 ^(.)(.)
    RewriteCond %1%2 ^cd|^ab
    RewriteRule ^/groups/(.*)$ http://e.test/$1/%0/%1/%2 [R,L]
    RewriteCond %{THE_REQUEST} ^GET\\ /the/(.*)\\ HTTP
    RewriteRule ^ http://e.test/?%1 [R,L,NE]
    RewriteCond %{HTTPS} =on [OR]
    RewriteCond %{HTTP:X-Forwarded-Proto} https
    RewriteRule ^/https$ http://e.test/secure [R,L]
    RewriteCond %{ENV:REDIRECT_STATUS} ^$
    RewriteCond %{SERVER_PORT} =@PORT@
    RewriteCond %{SERVER_NAME} ^conditions\\.test$
    RewriteCond %{SERVER_ADDR} ^127.0.0.1$
    RewriteCond %{SERVER_PROTOCOL} ^HTTP/1\\.1$
    RewriteCond %{REQUEST_SCHEME} ^http$
    RewriteCond %{DOCUMENT_ROOT} /htdocs$
    RewriteCond %{CONTEXT_DOCUMENT_ROOT} /htdocs$
    RewriteCond %{CONTEXT_PREFIX} ^$
    RewriteCond %{REQUEST_FILENAME} ^/vars$
    RewriteCond %{SCRIPT_FILENAME} ^/vars$
    RewriteCond %{IS_SUBREQ} ^false$
    RewriteCond %{IPV6} ^off$
    RewriteCond %{CONN_REMOTE_ADDR} ^127
    RewriteCond %{REMOTE_HOST} ^127
    RewriteCond %{REMOTE_PORT} ^\\d+$
    RewriteCond %{TIME} ^20\\d{12}$
    RewriteCond %{TIME_YEAR}%{TIME_MON}%{TIME_DAY} ^20\\d{6}$
    RewriteCond %{TIME_WDAY} ^[0-6]$
    RewriteCond %{SERVER_ADMIN} ^admin@e\\.test$
    RewriteCond %{API_VERSION} ^20120211:\\d+$
    RewriteCond %{REMOTE_USER}%{AUTH_TYPE}%{REMOTE_IDENT}%{PATH_INFO} ^$
    RewriteCond %{UNKNOWN}%{XY}%{SSL:SSL_PROTOCOL}%{ENV:} ^$
    RewriteCond %{request_uri} ^/vars$
    RewriteRule ^/vars$ http://e.test/all [R,L]`,
  maps: `
    RewriteMap words txt:@ROOT@/conf/words.txt
    RewriteMap plain @ROOT@/conf/words.txt
    RewriteMap one rnd:@ROOT@/conf/random.txt
    RewriteMap up int:toupper
    RewriteMap low int:tolower
    RewriteMap esc int:escape
    RewriteMap unesc int:unescape
    RewriteMap prog prg:@ROOT@/conf/program.sh
    RewriteRule ^/w/(.*)$ http://e.test/\${words:$1} [R,L]
    RewriteRule ^/d/(.*)$ http://e.test/\${words:$1|none-$1} [R,L]
    RewriteRule ^/p/(.*)$ http://e.test/\${plain:$1|/} [R,L]
    RewriteRule ^/r/(.*)$ http://e.test/\${one:$1|none} [R,L]
    RewriteRule ^/up/(.*)$ http://e.test/\${up:$1} [R,L]
    RewriteRule ^/low/(.*)$ http://e.test/\${low:$1} [R,L]
    RewriteRule ^/esc/(.*)$ http://e.test/\${esc:$1} [R,L,NE]
    RewriteRule ^/unesc/(.*)$ http://e.test/\${unesc:$1} [R,L,NE]
    RewriteRule ^/nest/(.*)$ http://e.test/\${up:\${words:$1|no}} [R,L]
    RewriteRule ^/prog/(.*)$ http://e.test/\${prog:$1|null} [R,L,NE]
    RewriteRule ^/nomap/(.*)$ http://e.test/\${nomap:$1|default} [R,L]
    RewriteRule ^/literal/(.*)$ http://e.test/\${words}/%{x/$ [R,L]
    RewriteCond \${words:$1|NONE} !NONE
    RewriteRule ^/has/(.*)$ /new/\${words:$1}.txt [L]
    RewriteCond \${low:%{HTTP_HOST}} ^(maps\\.test)$
    RewriteRule ^/host$ http://e.test/%1 [R,L]`,
  loops: `
    RewriteRule ^/a$ /b
    RewriteRule ^/b$ /a
    RewriteRule ^/a$ /new/a.txt`,
  canonical: `
    ServerAlias www.canonical.test
    RewriteCond %{HTTP_HOST} !^www\\. [NC]
    RewriteRule ^(.*)$ http://www.%{HTTP_HOST}$1 [R=301,L]`,
  maintenance: `
    RewriteCond @W@/maintenance.html -f
    RewriteCond %{REQUEST_URI} !=/maintenance.html
    RewriteCond %{REMOTE_ADDR} !=203.0.113.7
    RewriteRule ^ - [R=503,L]
    ErrorDocument 503 /maintenance.html`,
  slashes: `
    RewriteRule ^(.+[^/])$ $1/ [R=301,L]`,
  unslashes: `
    RewriteCond @W@%{REQUEST_URI} !-d
    RewriteRule ^(.+)/$ $1 [R=301,L]`,
};

/** CR and LF in a back-reference. */
function controls(kind: string): string | Case {
  const target = `/r-${kind}/%0d%0aX:%20y`;
  if (kind !== "back-path-ne") return target;
  return {
    name: target,
    target,
    differs: "the page of the 500 does not tell of the redirect that it takes the place of",
  };
}

const vhosts = Object.entries(hosts)
  .map(
    ([name, rules]) => `<VirtualHost *:@PORT@>
  ServerName ${name}.test
  RewriteEngine On${rules.replaceAll("@W@", "@ROOT@/htdocs").replace(/^ {4}/gm, "  ")}
</VirtualHost>
`,
  )
  .join("");

const configuration = `
LoadModule rewrite_module @MODULES@/mod_rewrite.so
ServerAdmin admin@e.test
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
</Directory>
<Directory "@ROOT@/htdocs/secret">
  Require all denied
</Directory>
Alias /aliased "@ROOT@/outside"
LogFormat "%>s %U%q %f A=%{A}e B=%{B}e C=%{C}e %{SCRIPT_URL}e %{SCRIPT_URI}e" rewritten
CustomLog "@RUN@/access.log" rewritten
${vhosts}`;

const targets: Readonly<Record<string, readonly (string | Case)[]>> = {
  plain: [
    ..."/ /old/a.txt /old/none /elsewhere/x /301/a.txt?q=1 /permanent/x /temp/x /seeother/x /307/x /308/x?y /304/x".split(
      " ",
    ),
    ..."/relative/a.txt /relative-redirect/x /forbidden/x /gone /404 /410 /503 /200 /204 /400 /401".split(" "),
    ..."/file/a.txt /root/a.txt /outside/o.txt /alias-through/o.txt /alias-missed/o.txt /own/a.txt?x /own-else/a.txt".split(
      " ",
    ),
    ..."/mail /ftp/x?y /ldap /schemehttp://e.test/x /scheme%3a/x /unknown/x /nothing /type /dpi/a.txt".split(" "),
    ..."/double//slash /many /home /up/a.txt /not-query /INDEX /invalid /old/../old/a.txt /old/%61.txt /old//a.txt".split(
      " ",
    ),
    ..."/old/sp%20ace.txt /301/sp%20ace%25.txt /301/%c3%a9 /old/%c3%a9.txt /301/a;b=c /301/a&b+c".split(" "),
    { name: "HEAD of a redirect", method: "HEAD", target: "/301/x" },
    { name: "POST to a redirect", method: "POST", target: "/307/x", body: "a=b" },
    { name: "OPTIONS *", method: "OPTIONS", target: "*" },
    { name: "absolute form", target: "http://plain.test/old/a.txt" },
  ],
  query: [
    ..."/set /set?y=2 /append?y=2 /append /append-empty?y=2 /drop?y=2 /discard?y=2 /discard-set?y=2".split(" "),
    ..."/r-keep?y=2 /r-keep? /r-keep?a%20b /r-set?y=2 /r-append?y=2 /r-append?a%20b /r-drop?y=2 /r-discard?y".split(
      " ",
    ),
    ..."/r-last/x /r-first/x /r-ne /r-escape /r-uri?a=%26 /r-uri".split(" "),
    ..."back back-b back-bne back-bnp back-only back-except back-ctls back-path back-path-ne back-path-ok"
      .split(" ")
      .flatMap((kind) => [
        `/r-${kind}/a%20b%26c%3bd%23e%2bf:g`,
        `/r-${kind}/a%3fb=c`,
        controls(kind),
        `/r-${kind}/%c3%a9%25`,
      ]),
    ..."/l-back/a.txt%3fx=1 /l-back-ok/a.txt%3fx=1 /l-query/a%20b /l-query/a%0ab /l-query-b/a%20b%0a /l-query/a%3fb".split(
      " ",
    ),
    ..."/cond?id=5&name=joe /cond?id=x /get?file=a.txt /get?file=../secret/x.txt /get?file=../../outside/o.txt".split(
      " ",
    ),
    ..."/get?file=%2e%2e/secret/x.txt /get-abs?file=../secret/x.txt /get-abs?file=../../../../../../etc/passwd".split(
      " ",
    ),
    ..."/get?file=../../../../../../etc/passwd /go?to=x%0d%0aSet-Cookie:a=b /go?to=//evil.test /go?to=%250d%250a".split(
      " ",
    ),
  ],
  flags: [
    ..."/chain /first /second /other /skip /env1 /env2 /next/axbxc /loop /end /last /cookie1 /cookie2 /cookie3".split(
      " ",
    ),
    ..."/cookie4 /cookie5 /cookie6 /NoCase /handler /type /ns /dir/ /dir2/ /dir/index.html /UNC".split(" "),
  ],
  conditions: [
    ..."/or /or-last /or-and /agent /no-agent /lang /accept /accept-nv /x.png /x.GIF /is-file /tests /number /text".split(
      " ",
    ),
    ..."/empty /order /u /not-u /f /la-u /new/a.txt /index.html/info /groups/abc /groups/cdx /groups/x".split(" "),
    ..."/the/x?y=%20z /https /vars /VARS /method".split(" "),
    { name: "a method that is refused", method: "DELETE", target: "/method" },
    ...["yes", "no"].map((value): Case => ({ name: `X-Go: ${value}`, target: "/or-and", headers: [`X-Go: ${value}`] })),
    ...["good/1", "Bad", ""].map((value): Case => ({
      name: `User-Agent: ${value}`,
      target: "/agent",
      headers: [`User-Agent: ${value}`],
    })),
    ...["lang=a", "x=1; lang=b; y=2", "xlang=b"].map((value): Case => ({
      name: `Cookie: ${value}`,
      target: "/lang",
      headers: [`Cookie: ${value}`],
    })),
    ...["/accept", "/accept-nv"].flatMap((target) =>
      ["de-AT", "en"].map((value): Case => ({
        name: `${target} in ${value}`,
        target,
        headers: [`Accept-Language: ${value}`],
      })),
    ),
    ...["http://evil.test/", "http://www.conditions.test/page", ""].map((value): Case => ({
      name: `an image from "${value}"`,
      target: "/new/i.png",
      headers: [`Referer: ${value}`],
    })),
    ...["5", "6", "-4", "2", "x", " 5z", "1"].map((value): Case => ({
      name: `a number ${value}`,
      target: "/number",
      headers: [`X-N: ${value}`],
    })),
    ...["abc", "abd", "ab", "b", "abcd", "ABC", ""].flatMap((value) =>
      ["/text", "/order"].map((target): Case => ({
        name: `${target} of ${value}`,
        target,
        headers: [`X-T: ${value}`],
      })),
    ),
    { name: "an empty field", target: "/empty", headers: ["X-E:"] },
    { name: "a field that is there", target: "/empty", headers: ["X-E: x"] },
    { name: "behind TLS", target: "/https", headers: ["X-Forwarded-Proto: https"] },
  ],
  maps: [
    ..."/w/a /w/b /w/none /w/comment /w/twice /w/ /d/none /d/a /p/a /p/x /r/same /r/none /up/aB%c3%a9 /low/AbC".split(
      " ",
    ),
    ..."/esc/a%20b%3f /esc/%c3%a9/ /unesc/a%2520b /unesc/a%252f /nest/a /nest/z /prog/abc /prog/none /prog/x%0ay".split(
      " ",
    ),
    ..."/nomap/x /literal/x /has/a /has/x /host".split(" "),
    { name: "/host in capitals", target: "/host", headers: [], host: "MAPS.test" },
  ],
  // PCRE stops at its match limit, and the pattern counts as not matching.
  runaway: ["one", "two", "three", "four"].flatMap((name) => [
    `/${name}/${"a".repeat(40)}`,
    { name: `${name} with too many ways`, target: `/${name}/${"a".repeat(120)}!` },
  ]),
  loops: "/a /b".split(" "),
  canonical: [
    ..."/ /x/y?z=1 /sp%20ace /%3f".split(" "),
    { name: "the canonical name", target: "/new/a.txt", host: "www.canonical.test" },
    { name: "with a port", target: "/x", host: "canonical.test:8080" },
    { name: "a name in capitals", target: "/x", host: "CANONICAL.test" },
  ],
  maintenance: "/ /new/a.txt /maintenance.html /secret/x.txt /missing".split(" "),
  slashes: "/ /dir /dir/ /new/a.txt /x?y=1 /a%20b".split(" "),
  unslashes: "/ /dir/ /x/ /x/y/?z /new/a.txt/ /a%20b/".split(" "),
};

export const suite: Suite = {
  name: "rules of a server",
  configuration,
  files: {
    "htdocs/index.html": "root index\n",
    "htdocs/new/a.txt": "new a\n",
    "htdocs/new/b.txt": "new b\n",
    "htdocs/new/i.png": "image\n",
    "htdocs/new/sp ace.txt": "space\n",
    "htdocs/new/skipped.txt": "skipped\n",
    "htdocs/new/\u00c3\u00a9.txt": "accent\n",
    "htdocs/dir/index.html": "dir index\n",
    "htdocs/dir2/index.html": "dir2 index\n",
    "htdocs/secret/x.txt": "secret\n",
    "htdocs/empty.txt": "",
    "htdocs/run.sh": { text: "#!/bin/sh\n", mode: 0o755 },
    "htdocs/link.txt": { link: "new/a.txt" },
    "htdocs/maintenance.html": "maintenance\n",
    "outside/o.txt": "outside\n",
    "conf/words.txt":
      "# words\na A-one\nb  B-two  # rest\n  comment no\ntwice first\ntwice second\nx\nlong value|with|bars\n",
    "conf/random.txt": "same v|v|v\n",
    "conf/program.sh": {
      text: '#!/bin/sh\nwhile read -r line; do\n  case "$line" in none) echo NULL;; *) echo "<$line>";; esac\ndone\n',
      mode: 0o755,
    },
  },
  cases: Object.entries(targets).flatMap(([host, cases]) =>
    cases.map((one): Case =>
      typeof one === "string"
        ? { name: `${host}: ${one}`, target: one, host: `${host}.test`, logs: ["access.log"] }
        : { host: `${host}.test`, logs: ["access.log"], ...one, name: `${host}: ${one.name}` },
    ),
  ),
};
