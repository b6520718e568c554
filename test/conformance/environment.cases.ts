// SetEnv, PassEnv, UnsetEnv, and what they cannot change.
import { daemonGroup, variablesApplication } from "./dump-application.js";
import type { Suite } from "./harness.js";

const configuration = `${daemonGroup}
SetEnv S_MAIN "main value"
SetEnv S_BOTH main
SetEnv S_EMPTY
SetEnv S_QUOTED "with \\"quotes\\" and \\\\ backslash"
SetEnv S_DOLLAR \${S_NOT_DEFINED}
Define S_NAME defined
SetEnv S_FROM_DEFINE "\${S_NAME} value"
PassEnv LANG
PassEnv S_NOT_IN_ENVIRONMENT
SetEnv REQUEST_METHOD FROB
SetEnv CONTENT_LENGTH 77
SetEnv CONTENT_TYPE text/set
SetEnv HTTP_X_SET set
SetEnv QUERY_STRING set
SetEnv REMOTE_USER somebody
SetEnv SERVER_NAME set.test
SetEnv PATH_INFO /set
SetEnv HTTPS on
WSGIScriptAlias /app "@ROOT@/app.wsgi"
<VirtualHost *:@PORT@>
  ServerName www.test
  SetEnv S_BOTH virtual-host
  <Location /app/unset>
    UnsetEnv S_MAIN S_BOTH
  </Location>
  <Location /app/unset/two>
    SetEnv S_TWO 2
  </Location>
  <Location /app/reset>
    SetEnv S_BOTH location
    UnsetEnv S_EMPTY
  </Location>
  <Location /app/https-off>
    SetEnv HTTPS off
  </Location>
  <Location /app/https-one>
    SetEnv HTTPS 1
  </Location>
</VirtualHost>
`;

export const suite: Suite = {
  name: "environment variables",
  configuration,
  files: {
    "app.wsgi": variablesApplication.replace(
      'names = ("S_"',
      'names = ("LANG", "REQUEST_METHOD", "CONTENT_", "HTTP_", "QUERY_", "REMOTE_USER", "SERVER_NAME", "PATH_INFO", "wsgi.url_scheme", "S_"',
    ),
  },
  cases: [
    { name: "are set by server and virtual host", target: "/app" },
    {
      name: "give way to what the request says",
      method: "POST",
      target: "/app/path?q",
      body: "abc",
      headers: ["Content-Type: text/mine", "X-Set: mine"],
    },
    { name: "are taken away", target: "/app/unset" },
    {
      name: "are taken away where several sections match",
      target: "/app/unset/two",
      differs: "Apache forgets an UnsetEnv when another section of the same kind matches too",
    },
    { name: "are set anew in a section", target: "/app/reset" },
    { name: "turn the URL scheme back", target: "/app/https-off" },
    { name: "turn the URL scheme with 1", target: "/app/https-one" },
    { name: "are those of the main server elsewhere", target: "/app", host: "nobody.test" },
  ],
};
