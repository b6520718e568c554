// HostnameLookups: where names of clients stand, and where addresses.
import type { Case, Suite } from "./harness.js";

const configuration = `
LoadModule cgid_module @MODULES@/mod_cgid.so
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule rewrite_module @MODULES@/mod_rewrite.so
LogFormat "%h %{c}h %a %U" client
CustomLog "@RUN@/client.log" client
CustomLog "@RUN@/named.log" "%U" "expr=%{REMOTE_HOST} == 'localhost'"
HostnameLookups On
DocumentRoot "@ROOT@/htdocs"
ScriptAlias /host @ROOT@/host.cgi
<Location /double>
  HostnameLookups Double
</Location>
<Location /off>
  HostnameLookups Off
</Location>
<If "%{REMOTE_HOST} == 'localhost'">
  Header always set X-If name
</If>
<If "%{REMOTE_HOST} == '127.0.0.1'">
  Header always set X-If address
</If>
<Location /required>
  Require expr "%{REMOTE_HOST} == 'localhost'"
</Location>
RewriteEngine On
RewriteCond %{REMOTE_HOST} =localhost
RewriteRule ^/rewritten /a.txt
`;

const targets = ["/a.txt", "/double/a.txt", "/off/a.txt", "/required/a.txt", "/rewritten", "/host", "/missing"];

export const suite: Suite = {
  name: "HostnameLookups",
  configuration,
  files: {
    "htdocs/a.txt": "a\n",
    "htdocs/double/a.txt": "double\n",
    "htdocs/off/a.txt": "off\n",
    "htdocs/required/a.txt": "required\n",
    "host.cgi": {
      text: '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\n$REMOTE_HOST $REMOTE_ADDR\\n"\n',
      mode: 0o755,
    },
  },
  cases: targets.flatMap((target): Case[] => [
    { name: `the log of ${target}`, target, logs: ["client.log"] },
    {
      name: `a log with a condition, of ${target}`,
      target,
      ...(target === "/off/a.txt" ? {} : { logs: ["named.log"] }),
    },
  ]),
  // Apache knows the length of what a script writes where its end comes along.
  masks: [[/^(?:Content-Length: 20|Transfer-Encoding: chunked)$/gm, "FRAMING"]],
};
