// RewriteEngine of the main server, and virtual hosts with and without lines of their own.
import type { Case, Suite } from "./harness.js";

const configuration = `LoadModule rewrite_module @MODULES@/mod_rewrite.so
DocumentRoot "@ROOT@/htdocs"
RewriteEngine On
RewriteRule ^/from-main$ /a.txt
LogFormat "%>s %U %{SCRIPT_URL}e %{SCRIPT_URI}e" rewritten
CustomLog "@RUN@/rewritten.log" rewritten
<Directory "@ROOT@/htdocs/folder">
  RewriteRule ^from-folder$ a.txt
</Directory>
<VirtualHost *:@PORT@>
  ServerName without.test
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName engine.test
  RewriteEngine On
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName inherits.test
  RewriteOptions Inherit
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName section.test
  <Location /a.txt>
    RewriteEngine On
  </Location>
</VirtualHost>
`;

const hosts = ["without.test", "engine.test", "inherits.test", "section.test"];
const targets = ["/a.txt", "/from-main", "/folder/from-folder", "/missing?q"];

export const suite: Suite = {
  name: "rules of the main server",
  configuration,
  files: { "htdocs/a.txt": "a\n", "htdocs/folder/a.txt": "in the folder\n" },
  cases: hosts.flatMap((host) =>
    targets.map((target): Case => ({ name: `${target} of ${host}`, target, host, logs: ["rewritten.log"] })),
  ),
};
