// HostnameLookups and what asks for names where it cannot wait: texts with expressions, SetEnvIf.
import type { Case, Suite } from "./harness.js";

const configuration = `
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
SetEnvIf Remote_Host "^(.*)$" CLIENT=$1
SetEnvIf Remote_Host ^localhost$ IS_LOCAL
Header always set X-Text "expr=<%{REMOTE_HOST}>"
Header always set X-Client "%{CLIENT}e %{IS_LOCAL}e"
ErrorDocument 404 "nothing for %{REMOTE_HOST}"
DocumentRoot "@ROOT@/htdocs"
<Location /on>
  HostnameLookups On
  SetEnvIf Remote_Host "^(.*)$" CLIENT=$1-in-section
</Location>
<Location /double>
  HostnameLookups Double
</Location>
Listen 127.0.0.1:@PORT2@
<VirtualHost 127.0.0.1:@PORT2@>
  ServerName on.test
  HostnameLookups On
  DocumentRoot "@ROOT@/htdocs"
  <Location /off>
    HostnameLookups Off
  </Location>
</VirtualHost>
`;

const targets = ["/a.txt", "/on/a.txt", "/double/a.txt", "/off/a.txt", "/missing", "/on/missing"];

const late = "where a section says Off no name is shown; Apache shows one that it knows from before";

export const suite: Suite = {
  name: "HostnameLookups in texts",
  configuration,
  files: Object.fromEntries(["", "on/", "double/", "off/"].map((folder) => [`htdocs/${folder}a.txt`, "a\n"])),
  cases: targets.flatMap((target): Case[] => [
    { name: `${target}, Off in the server`, target },
    {
      name: `${target}, On in the server`,
      target,
      to: { port: 2 },
      ...(target.startsWith("/off") ? { differs: late } : {}),
    },
  ]),
};
