// Require and its containers, in each kind of section.
import type { Case, Suite } from "./harness.js";

const rules: Readonly<Record<string, string>> = {
  granted: "Require all granted",
  denied: "Require all denied",
  ip: "Require ip 127.0.0.1",
  "ip-other": "Require ip 10.0.0.1",
  "ip-list": "Require ip 10.0.0.1 127.0.0.1",
  "ip-part": "Require ip 127",
  "ip-part-two": "Require ip 127.0",
  "ip-bits": "Require ip 127.0.0.0/8",
  "ip-mask": "Require ip 127.0.0.0/255.0.0.0",
  "ip-v6": "Require ip ::1",
  local: "Require local",
  "not-local": "<RequireAll>\nRequire all granted\nRequire not local\n</RequireAll>",
  "not-ip": "<RequireAll>\nRequire all granted\nRequire not ip 10\n</RequireAll>",
  host: "Require host elsewhere.test",
  get: "Require method GET",
  "get-post": "Require method GET POST OPTIONS",
  "not-get": "<RequireAll>\nRequire all granted\nRequire not method GET\n</RequireAll>",
  "method-unknown": "Require method TRACE PUT",
  env: "Require env ALLOWED",
  "env-set": "SetEnv ALLOWED 1\nRequire env ALLOWED",
  "two-lines": "Require ip 10.0.0.1\nRequire method GET",
  "two-lines-denied": "Require all denied\nRequire ip 127.0.0.1",
  any: "<RequireAny>\nRequire all denied\nRequire ip 127.0.0.1\n</RequireAny>",
  "any-none": "<RequireAny>\nRequire ip 10\nRequire ip 11\n</RequireAny>",
  all: "<RequireAll>\nRequire ip 127.0.0.1\nRequire method GET\n</RequireAll>",
  "all-not": "<RequireAll>\nRequire ip 127.0.0.1\nRequire method POST\n</RequireAll>",
  none: "<RequireAll>\nRequire all granted\n<RequireNone>\nRequire ip 10\nRequire method POST\n</RequireNone>\n</RequireAll>",
  "none-hit":
    "<RequireAll>\nRequire all granted\n<RequireNone>\nRequire ip 10\nRequire method GET\n</RequireNone>\n</RequireAll>",
  nested:
    "<RequireAny>\n<RequireAll>\nRequire ip 127\nRequire method POST\n</RequireAll>\n<RequireAll>\nRequire local\nRequire method GET\n</RequireAll>\n</RequireAny>",
  "nested-not":
    "<RequireAll>\n<RequireAny>\nRequire ip 10\nRequire ip 127\n</RequireAny>\nRequire not method POST\n</RequireAll>",
};

const configuration = `
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@/htdocs">
  Require all granted
</Directory>
<Directory "@ROOT@/htdocs/closed">
  Require all denied
  <Files "open.txt">
    Require all granted
  </Files>
  <FilesMatch "^match">
    Require all granted
  </FilesMatch>
</Directory>
<Directory "@ROOT@/htdocs/closed/opened">
  Require all granted
</Directory>
<Directory "@ROOT@/htdocs/and">
  Require ip 127.0.0.1
</Directory>
<Directory "@ROOT@/htdocs/and/inner">
  AuthMerging And
  Require method POST
</Directory>
<Directory "@ROOT@/htdocs/or">
  Require all denied
</Directory>
<Directory "@ROOT@/htdocs/or/inner">
  AuthMerging Or
  Require method GET
</Directory>
<Directory "@ROOT@/htdocs/unmerged">
  Require all denied
</Directory>
<Directory "@ROOT@/htdocs/unmerged/inner">
  AuthMerging Off
  Require method GET
</Directory>
<Files "*.bak">
  Require all denied
</Files>
<Location "/closed/by-location">
  Require all granted
</Location>
<Location "/open-then-closed">
  Require all denied
</Location>
<LocationMatch "^/(one|two)/private">
  Require all denied
</LocationMatch>
<Location "/limited.txt">
  <Limit POST PUT>
    Require all denied
  </Limit>
</Location>
<Location "/limited-except.txt">
  <LimitExcept GET>
    Require all denied
  </LimitExcept>
</Location>
<Location "/limited-beside.txt">
  Require all granted
  <LimitExcept GET>
    Require all denied
  </LimitExcept>
</Location>
<Location "/limited-grant.txt">
  Require all denied
  <Limit POST>
    Require all granted
  </Limit>
</Location>
<Location "/limited-first.txt">
  <LimitExcept GET>
    Require all denied
  </LimitExcept>
  Require all granted
</Location>
<Location "/limited-twice.txt">
  Require all granted
</Location>
<Location "/limited-twice.txt">
  <LimitExcept GET>
    Require all denied
  </LimitExcept>
</Location>
<Location "/limited-merged.txt">
  AuthMerging And
  Require all granted
  <Limit POST>
    Require all denied
  </Limit>
</Location>
${Object.entries(rules)
  .map(([name, lines]) => `<Location "/r/${name}">\n${lines}\n</Location>`)
  .join("\n")}
`;

const targets: readonly string[] = [
  "/closed/a.txt",
  "/closed/open.txt",
  "/closed/match.txt",
  "/closed/missing.txt",
  "/closed/",
  "/closed",
  "/closed/opened/a.txt",
  "/closed/by-location/a.txt",
  "/and/inner/a.txt",
  "/or/inner/a.txt",
  "/unmerged/inner/a.txt",
  "/a.bak",
  "/closed/opened/a.bak",
  "/A.BAK",
  "/missing.bak",
  "/a.bak/more",
  "/open-then-closed/a.txt",
  "/open-then-closed",
  "/open-then-closedx",
  "/one/private/x",
  "/two/privately",
  "/three/private",
  "/limited.txt",
  "/limited-except.txt",
];

export const suite: Suite = {
  name: "authorisation",
  configuration,
  files: {
    "htdocs/closed/a.txt": "a",
    "htdocs/closed/open.txt": "open",
    "htdocs/closed/match.txt": "match",
    "htdocs/closed/opened/a.txt": "opened",
    "htdocs/closed/opened/a.bak": "bak",
    "htdocs/closed/by-location/a.txt": "by location",
    "htdocs/and/inner/a.txt": "and",
    "htdocs/or/inner/a.txt": "or",
    "htdocs/unmerged/inner/a.txt": "unmerged",
    "htdocs/a.bak": "bak",
    "htdocs/open-then-closed/a.txt": "a",
    "htdocs/limited.txt": "limited",
    "htdocs/limited-except.txt": "limited",
    ...Object.fromEntries(
      ["beside", "grant", "first", "twice", "merged"].map((name) => [`htdocs/limited-${name}.txt`, "limited"]),
    ),
    ...Object.fromEntries(Object.keys(rules).map((name) => [`htdocs/r/${name}`, `${name}\n`])),
  },
  cases: [
    ...Object.entries(rules).map(([name, lines]): Case => ({
      name: `weighs ${lines.replaceAll("\n", "; ")}`,
      target: `/r/${name}`,
    })),
    ...targets.map((target): Case => ({ name: `answers ${target}`, target })),
    { name: "weighs POST for Require method GET", method: "POST", target: "/r/get", body: "x" },
    { name: "weighs HEAD for Require method GET", method: "HEAD", target: "/r/get" },
    { name: "weighs OPTIONS for Require method", method: "OPTIONS", target: "/r/get-post" },
    { name: "weighs an unknown method for Require method", method: "FROB", target: "/r/get" },
    { name: "weighs POST for AuthMerging And", method: "POST", target: "/and/inner/a.txt", body: "x" },
    { name: "weighs POST for AuthMerging Or", method: "POST", target: "/or/inner/a.txt", body: "x" },
    { name: "weighs POST for Limit", method: "POST", target: "/limited.txt", body: "x" },
    ...["beside", "grant", "first", "twice", "merged"].flatMap((name) =>
      ["GET", "POST", "DELETE"].map((method) => ({
        name: `weighs ${method} for Limit, ${name}`,
        method,
        target: `/limited-${name}.txt`,
        ...(method === "POST" ? { body: "x" } : {}),
      })),
    ),
    { name: "weighs POST for LimitExcept", method: "POST", target: "/limited-except.txt", body: "x" },
    { name: "weighs HEAD for LimitExcept", method: "HEAD", target: "/limited-except.txt" },
    { name: "refuses before 405", method: "PUT", target: "/closed/a.txt", body: "x" },
    { name: "refuses TRACE too", method: "TRACE", target: "/closed/a.txt" },
    { name: "refuses before a folder's slash", target: "/closed" },
  ],
};
