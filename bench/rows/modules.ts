// Rows of static files, and of what modules do to them.
import { spawnSync } from "node:child_process";
import { apache, modhost, nginx, type Contestant, type NginxSite, type Site } from "../contestants.js";
import type { Row } from "./row.js";

/** The three that serve files. */
function all(site: Site, others: NginxSite): readonly Contestant[] {
  return [modhost(site), apache("Apache", site), nginx("nginx", others)];
}

const everyModule =
  "access_compat actions allowmethods auth_basic authn_core authn_file authz_groupfile authz_host authz_user " +
  "autoindex brotli deflate env expires filter headers negotiation proxy proxy_http remoteip reqtimeout rewrite " +
  "setenvif ssl status unique_id userdir vhost_alias wsgi";

const rules: Site = {
  modules: "rewrite",
  lines: () => `RewriteEngine On
${Array.from({ length: 49 }, (_, index) => `RewriteRule ^/section${index}/(.*)$ /other/$1 [L]`).join("\n")}
RewriteRule ^/page/(.+)$ /$1 [L]`,
};

const numbers = Array.from({ length: 1000 }, (_, index) => String(index).padStart(4, "0"));
const listing: Site = {
  modules: "autoindex",
  files: Object.fromEntries(numbers.map((number) => [`htdocs/list/file-${number}.txt`, "x"])),
  lines: ({ folder }) => `<Directory ${folder}/htdocs/list>
    Options Indexes
    IndexOptions FancyIndexing
</Directory>`,
};

const words = {
  "htdocs/words.txt": numbers
    .map((number) => `the line ${number} of a text that can be made smaller\n`)
    .join("")
    .repeat(2),
};
const deflated: Site = {
  modules: "filter deflate",
  files: words,
  lines: () => "AddType text/plain .txt\nSetOutputFilter DEFLATE",
};

/** The password "secret" as MD5 of Apache's kind; a kind that is slow on purpose would be all that is measured. */
function passwordFile(): Readonly<Record<string, string>> {
  const { stdout } = spawnSync("openssl", ["passwd", "-apr1", "-salt", "abcdefgh", "secret"], { encoding: "utf8" });
  return { passwords: `user:${stdout}` };
}

const area: Site = {
  modules: "auth_basic authn_core authn_file authz_user",
  files: passwordFile(),
  lines: ({ folder }) => `<Location />
    AuthType Basic
    AuthName area
    AuthUserFile ${folder}/passwords
    Require valid-user
</Location>`,
};

export const moduleRows: readonly Row[] = [
  { name: "static file of 1 KiB", path: "/1k.txt", contestants: all({}, { server: () => "" }) },
  {
    name: "static file of 1 KiB, many modules loaded and none in use",
    path: "/1k.txt",
    contestants: [modhost({ modules: everyModule }), modhost({}, "modhost with the fewest modules")],
  },
  {
    name: "50 RewriteRules, the last matches",
    path: "/page/1k.txt",
    contestants: [modhost(rules), apache("Apache", rules)],
  },
  {
    name: "list of 1,000 files",
    path: "/list/",
    contestants: all(listing, { server: () => "autoindex on;", ...(listing.files ? { files: listing.files } : {}) }),
  },
  {
    name: "100 KiB deflated",
    path: "/words.txt",
    headers: ["Accept-Encoding: gzip"],
    contestants: all(deflated, { server: () => "gzip on; gzip_comp_level 6; gzip_types *;", files: words }),
  },
  {
    name: "password area, basic authentication",
    path: "/1k.txt",
    headers: [`Authorization: Basic ${Buffer.from("user:secret").toString("base64")}`],
    contestants: all(area, {
      server: ({ folder }) => `auth_basic area; auth_basic_user_file ${folder}/passwords;`,
      files: passwordFile(),
    }),
  },
];
