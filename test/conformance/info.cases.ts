// The pages of mod_info: the configuration, and the list of modules.
import type { Case, Suite } from "./harness.js";

const configuration = `LoadModule info_module @MODULES@/mod_info.so
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule rewrite_module @MODULES@/mod_rewrite.so
DocumentRoot "@ROOT@/htdocs"
Define INFO_NAME defined
<Location /info>
  SetHandler server-info
</Location>
<Location /signed>
  SetHandler server-info
  ServerSignature On
</Location>
AddModuleInfo mod_none.c "nobody"
<IfDefine INFO_NAME>
  SetEnv S_DEFINED "\${INFO_NAME} <value> & more"
</IfDefine>
<IfModule mod_absent.c>
  Absent On
</IfModule>
SetEnv S_EMPTY
Include "@ROOT@/conf/included.conf"
<Directory "@ROOT@/htdocs">
  Require all granted
  <Files "a.txt">
    Header set X-File a
    <If "%{QUERY_STRING} == 'x'">
      Header set X-If yes
    </If>
  </Files>
  <RequireAny>
    Require all granted
    Require ip 10.0.0.1
  </RequireAny>
  Header set X-Last "after"
</Directory>
<Directory "@ROOT@/empty">
</Directory>
SetEnvIf User-Agent "^a\\"b" agent=1
RewriteEngine On
RewriteRule ^/old$ /new [R=301,L]
SetEnv S_CONTINUED \\
  two
<VirtualHost *:@PORT@>
  ServerName www.test
  AddModuleInfo mod_rewrite.c "see <b>this</b>"
  Header always set X-Host 1
</VirtualHost>
`;

const ownEntry = "entries show this server's own hooks, and its own words on each directive";

const rows: readonly (readonly [name: string, target: string, more?: Partial<Case>])[] = [
  ["list the modules", "/info?list"],
  ["list them in any case", "/info?LIST"],
  ["show the configuration", "/info?config"],
  ["list them for HEAD", "/info?list", { method: "HEAD" }],
  ["show it in any case", "/info?CONFIG"],
  ["sign", "/signed?list"],
  ["show nothing for an unknown module", "/info?mod_absent.c"],
  ["show nothing for an empty query", "/info?"],
  ["show nothing for other words", "/info?list&config"],
  ["show an encoded word as another", "/info?lis%74"],
  ["answer no POST", "/info?list", { method: "POST", body: "x" }],
  ["answer no DELETE", "/info", { method: "DELETE" }],
  ["answer below the path", "/info/below?list"],
  ["serve a range", "/info?list", { headers: ["Range: bytes=0-9"] }],
  ["take no conditions", "/info?list", { headers: ["If-None-Match: *"] }],
  ["are not at other paths", "/information?list"],
  ["show a module's entry", "/info?mod_rewrite.c", { differs: ownEntry }],
  ["show the server", "/info?server", { differs: "the server is another one" }],
  ["show the hooks", "/info?hooks", { differs: "the hooks are this server's" }],
  ["show the providers", "/info?providers", { differs: "the providers are this server's" }],
  ["show everything", "/info", { differs: ownEntry }],
];

export const suite: Suite = {
  name: "information",
  configuration,
  files: {
    "htdocs/a.txt": "a\n",
    "conf/included.conf": "SetEnv S_INCLUDED 1\n<Location /included>\n  SetEnv S_INCLUDED 2\n</Location>\n",
  },
  cases: rows.map(([name, target, more]): Case => ({ name, target, ...more })),
};
