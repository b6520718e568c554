// Things a site does to its pages, each with each other: filters, error documents, rules, headers, listings, passwords.
import type { Case, FileSpec, Suite } from "./harness.js";

/** Lines of an .htaccess file. */
const parts: Readonly<Record<string, string>> = {
  packed: "AddOutputFilterByType DEFLATE text/html text/plain",
  included: "Options +Includes\nAddOutputFilter INCLUDES .html",
  views: "Options +MultiViews",
  headers:
    'Header always set X-Always "%s"\nHeader set X-Set yes\nHeader edit X-Set yes no\nHeader unset ETag\nHeader append Vary X-Own',
  expiring: 'ExpiresActive On\nExpiresDefault "access plus 10 minutes"',
  documents:
    "ErrorDocument 404 /documents/404.html\nErrorDocument 403 /documents/403.html\nErrorDocument 401 /documents/401.html",
  members: 'AuthType Basic\nAuthName "Members"\nAuthUserFile "@ROOT@/conf/users"\nRequire valid-user',
  rewritten:
    "RewriteEngine On\nRewriteRule ^old\\.html$ page.html\nRewriteRule ^front/ index.html\nRewriteRule ^moved\\.html$ page.html [R=302,L]\nRewriteRule ^gone\\.html$ - [G]",
  indexed: "DirectoryIndex missing.html page.html",
  listed: "Options +Indexes\nDirectoryIndex disabled\nIndexOptions SuppressLastModified\nHeaderName part.txt",
  changed: "AddOutputFilterByType SUBSTITUTE text/html\nSubstitute s/page/leaf/",
  typed: "AddDefaultCharset utf-8\nForceType text/html",
  closed:
    '<Files "closed.html">\nRequire all denied\n</Files>\n<If "%{QUERY_STRING} == \'no\'">\nRequire all denied\n</If>',
  untagged: "FileETag None",
  handled: "AddHandler cgi-script .cgi\nOptions +ExecCGI\nDirectoryIndex shown.cgi",
};

const pairs = Object.keys(parts).flatMap((first, index, all) =>
  all.slice(index + 1).map((second) => [first, second] as const),
);

const page = `<title>page</title><!--#include virtual="part.txt" --><!--#echo var="REQUEST_URI" -->${"a page of words ".repeat(40)}`;
const packing = "Accept-Encoding: gzip";
const member = `Authorization: Basic ${Buffer.from("member:secret").toString("base64")}`;

const asks: readonly (readonly [name: string, target: string, more?: Partial<Case>])[] = [
  ["a page", "page.html"],
  ["its head", "page.html", { method: "HEAD" }],
  ["a range", "page.html", { headers: ["Range: bytes=3-12"] }],
  ["ranges", "page.html", { headers: ["Range: bytes=0-1,5-6"] }],
  ["a page that is known", "page.html", { headers: ["If-None-Match: *"] }],
  ["a page of the same time", "page.html", { headers: ["If-Modified-Since: Wed, 01 May 2024 12:00:00 GMT"] }],
  ["a range of the same", "page.html", { headers: ["Range: bytes=3-12", "If-Range: Wed, 01 May 2024 12:00:00 GMT"] }],
  ["a page for who unpacks", "page.html", { headers: [packing] }],
  ["a range for who unpacks", "page.html", { headers: [packing, "Range: bytes=3-12"] }],
  ["a known page for who unpacks", "page.html", { headers: [packing, "If-None-Match: *"] }],
  ["the head for who unpacks", "page.html", { method: "HEAD", headers: [packing] }],
  ["a page without its suffix", "page", { headers: ["Accept: text/html"] }],
  ["the directory", ""],
  ["the directory for who unpacks", "", { headers: [packing] }],
  ["the head of the directory", "", { method: "HEAD" }],
  ["a page that is missing", "missing.html"],
  ["the head of a missing page", "missing.html", { method: "HEAD" }],
  ["a missing page for who unpacks", "missing.html", { headers: [packing] }],
  ["a closed page", "closed.html"],
  ["a query that is refused", "page.html?no"],
  ["an old name", "old.html", { headers: [packing] }],
  ["a path below", "front/of/all"],
  ["a page that has moved", "moved.html"],
  ["a page that is gone", "gone.html"],
  ["a form", "page.html", { method: "POST", body: "x" }],
  ["a program", "shown.cgi", { headers: [packing] }],
];

/** Why the two differ, by names of pairs and what is asked. */
const different: readonly (readonly [what: RegExp, why: string])[] = [
  [
    /^packed and included: (?!a missing).*(page|head|range|directory) for who unpacks/,
    "a page that is put together is packed as it comes, so that nobody waits for its end to learn its length",
  ],
  [
    /^packed and handled: (the|a program)(?!.*(head for|page))/,
    "what a program writes goes out as it comes, and not at its end",
  ],
  [/^views and headers: a page without its suffix/, "fields of negotiation stand behind those of Header always"],
];

function casesOf([first, second]: (typeof pairs)[number]): readonly Case[] {
  const hasMembers = [first, second].includes("members");
  const cases = asks.map(([title, target, more = {}]): Case => {
    const name = `${first} and ${second}: ${title}`;
    const differs = different.find(([what]) => what.test(name))?.[1];
    return {
      name,
      target: `/${first}.${second}/${target}`,
      ...more,
      headers: [...(more.headers ?? []), ...(hasMembers ? [member] : [])],
      ...(differs === undefined ? {} : { differs }),
    };
  });
  const stranger = { name: `${first} and ${second}: a stranger`, target: `/${first}.${second}/page.html` };
  return hasMembers ? [...cases, stranger] : cases;
}

const modules = [
  ...["filter", "deflate", "include", "negotiation", "headers", "expires", "authn_core", "authn_file", "auth_basic"],
  ...["authz_user", "rewrite", "autoindex", "substitute", "cgid"],
];

export const suite: Suite = {
  name: "combinations",
  configuration: `
${modules.map((name) => `LoadModule ${name}_module @MODULES@/mod_${name}.so`).join("\n")}
ScriptSock @RUN@/cgisock
DocumentRoot "@ROOT@/htdocs"
DirectoryIndex index.html
<Directory "@ROOT@/htdocs">
  Require all granted
  AllowOverride All
  Options FollowSymLinks
</Directory>
`,
  files: {
    "conf/users": "member:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n",
    "htdocs/documents/404.html": "this page is missing",
    "htdocs/documents/403.html": "this page is closed",
    "htdocs/documents/401.html": "this page is for members",
    ...Object.fromEntries<FileSpec>(
      pairs.flatMap(([first, second]) => {
        const folder = `htdocs/${first}.${second}`;
        return [
          [`${folder}/.htaccess`, `${parts[first] ?? ""}\n${parts[second] ?? ""}\n`],
          [`${folder}/page.html`, page],
          [`${folder}/closed.html`, page],
          [`${folder}/index.html`, `index\n${page}`],
          [`${folder}/part.txt`, "a part of the page\n"],
          [
            `${folder}/shown.cgi`,
            {
              text: "#!/bin/sh\nprintf 'Content-Type: text/html\\n\\na page of a program\\n'\nsleep 0.1\n",
              mode: 0o755,
            },
          ],
        ];
      }),
    ),
  },
  cases: pairs.flatMap((pair) => casesOf(pair)),
  // Apache leaves out the quote at the end of these tags.
  masks: [
    // The two are asked one after the other; max-age is compared.
    [/^Expires: .*$/gm, "Expires: (in ten minutes)"],
    [/^(ETag: "[^"\n]*;[^"\n]*)"?$/gm, '$1"'],
  ],
};
