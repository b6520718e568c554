// Users, groups and rewrite maps in DBM files of each type, as htdbm and httxt2dbm write them.
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import type { Case, Suite } from "./harness.js";

const types = ["DB", "GDBM", "SDBM", "default"] as const;
/** Values that fill many pages, and one that fills several alone (SDBM has none above its page). */
const many = Array.from({ length: 400 }, (_, index) => `key${index} /files/${index % 7}/number=${index}`);
const long = `long /files/1/${"x".repeat(700)}`;
const longer = `longer /files/2/${"y".repeat(6000)}`;

const options = (type: string): string[] => (type === "default" ? [] : [`-T${type}`]);

/** Makes the files by Apache's own tools. */
function makeFiles(root: string): void {
  for (const type of types) {
    const users = `${root}/conf/users.${type}`;
    const add = (flags: string, user: string, ...more: string[]): void =>
      void execFileSync("htdbm", [`-b${flags}`, ...options(type), users, user, ...more], { stdio: "ignore" });
    add("cm", "ann", "secret");
    add("s", "bob", "secret");
    add("d", "old", "secret");
    add("B", "kim", "secret");
    add("mt", "noted", "secret", "a comment");
    const lines = type === "SDBM" ? [...many, long] : [...many, long, longer];
    writeFileSync(`${root}/conf/map.txt`, `${lines.join("\n")}\n# a comment\n\nwith two words\n`);
    const groups = "ann staff\nbob other:staff,admin\nkim admin,staff:ignored\n:realm none\nann:Dbm admin\n";
    writeFileSync(`${root}/conf/groups.txt`, groups);
    for (const name of ["map", "groups"]) {
      const format = type === "default" ? [] : ["-f", type];
      execFileSync("httxt2dbm", [...format, "-i", `${root}/conf/${name}.txt`, "-o", `${root}/conf/${name}.${type}`], {
        stdio: "ignore",
      });
    }
  }
}

const area = (type: string, lines: string): string => `
  AuthType Basic
  AuthName Dbm
  AuthBasicProvider dbm
  AuthDBMUserFile @ROOT@/conf/users.${type}
  AuthDBMType ${type}
  AuthDBMGroupFile @ROOT@/conf/groups.${type}
  AuthzDBMType ${type}
  ${lines}
`;

const configuration = `
${[
  "auth_basic",
  "auth_digest",
  "authn_core",
  "authn_dbm",
  "authn_file",
  "authz_dbm",
  "authz_user",
  "authz_owner",
  "rewrite",
]
  .map((name) => `LoadModule ${name}_module @MODULES@/mod_${name}.so`)
  .join("\n")}
DocumentRoot "@ROOT@/htdocs"
<Directory @ROOT@/htdocs>
  AllowOverride All
  Require all granted
</Directory>
${types
  .map(
    (type) => `
<Location /${type}/user>${area(type, "Require valid-user")}</Location>
<Location /${type}/staff>${area(type, "Require dbm-group staff")}</Location>
<Location /${type}/several>${area(type, "Require dbm-group nobody admin")}</Location>
<Location /${type}/owner>${area(type, "Require dbm-file-group")}</Location>
RewriteMap ${type.toLowerCase()} dbm=${type}:@ROOT@/conf/map.${type}`,
  )
  .join("")}
RewriteMap unnamed dbm:@ROOT@/conf/map.default
RewriteEngine On
${[...types, "unnamed"]
  .map((type) => type.toLowerCase())
  .map((type) => `RewriteRule ^/find/${type}/(.*)$ /found/\${${type}:$1|nothing} [R=302,NE,L]`)
  .join("\n")}
<Location /missing>
  AuthType Basic
  AuthName Dbm
  AuthBasicProvider dbm
  AuthDBMUserFile @ROOT@/conf/none
  Require valid-user
</Location>
<Location /wrong>
  AuthType Basic
  AuthName Dbm
  AuthBasicProvider dbm
  AuthDBMUserFile @ROOT@/conf/users.DB
  AuthDBMType GDBM
  Require valid-user
</Location>
<Location /outer>
  AuthType Basic
  AuthName Dbm
  AuthBasicProvider dbm file
  AuthDBMUserFile @ROOT@/conf/users.SDBM
  AuthDBMType SDBM
  AuthUserFile @ROOT@/conf/text
  Require valid-user
</Location>
<Location /outer/inner>
  AuthDBMUserFile @ROOT@/conf/users.DB
</Location>
<Location /nogroups>
  AuthType Basic
  AuthName Dbm
  AuthBasicProvider dbm
  AuthDBMUserFile @ROOT@/conf/users.DB
  Require dbm-group staff
</Location>
`;

const by = (user: string, password = "secret"): readonly string[] => [
  `Authorization: Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
];

const cases: Case[] = [];
for (const type of types) {
  for (const user of ["ann", "bob", "old", "kim", "noted"]) {
    cases.push({ name: `${type}: the password of ${user}`, target: `/${type}/user/a.txt`, headers: by(user) });
  }
  cases.push(
    { name: `${type}: a wrong password`, target: `/${type}/user/a.txt`, headers: by("ann", "wrong") },
    { name: `${type}: an unknown user`, target: `/${type}/user/a.txt`, headers: by("nobody") },
    { name: `${type}: nobody`, target: `/${type}/user/a.txt` },
  );
  for (const user of ["ann", "bob", "kim", "old"]) {
    cases.push(
      { name: `${type}: ${user} among the staff`, target: `/${type}/staff/a.txt`, headers: by(user) },
      { name: `${type}: ${user} in one of several groups`, target: `/${type}/several/a.txt`, headers: by(user) },
    );
  }
  cases.push({ name: `${type}: the group of a file`, target: `/${type}/owner/a.txt`, headers: by("ann") });
  for (const key of ["key0", "key399", "key123", "long", "longer", "with", "none", "key", ""]) {
    cases.push({
      name: `${type}: the value of "${key}" in a map`,
      target: `/find/${type.toLowerCase()}/${key}`,
    });
  }
}
cases.push(
  { name: "a map without a type", target: "/find/unnamed/key7" },
  { name: "a file that is not there", target: "/missing/a.txt", headers: by("ann") },
  { name: "a file of another type", target: "/wrong/a.txt", headers: by("ann") },
  { name: "a section around another, its file", target: "/outer/a.txt", headers: by("ann") },
  { name: "a section around another, the next provider", target: "/outer/a.txt", headers: by("text") },
  { name: "the section inside, whose type is its own", target: "/outer/inner/a.txt", headers: by("ann") },
  { name: "no file of groups", target: "/nogroups/a.txt", headers: by("ann") },
);

export const suite: Suite = {
  name: "DBM files",
  configuration,
  files: {
    "htdocs/a.txt": "a",
    "conf/text": "text:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n",
  },
  needs: () => (existsSync("/usr/bin/htdbm") ? undefined : "htdbm: apt-get install apache2-utils"),
  beside: (root) => {
    makeFiles(root);
    return Promise.resolve({ end: () => Promise.resolve() });
  },
  cases,
};
