// UserDir, VirtualDocumentRoot, Action and Script.
import type { Case, Suite } from "./harness.js";

const common = `
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
</Directory>
LogFormat "%>s %U%q %f H=%{REDIRECT_HANDLER}e" mapped
CustomLog "@RUN@/access.log" mapped
`;

const listed = (host: string, targets: string): Case[] =>
  targets.split(" ").map((target) => ({ name: `${host}: ${target}`, target, host, logs: ["access.log"] }));

const users: Suite = {
  name: "folders of users",
  configuration: `LoadModule userdir_module @MODULES@/mod_userdir.so${common}
<VirtualHost *:@PORT@>
  ServerName absolute.test
  UserDir "@ROOT@/users"
  UserDir disabled root bad
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName star.test
  UserDir @ROOT@/homes/*/www
  UserDir disabled
  UserDir enabled joe ann
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName several.test
  UserDir @ROOT@/homes/*/www @ROOT@/users http://users.test/*/
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName url.test
  UserDir http://users.test/*/home
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName home.test
  UserDir none-such-folder
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName none.test
  UserDir disabled
</VirtualHost>
`,
  files: {
    "users/joe/a.txt": "users joe\n",
    "users/joe/index.html": "joe index\n",
    "users/bad/a.txt": "bad\n",
    "users/a.txt": "of nobody\n",
    "users/sam/a.txt": "users sam\n",
    "homes/joe/www/a.txt": "homes joe\n",
    "homes/ann/www/index.html": "ann\n",
    "homes/sam/www/a.txt": "homes sam\n",
    "htdocs/~odd/a.txt": "odd\n",
    "htdocs/index.html": "index\n",
  },
  cases: [
    ...listed(
      "absolute.test",
      "/~joe/a.txt /~joe/ /~joe /~bad/a.txt /~root/ /~nobody-else/ /~/a.txt /~./a.txt /~../a.txt /~joe/../../x",
    ),
    ...listed("absolute.test", "/%7ejoe/a.txt /~joe/%2e%2e/bad/a.txt /x/~joe/a.txt /~JOE/a.txt"),
    { name: "encoded slashes", target: "/~joe%2f..%2fbad/a.txt", host: "absolute.test" },
    ...listed("star.test", "/~joe/a.txt /~ann/ /~sam/a.txt /~ann /~joe"),
    ...listed("several.test", "/~joe/a.txt /~bad/a.txt /~sam/a.txt /~zoe/x?y=1"),
    ...listed("url.test", "/~joe/a.txt /~joe /~joe/a%20b?x=1 /other"),
    ...listed("home.test", "/~root/a.txt /~no-such-account/a.txt /~odd/a.txt"),
    ...listed("none.test", "/~joe/a.txt /~odd/a.txt /"),
  ],
};

const hosts: Suite = {
  name: "folders of hosts",
  configuration: `LoadModule vhost_alias_module @MODULES@/mod_vhost_alias.so${common}
UseCanonicalName Off
Alias /icons "@ROOT@/icons"
<VirtualHost *:@PORT@>
  ServerName first.test
  ServerAlias *.whole.test
  VirtualDocumentRoot "@ROOT@/v/%0/docs"
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName parts.test
  ServerAlias *.parts.test
  VirtualDocumentRoot "@ROOT@/v/%-1/%1/%2+/%-2.1/%9/%p%%/"
  LogFormat "%>s %f" parts
  CustomLog "@RUN@/access.log" parts
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName letters.test
  ServerAlias *.letters.test
  VirtualDocumentRoot "@ROOT@/v/%1.1/%1.2/%1.-1/%1.2+/%1.9/%-3+/%1.-2+"
  CustomLog "@RUN@/access.log" mapped
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName address.test
  VirtualDocumentRootIP "@ROOT@/v/%0"
  VirtualScriptAlias "@ROOT@/v/cgi/%0"
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName off.test
  VirtualDocumentRoot none
</VirtualHost>
`,
  files: {
    "v/www.whole.test/docs/index.html": "www whole\n",
    "v/www.whole.test/docs/a.txt": "www whole a\n",
    "v/127.0.0.1/a.txt": "by address\n",
    "v/first.test/docs/index.html": "first\n",
    "icons/i.txt": "icon\n",
    "htdocs/index.html": "index\n",
    "secret.txt": "secret\n",
  },
  cases: [
    ...listed("first.test", "/ /x"),
    ...listed("www.whole.test", "/ /a.txt /../a.txt /icons/i.txt /%2e%2e/x /a.txt/b"),
    ...listed("WWW.Whole.TEST", "/a.txt /"),
    ...listed("other.whole.test", "/a.txt"),
    ...listed("www.whole.test:8080", "/a.txt"),
    ...listed("a.b.parts.test", "/x"),
    ...listed("parts.test", "/x"),
    ...listed("abcd.letters.test", "/x"),
    ...listed("x.letters.test", "/x"),
    ...listed("letters.test", "/x"),
    ...listed("address.test", "/a.txt / /cgi-bin/ /x/cgi-bin/y"),
    ...listed("off.test", "/"),
    ...listed("..", "/secret.txt"),
    ...listed("../..", "/secret.txt"),
    ...listed("a..whole.test", "/"),
  ],
};

const actions: Suite = {
  name: "actions",
  configuration: `LoadModule actions_module @MODULES@/mod_actions.so${common}
AddType text/x-odd .odd
AddHandler my-handler .my
AddHandler looping .loop
Action text/x-odd /handler.html
Action my-handler /handler.html
Action virtual-handler /handler.html virtual
Action looping /own.loop
Script PUT /handler.html
<Files "handler.html">
  AcceptPathInfo On
</Files>
<Location "/virtual">
  SetHandler virtual-handler
</Location>
<Location "/real">
  SetHandler my-handler
</Location>
<Location "/by-query">
  Script GET /handler.html
  Script POST /handler.html
</Location>
<Location "/off">
  SetHandler none-of-ours
</Location>
`,
  files: {
    "htdocs/handler.html": "handled\n",
    "htdocs/a.odd": "odd\n",
    "htdocs/a.my": "my\n",
    "htdocs/a b.my": "my with space\n",
    "htdocs/a.txt": "text\n",
    "htdocs/own.loop": "loop\n",
    "htdocs/real/a.txt": "real\n",
    "htdocs/by-query/a.txt": "by query\n",
    "htdocs/off/a.my": "off\n",
  },
  cases: [
    ...listed(
      "www.test",
      "/a.odd /a.odd?x=1 /a.my /a.my/info /a%20b.my /missing.my /missing.odd /virtual/x /virtual/x/y?z",
    ),
    ...listed("www.test", "/real/a.txt /real/missing /by-query/a.txt /by-query/a.txt?x=1 /off/a.my /a.txt /own.loop"),
    { name: "HEAD of an action", method: "HEAD", target: "/a.my", logs: ["access.log"] },
    { name: "POST to an action", method: "POST", target: "/a.my", body: "x=1", logs: ["access.log"] },
    { name: "POST by its method", method: "POST", target: "/by-query/a.txt", body: "x=1", logs: ["access.log"] },
    { name: "POST to a file", method: "POST", target: "/a.txt", body: "x=1", logs: ["access.log"] },
    { name: "HEAD by its method", method: "HEAD", target: "/by-query/a.txt?x", logs: ["access.log"] },
  ],
};

export const suite = users;
export const further = [hosts, actions];
