// Areas with passwords as site files have them: whole tables of requests, by who asks and from where.
import type { Case, Suite } from "./harness.js";

const users = `admin:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
editor:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
guest:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
`;

const basic = (user: string, password = "secret"): string =>
  `Authorization: Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

const asks: Readonly<Record<string, readonly string[]>> = {
  nobody: [],
  admin: [basic("admin")],
  editor: [basic("editor")],
  "a wrong password": [basic("admin", "wrong")],
};

/** In the manner of Debian's phpmyadmin.conf. */
const phpMyAdmin = `
Alias /phpmyadmin "@ROOT@/usr/phpmyadmin"
<Directory "@ROOT@/usr/phpmyadmin">
  Options SymLinksIfOwnerMatch
  DirectoryIndex index.html
  Require all granted
</Directory>
<Directory "@ROOT@/usr/phpmyadmin/setup">
  <IfModule mod_authz_core.c>
    <IfModule mod_authn_file.c>
      AuthType Basic
      AuthName "phpMyAdmin Setup"
      AuthUserFile "@ROOT@/conf/users"
    </IfModule>
    Require valid-user
  </IfModule>
</Directory>
<Directory "@ROOT@/usr/phpmyadmin/templates">
  Require all denied
</Directory>
<DirectoryMatch "/phpmyadmin/libraries(/|$)">
  Require all denied
</DirectoryMatch>
`;

/** In the manner of Nextcloud's installation notes, with its .htaccess files. */
const nextcloud = `
<Directory "@ROOT@/htdocs/nextcloud">
  Require all granted
  AllowOverride All
  Options FollowSymLinks MultiViews
  SetEnv HOME /var/www/nextcloud
</Directory>
`;
const nextcloudFiles = {
  "htdocs/nextcloud/.htaccess": `<IfModule mod_setenvif.c>
  SetEnvIfNoCase ^Authorization$ "(.+)" XAUTHORIZATION=$1
</IfModule>
<IfModule mod_rewrite.c>
  RewriteEngine on
  RewriteRule .* - [env=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
  RewriteRule ^(?:build|tests|config|lib|3rdparty|templates)/.* - [R=404,L]
  RewriteRule ^(?!\\.well-known/acme-challenge/.*)(?:\\.|autotest|occ|issue|indie|db_|console).* - [R=404,L]
</IfModule>
`,
  "htdocs/nextcloud/data/.htaccess": `# Apache 2.4 and 2.2
<IfModule mod_authz_core.c>
  Require all denied
</IfModule>
<IfModule mod_access_compat.c>
  Order Allow,Deny
  Deny from all
  Satisfy All
</IfModule>
<IfModule mod_autoindex.c>
  IndexIgnore *
</IfModule>
`,
  "htdocs/nextcloud/index.html": "nextcloud",
  "htdocs/nextcloud/config/config.html": "config",
  "htdocs/nextcloud/data/file.html": "data",
  "htdocs/nextcloud/occ": "occ",
  "htdocs/nextcloud/.well-known/acme-challenge/token": "token",
};

const password =
  'AuthType Basic\nAuthName "Staging"\nAuthUserFile "@ROOT@/conf/users"\nAuthGroupFile "@ROOT@/conf/groups"';

/** Lines of an .htaccess file in a folder of its own. */
const folders: Readonly<Record<string, string>> = {
  "staging-in": `${password}\nRequire valid-user\nOrder deny,allow\nDeny from all\nAllow from 127.0.0.1 10.0.0.0/8\nSatisfy Any`,
  "staging-out": `${password}\nRequire valid-user\nOrder deny,allow\nDeny from all\nAllow from 10.0.0.0/8\nSatisfy Any`,
  "staging-all": `${password}\nRequire valid-user\nOrder deny,allow\nDeny from all\nAllow from 10.0.0.0/8\nSatisfy All`,
  "staging-both": `${password}\nRequire valid-user\nOrder deny,allow\nDeny from all\nAllow from 127\nSatisfy All`,
  "any-of": `${password}\n<RequireAny>\nRequire ip 10.0.0.0/8\nRequire valid-user\n</RequireAny>`,
  "any-here": `${password}\n<RequireAny>\nRequire ip 127.0.0.0/8\nRequire valid-user\n</RequireAny>`,
  "all-of": `${password}\n<RequireAll>\nRequire ip 127.0.0.0/8\nRequire valid-user\n</RequireAll>`,
  "all-but": `${password}\n<RequireAll>\nRequire valid-user\nRequire not user editor\n</RequireAll>`,
  "all-but-group": `${password}\n<RequireAll>\nRequire valid-user\n<RequireNone>\nRequire group writers\nRequire ip 10\n</RequireNone>\n</RequireAll>`,
  group: `${password}\nRequire group admins`,
  groups: `${password}\nRequire group writers admins`,
  "user-or-group": `${password}\nRequire user guest\nRequire group admins`,
  methods: `${password}\n<Limit POST PUT DELETE>\nRequire valid-user\n</Limit>`,
  "methods-2": `${password}\n<LimitExcept GET OPTIONS>\nRequire user admin\n</LimitExcept>`,
  "reading-free": `${password}\nRequire method GET OPTIONS\nRequire valid-user`,
  token: `${password}\nSetEnvIf X-Token "^abc$" letin\n<RequireAny>\nRequire env letin\nRequire valid-user\n</RequireAny>`,
  "token-2": `${password}\nSetEnvIf X-Token "^abc$" letin\nOrder allow,deny\nAllow from env=letin\nRequire valid-user\nSatisfy Any`,
  agent: `${password}\n<RequireAny>\nRequire expr "%{HTTP_USER_AGENT} =~ /^Monitor/"\nRequire valid-user\n</RequireAny>`,
  health: `${password}\nRequire expr "%{REQUEST_URI} =~ m#/health/#"\nRequire valid-user`,
  login: `<Files "login.html">\n${password}\nRequire user admin\n</Files>\n<FilesMatch "^(config|readme)\\.">\nRequire all denied\n</FilesMatch>`,
  "login-2": `${password}\nRequire user admin\n<Files "ajax.html">\nOrder allow,deny\nAllow from all\nSatisfy any\n</Files>`,
  forbidden: `${password}\nAuthzSendForbiddenOnFailure On\nRequire user admin`,
  own: `${password}\nRequire user %{env:OWNER}\nSetEnvIf X-Token (.+) OWNER=$1`,
  "own-group": `${password}\nRequire group %{req:X-Group}`,
  "own-ip": `${password}\nRequire user %{req:X-Token}x admin`,
  "named-by-host": `AuthType Basic\nAuthName "Area %{HTTP_HOST} %{req:X-Token}"\nAuthUserFile "@ROOT@/conf/users"\nRequire valid-user`,
  "typed-by-field": `AuthType %{req:X-Type}\nAuthName area\nAuthUserFile "@ROOT@/conf/users"\nRequire valid-user`,
  "quotes-by-field": `AuthType Basic\nAuthName "%{req:X-Quotes}"\nAuthUserFile "@ROOT@/conf/users"\nRequire valid-user`,
};

/** Nested folders: what is around, what is within. */
const merging: Readonly<Record<string, readonly [string, string]>> = {
  "and-user": ["Require valid-user", "AuthMerging And\nRequire user admin"],
  "and-ip": ["Require valid-user", "AuthMerging And\nRequire ip 127"],
  "and-other-ip": ["Require valid-user", "AuthMerging And\nRequire ip 10"],
  "or-user": ["Require user admin", "AuthMerging Or\nRequire user editor"],
  "or-ip": ["Require user admin", "AuthMerging Or\nRequire ip 10"],
  "or-granted": ["Require user admin", "AuthMerging Or\nRequire all granted"],
  "off-user": ["Require user admin", "AuthMerging Off\nRequire user editor"],
  nothing: ["Require user admin", "AuthMerging And"],
  "or-nothing": ["Require user admin", "AuthMerging Or"],
  "and-block": [
    "<RequireAny>\nRequire user admin\nRequire user editor\n</RequireAny>",
    "AuthMerging And\n<RequireAll>\nRequire valid-user\nRequire not user admin\n</RequireAll>",
  ],
  "or-block": [
    "Require user admin",
    "AuthMerging Or\n<RequireAll>\nRequire valid-user\nRequire not user admin\n</RequireAll>",
  ],
  "and-not-granted": ["Require all granted", "AuthMerging And\nRequire user editor"],
  "and-denied": ["Require all denied", "AuthMerging And\nRequire user admin"],
  "or-denied": ["Require all denied", "AuthMerging Or\nRequire user admin"],
};

const table = (targets: readonly string[], more: Partial<Case> = {}, name = ""): Case[] =>
  targets.flatMap((target) =>
    Object.entries(asks).map(([who, fields]): Case => ({
      name: `${who} at ${target}${name}`,
      target,
      ...more,
      headers: [...fields, ...(more.headers ?? [])],
    })),
  );

const in0 = (names: readonly string[], file = "index.html"): string[] => names.map((name) => `/${name}/${file}`);

export const suite: Suite = {
  name: "password areas",
  configuration: `
LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule rewrite_module @MODULES@/mod_rewrite.so
LoadModule access_compat_module @MODULES@/mod_access_compat.so
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authn_file_module @MODULES@/mod_authn_file.so
LoadModule auth_basic_module @MODULES@/mod_auth_basic.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
LoadModule authz_groupfile_module @MODULES@/mod_authz_groupfile.so
LoadModule negotiation_module @MODULES@/mod_negotiation.so
DocumentRoot "@ROOT@/htdocs"
DirectoryIndex index.html
<Directory "@ROOT@/htdocs">
  Require all granted
  AllowOverride All
</Directory>
<FilesMatch "^\\.ht">
  Require all denied
</FilesMatch>
${phpMyAdmin}
${nextcloud}
${Object.entries(merging)
  .map(
    ([name, [outer, inner]]) =>
      `<Directory "@ROOT@/htdocs/${name}">\n${password}\n${outer}\n</Directory>\n<Directory "@ROOT@/htdocs/${name}/in">\n${inner}\n</Directory>`,
  )
  .join("\n")}
<LocationMatch "^/\\.well-known/acme-challenge/">
  Require all granted
</LocationMatch>
`,
  files: {
    "conf/users": users,
    "conf/groups": "admins: admin\nwriters: editor guest\n",
    "usr/phpmyadmin/index.html": "phpMyAdmin",
    "usr/phpmyadmin/setup/index.html": "setup",
    "usr/phpmyadmin/templates/a.html": "template",
    "usr/phpmyadmin/libraries/a.html": "library",
    ...nextcloudFiles,
    ...Object.fromEntries(Object.entries(folders).map(([name, lines]) => [`htdocs/${name}/.htaccess`, `${lines}\n`])),
    ...Object.fromEntries(Object.keys(folders).map((name) => [`htdocs/${name}/index.html`, `${name}\n`])),
    ...Object.fromEntries(Object.keys(merging).map((name) => [`htdocs/${name}/in/index.html`, `${name}\n`])),
    "htdocs/login/login.html": "log in",
    "htdocs/login/config.html": "config",
    "htdocs/login-2/ajax.html": "ajax",
    "htdocs/health/health/index.html": "healthy",
  },
  cases: [
    ...table([
      "/phpmyadmin/",
      "/phpmyadmin/setup/",
      "/phpmyadmin/setup",
      "/phpmyadmin/templates/a.html",
      "/phpmyadmin/libraries/a.html",
    ]),
    ...table(["/nextcloud/", "/nextcloud/data/file.html", "/nextcloud/config/config.html", "/nextcloud/occ"]),
    ...table(["/nextcloud/.well-known/acme-challenge/token", "/nextcloud/.htaccess", "/nextcloud/data/"]),
    ...table(in0(Object.keys(folders))),
    ...table([
      "/login/login.html",
      "/login/config.html",
      "/login-2/ajax.html",
      "/login-2/missing.html",
      "/health/health/index.html",
    ]),
    ...table(in0(["methods", "methods-2", "reading-free"]), { method: "POST", body: "x" }, " by POST"),
    ...table(in0(["methods", "methods-2", "reading-free"]), { method: "OPTIONS" }, " by OPTIONS"),
    ...table(in0(["token", "token-2", "own", "named-by-host"]), { headers: ["X-Token: abc"] }, " with a token"),
    ...table(in0(["own", "own-ip"]), { headers: ["X-Token: admin"] }, " as the owner"),
    ...table(in0(["own"]), { headers: ["X-Token: editor admin"] }, " as one of the owners"),
    ...table(in0(["own-group"]), { headers: ["X-Group: writers"] }, " in the group"),
    ...table(in0(["own-group"]), { headers: ["X-Group: nobody admins"] }, " in one of the groups"),
    ...table(in0(["agent"]), { headers: ["User-Agent: Monitor/1.0"] }, " of the monitor"),
    ...["Basic", "basic", "None", "none", "Digest", "Magic", ""].flatMap((type) =>
      table(in0(["typed-by-field"]), { headers: [`X-Type: ${type}`] }, ` with the type "${type}"`),
    ),
    ...table(in0(["quotes-by-field"]), { headers: ['X-Quotes: a "b" \\"c\\" \\'] }, " with quotes"),
    ...table(Object.keys(merging).map((name) => `/${name}/in/index.html`)),
  ],
};
