// Who may have what by group, owner, guest, expression, method, and by the old Order, Allow, Deny with Satisfy.
import type { Case, Suite } from "./harness.js";

const sha = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=";
const basic = (user: string, password = "secret"): string =>
  `Authorization: Basic ${Buffer.from(`${user}:${password}`, "latin1").toString("base64")}`;

const members = (more: string): string =>
  `AuthType Basic\nAuthName Members\nAuthUserFile "@ROOT@/conf/passwords"\nAuthGroupFile "@ROOT@/conf/groups"\n${more}`;
const guests = (more: string): string =>
  `AuthType Basic\nAuthName Guests\nAuthBasicProvider anon\nRequire valid-user\n${more}`;

/** Lines of `<Location /NAME>`. */
const places: Readonly<Record<string, string>> = {
  staff: members("Require group staff"),
  "two-groups": members("Require group nobody admins"),
  "group-or-user": members("Require group admins\nRequire user carl"),
  "group-and-not": members("<RequireAll>\nRequire group staff\nRequire not user bob\n</RequireAll>"),
  quoted: members('Require group "two words"'),
  "no-group-file": 'AuthType Basic\nAuthName x\nAuthUserFile "@ROOT@/conf/passwords"\nRequire group staff',
  "missing-groups": members('AuthGroupFile "@ROOT@/conf/missing"\nRequire group staff'),
  owner: members("Require file-owner"),
  "file-group": members("Require file-group"),
  "user-expression": members("Require user %{HTTP:X-Name}"),
  "group-expression": members("Require group %{HTTP:X-Group}"),
  "user-quoted": members('Require user "with space" bob'),
  expression: "Require expr %{REQUEST_METHOD} == 'POST' || %{QUERY_STRING} =~ /key=1/",
  "expression-quoted": "Require expr \"%{HTTP:X-Key} -in { 'a', 'b' }\"",
  "expression-user": members("Require expr %{REMOTE_USER} == 'ann'"),
  "expression-not": "<RequireAll>\nRequire all granted\nRequire not expr %{HTTP_USER_AGENT} =~ /Bad/\n</RequireAll>",
  anon: guests("Anonymous anonymous Guest"),
  "anon-star": guests("Anonymous *"),
  "anon-verify": guests("Anonymous guest\nAnonymous_VerifyEmail On"),
  "anon-no-password": guests("Anonymous guest\nAnonymous_MustGiveEmail Off"),
  "anon-no-name": guests("Anonymous guest\nAnonymous_NoUserId On"),
  "anon-file": members("AuthBasicProvider anon file\nAnonymous guest\nRequire valid-user"),
  "file-anon": members("AuthBasicProvider file anon\nAnonymous *\nRequire valid-user"),
  "methods-get": "AllowMethods GET",
  "methods-post": "AllowMethods POST OPTIONS",
  "methods-reset": "AllowMethods reset",
  "methods-auth": members("AllowMethods GET\nRequire valid-user"),
  "satisfy-all": members("Order deny,allow\nDeny from all\nRequire valid-user\nSatisfy All"),
  "satisfy-all-allowed": members("Order allow,deny\nAllow from 127.0.0.1\nRequire valid-user\nSatisfy All"),
  "satisfy-any": members("Order deny,allow\nDeny from all\nRequire valid-user\nSatisfy Any"),
  "satisfy-any-allowed": members("Order allow,deny\nAllow from 127.0.0.1\nRequire valid-user\nSatisfy Any"),
  "satisfy-any-other": members("Order allow,deny\nAllow from 10.0.0.1\nRequire user ann\nSatisfy Any"),
  "satisfy-any-bare": members("Require valid-user\nSatisfy Any"),
  "satisfy-any-group": members("Order deny,allow\nDeny from all\nRequire group admins\nSatisfy Any"),
  "allow-env": "SetEnvIf X-Key ^yes$ let_in\nOrder deny,allow\nDeny from all\nAllow from env=let_in",
  forbidden: members("AuthzSendForbiddenOnFailure On\nRequire group admins"),
  fake: "AuthBasicFake demo demopass",
  "alias-first": members("AuthBasicProvider first\nRequire valid-user"),
  "alias-second": members("AuthBasicProvider second\nRequire valid-user"),
  "alias-both": members("AuthBasicProvider first second\nRequire valid-user"),
  "alias-home": "Require home",
  "alias-away": "Require away",
  "alias-not": "<RequireAll>\nRequire all granted\nRequire not home\n</RequireAll>",
  "alias-group": members("Require editors"),
  environment: members("Require env NOBODY_SETS_THIS\nRequire valid-user"),
};

const place = (name: string): string => `/${name}/index.html`;

const configuration = `
LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authn_file_module @MODULES@/mod_authn_file.so
LoadModule authn_anon_module @MODULES@/mod_authn_anon.so
LoadModule auth_basic_module @MODULES@/mod_auth_basic.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
LoadModule authz_groupfile_module @MODULES@/mod_authz_groupfile.so
LoadModule authz_owner_module @MODULES@/mod_authz_owner.so
LoadModule access_compat_module @MODULES@/mod_access_compat.so
LoadModule allowmethods_module @MODULES@/mod_allowmethods.so
<AuthnProviderAlias file first>
  AuthUserFile "@ROOT@/conf/first"
</AuthnProviderAlias>
<AuthnProviderAlias file second>
  AuthUserFile "@ROOT@/conf/second"
</AuthnProviderAlias>
<AuthzProviderAlias ip home "127.0.0.1 10.0.0.1">
</AuthzProviderAlias>
<AuthzProviderAlias ip away "10.0.0.1 10.0.0.2">
</AuthzProviderAlias>
<AuthzProviderAlias group editors "editors">
  AuthGroupFile "@ROOT@/conf/editors"
</AuthzProviderAlias>
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@/htdocs">
  Require all granted
</Directory>
<Directory "@ROOT@/htdocs/ordered">
  Order allow,deny
  Allow from all
  <Files "secret*">
    Order allow,deny
    Deny from all
    Satisfy All
  </Files>
</Directory>
${Object.entries(places)
  .map(([name, lines]) => `<Location "/${name}">\n${lines}\n</Location>`)
  .join("\n")}
`;

const users = ["ann", "bob", "carl", "eve"];

export const suite: Suite = {
  name: "access",
  configuration,
  files: {
    "conf/passwords": [...users, "with space", "root", "guest"].map((user) => `${user}:${sha}`).join("\n"),
    "conf/groups":
      '# groups\n\nstaff: ann bob\nadmins:ann\nstaff : carl\ntwo words: bob\ncontinued: \\\n eve\n: nobody\nbroken\n"quoted": "with space"\nroot: root\n',
    "conf/first": `ann:${sha}\n`,
    "conf/second": `eve:${sha}\nann:{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n`,
    "conf/editors": "editors: eve\n",
    "htdocs/ordered/a.txt": "a",
    "htdocs/ordered/secret.txt": "secret",
    ...Object.fromEntries(Object.keys(places).map((name) => [`htdocs/${name}/index.html`, `${name}\n`])),
  },
  cases: [
    ...Object.keys(places).flatMap((name): Case[] => [
      { name: `answers nobody at ${name}`, target: place(name) },
      ...["ann", "eve"].map((user): Case => ({
        name: `answers ${user} at ${name}`,
        target: place(name),
        headers: [basic(user)],
      })),
      { name: `answers a wrong password at ${name}`, target: place(name), headers: [basic("ann", "wrong")] },
      { name: `answers POST at ${name}`, method: "POST", target: place(name), body: "x" },
    ]),
    ...["staff", "two-groups", "group-or-user", "group-and-not", "quoted", "user-quoted", "satisfy-any-group"].flatMap(
      (name): Case[] =>
        ["bob", "carl", "with space"].map((user) => ({
          name: `answers ${user} at ${name}`,
          target: place(name),
          headers: [basic(user)],
        })),
    ),
    ...["owner", "file-group"].flatMap((name): Case[] => [
      { name: `answers root at ${name}`, target: place(name), headers: [basic("root")] },
      { name: `answers root where no file is at ${name}`, target: `/${name}/missing`, headers: [basic("root")] },
    ]),
    { name: "takes the name of a field", target: place("user-expression"), headers: [basic("bob"), "X-Name: ann bob"] },
    { name: "refuses by a field", target: place("user-expression"), headers: [basic("bob"), "X-Name: ann"] },
    {
      name: "takes the group of a field",
      target: place("group-expression"),
      headers: [basic("bob"), "X-Group: staff"],
    },
    { name: "grants by an expression", target: `${place("expression")}?key=1` },
    { name: "grants by a list", target: place("expression-quoted"), headers: ["X-Key: b"] },
    { name: "refuses by a list", target: place("expression-quoted"), headers: ["X-Key: c"] },
    { name: "refuses by User-Agent", target: place("expression-not"), headers: ["User-Agent: Bad"] },
    ...(
      [
        ["anon", "anonymous", "me@test.org"],
        ["anon", "ANONYMOUS", "x"],
        ["anon", "guest", ""],
        ["anon", "", "x"],
        ["anon-star", "whoever", "x"],
        ["anon-star", "", "x"],
        ["anon-verify", "guest", "x"],
        ["anon-verify", "guest", "me@test.org"],
        ["anon-verify", "guest", "me@test"],
        ["anon-no-password", "guest", ""],
        ["anon-no-name", "", "x"],
        ["anon-file", "guest", "x"],
        ["anon-file", "ann", "secret"],
        ["file-anon", "ann", "wrong"],
        ["file-anon", "whoever", "x"],
      ] as const
    ).map(([name, user, password]): Case => ({
      name: `answers ${JSON.stringify(user)} with ${JSON.stringify(password)} at ${name}`,
      target: place(name),
      headers: [basic(user, password)],
    })),
    ...["methods-get", "methods-post", "methods-reset", "methods-auth"].flatMap((name): Case[] =>
      ["HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "FROB", "PROPFIND"].map((method) => ({
        name: `answers ${method} at ${name}`,
        method,
        target: place(name),
      })),
    ),
    { name: "lets in by a variable", target: place("allow-env"), headers: ["X-Key: yes"] },
    { name: "serves by Allow", target: "/ordered/a.txt" },
    { name: "refuses files by Deny", target: "/ordered/secret.txt" },
  ],
};
