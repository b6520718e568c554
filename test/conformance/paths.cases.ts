// From the target of a request to a file: decoding, dots, slashes, and what is refused.
import type { Case, Suite } from "./harness.js";

const configuration = `
Listen 127.0.0.1:@PORT2@
DocumentRoot "@ROOT@/htdocs"
<VirtualHost *:@PORT@>
  ServerName off.test
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName on.test
  AllowEncodedSlashes On
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName no-decode.test
  AllowEncodedSlashes NoDecode
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName unmerged.test
  MergeSlashes Off
  <LocationMatch "^/a//b$">
    Require all denied
  </LocationMatch>
  <Location "/location/x">
    Require all denied
  </Location>
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName info.test
  AcceptPathInfo On
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName no-info.test
  AcceptPathInfo Off
</VirtualHost>
`;

const targets: readonly (readonly [target: string, host?: string])[] = [
  ["/r.txt"],
  ["/a/b.txt"],
  ["/a/./b.txt"],
  ["/a/../r.txt"],
  ["/a/%2e%2e/r.txt"],
  ["/a/%2E%2e/r.txt"],
  ["/a/.%2e/r.txt"],
  ["/a/%2e/b.txt"],
  ["/../r.txt"],
  ["/a/../../r.txt"],
  ["/%2e%2e/r.txt"],
  ["/a/b/../../../r.txt"],
  ["/a/.."],
  ["/a/."],
  ["/a/..."],
  ["/..."],
  ["/..r.txt"],
  ["//r.txt"],
  ["/a//b.txt"],
  ["/a///b.txt"],
  ["///a///b.txt"],
  ["/a//b.txt", "unmerged.test"],
  ["/a//b", "unmerged.test"],
  ["/location//x", "unmerged.test"],
  ["/r%2etxt"],
  ["/%72.txt"],
  ["/%72%2E%74xt"],
  ["/sp%20ace.txt"],
  ["/sp+ace.txt"],
  ["/plus+.txt"],
  ["/plus%2b.txt"],
  ["/percent%25.txt"],
  ["/percent%2525.txt"],
  ["/r.txt%00"],
  ["/r.txt%00.html"],
  ["/%00"],
  ["/r.txt%"],
  ["/r.txt%2"],
  ["/r.txt%zz"],
  ["/r.txt%0a"],
  ["/r.txt%0d%0aX:y"],
  ["/r.txt%7f"],
  ["/r.txt?a=%zz%00"],
  ["/r.txt?"],
  ["/r.txt??"],
  ["/r.txt?/../x"],
  ["/r.txt#part"],
  ["/r.txt%23part"],
  ["/r.txt%3fa"],
  ["/a;b.txt"],
  ["/a%3bb.txt"],
  ["/r.txt;v=1"],
  ["/caf\u00e9.txt"],
  ["/caf%e9.txt"],
  ["/caf%E9.txt"],
  ["/\u00e2\u0082\u00ac"],
  ["/a\\b.txt"],
  ["/a%5cb.txt"],
  ["/..\\r.txt"],
  ["/a%2fb.txt"],
  ["/a%2Fb.txt"],
  ["/a%2fb.txt", "on.test"],
  ["/a%2f%2fb.txt", "on.test"],
  ["/..%2fr.txt", "on.test"],
  ["/a/..%2f..%2fr.txt", "on.test"],
  ["/a%2f..%2fr.txt", "on.test"],
  ["/%2fr.txt", "on.test"],
  ["/a%252fb.txt", "on.test"],
  ["/a%2fb.txt", "no-decode.test"],
  ["/a/b%2fc.txt", "no-decode.test"],
  ["/a/b%2Fc.txt", "no-decode.test"],
  ["/a/..%2f..%2fr.txt", "no-decode.test"],
  ["/missing%2fb.txt"],
  ["/r.txt/"],
  ["/r.txt/more"],
  ["/r.txt/more", "info.test"],
  ["/r.txt/", "info.test"],
  ["/r.txt/more", "no-info.test"],
  ["/r.txt/../r.txt"],
  ["/missing/../r.txt"],
  ["/r.txt/.."],
  ["/a"],
  ["/A/b.txt"],
  ["/~user"],
  ["/.hidden"],
  ["/.htaccess"],
  ["/a:b"],
  ["/http://x/"],
  ["/" + "n".repeat(255)],
  ["/" + "n".repeat(256)],
  ["/" + "n".repeat(5000)],
  ["/" + "p/".repeat(2500)],
  ["/" + "a/../".repeat(600) + "r.txt"],
  ["/r.txt?" + "q".repeat(5000)],
  ["r.txt"],
  ["*"],
  ["?"],
  ["/<script>"],
  ["/%3cscript%3e%22%26'"],
  ["/missing?<b>"],
  ['/[x]{y}|z^`"'],
];

const shown = (target: string): string =>
  target.length > 60 ? `${target.slice(0, 20)}... (${target.length} bytes)` : target;

export const suite: Suite = {
  name: "paths",
  configuration,
  files: {
    "htdocs/r.txt": "r\n",
    "htdocs/a/b.txt": "b\n",
    "htdocs/sp ace.txt": "space\n",
    "htdocs/plus+.txt": "plus\n",
    "htdocs/percent%.txt": "percent\n",
    "htdocs/percent%25.txt": "percent twenty-five\n",
    "htdocs/a;b.txt": "semicolon\n",
    "htdocs/a\\b.txt": "backslash\n",
    "htdocs/a:b": "colon\n",
    "htdocs/..r.txt": "two dots\n",
    "htdocs/.hidden": "hidden\n",
    "htdocs/location/x": "x\n",
  },
  cases: targets.map(([target, host = "off.test"]): Case => ({
    name: `answers ${JSON.stringify(shown(target))}${host === "off.test" ? "" : ` at ${host}`}`,
    target,
    host,
  })),
};
