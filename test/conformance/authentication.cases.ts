// AuthType Basic with files that Apache's own htpasswd made: who gets in, what is asked of the others, what is logged.
import type { Case, Suite } from "./harness.js";

/** Made by htpasswd; the password is "secret", or see below. */
const made: readonly string[] = [
  "apr1:$apr1$Sh90.GZw$CVXwLbiro3F5RLsEvvdUV/",
  "bcrypt:$2y$05$BAzuaPJ9MdP2./Idv1BHyONQDaUJ8gGUuygqgzyLoRFSupZQfO5MS",
  "sha1:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
  "des:fkHXwqkpJ.mh.",
  "sha256:$5$xgj/5Yip8Y5BJfaW$YCDh26XCgLjAwf.G25AMiVt5fqT59B361xJJbm2iMf7",
  "sha512:$6$KytGla1E3R2bVFVD$jVoBNStIaoBDm1lz1anQwIfWj4biCZVMPyPqUALYlk0Y923wUiGzFRVF5B.aaiy85Z72AYS482Ugk4DqMvAtV/",
  "rounds:$6$rounds=1000$xn8sDfiSwtEUSeIV$tkwguG2ER66aLuSCA8pwasKKGd/K8WrY1mxyuzHh4ST7SuefPdit0Za2M2dg5PyeJPXeFP3lfEmLvvgypLOti0",
  "apr1utf:$apr1$QyKOBqQ2$kxCgClFVRq3YF0h2TiDng.",
  "bcryptutf:$2y$05$gsetJIKgQOWb6Ls.Yvxi.eHpmi37nJ2hgaJAGf/kXSe5KYlve2tTi",
  "sha512utf:$6$4YWPlENxNRvlul1h$HRmomLr78Mu7V4Q1qnUUf21GhdqqeNLg.P8VU63/VFNH5YcIDpB2CtXQK8zXSu/Ru3NP9cXH6RzKA7zsCZCMh/",
  "sha256-32:$5$Y3ZyRWRkDQ0oHsrW$Hygaw/bEtJcAzYD1BvDf9Ew7BYGcik28ThkJeJLvd.0",
  "sha512-64:$6$Puc37gsgteZaS97p$MScD6lI6GJFkhnXJA16SlMMR7i76mS7hV0YjV6b5Zvi0dj1uRsIKmF3ioJ.MNu5MTPpPAHVpoZaykV663Tx4l0",
  "plain:secret",
  "md5:$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1",
];

const odd: readonly string[] = [
  "",
  "# a comment:x",
  "  indented:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=  ",
  "twice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
  "twice:{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
  "double::{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
  "more:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=:staff",
  "continued:{SHA}5en6G6Mez\\",
  "RroT3XKqkdPOmY/BfQ=",
  "empty:",
  "nothing",
  "nohash:$2y$05$tooshort",
  ":{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
  "with space:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
];

const passwords: Readonly<Record<string, string>> = {
  apr1utf: "gr\xc3\xa4\xc3\x9flich",
  bcryptutf: "gr\xc3\xa4\xc3\x9flich",
  sha512utf: "gr\xc3\xa4\xc3\x9flich",
  "sha256-32": "x".repeat(32),
  "sha512-64": "x".repeat(64),
};

const basic = (user: string, password: string): string =>
  `Authorization: Basic ${Buffer.from(`${user}:${password}`, "latin1").toString("base64")}`;

const members = (more = ""): string =>
  `AuthType Basic\nAuthName "Members only"\nAuthUserFile "@ROOT@/conf/passwords"\n${more}`;

/** Lines of `<Location /NAME>`. */
const places: Readonly<Record<string, string>> = {
  valid: members("Require valid-user"),
  users: members("Require user sha1 twice"),
  quoted: members('AuthName "He said \\"hi\\" to us"\nRequire valid-user'),
  "any-ip": members("Require ip 127.0.0.1\nRequire valid-user"),
  "other-ip": members("Require ip 10.0.0.1\nRequire valid-user"),
  all: members("<RequireAll>\nRequire valid-user\nRequire ip 127.0.0.1\n</RequireAll>"),
  "all-denied": members("<RequireAll>\nRequire valid-user\nRequire ip 10.0.0.1\n</RequireAll>"),
  not: members("<RequireAll>\nRequire valid-user\nRequire not user sha1\n</RequireAll>"),
  none: members(
    "<RequireAll>\nRequire valid-user\n<RequireNone>\nRequire user sha1 des\n</RequireNone>\n</RequireAll>",
  ),
  forbidden: members("AuthzSendForbiddenOnFailure On\nRequire user somebody"),
  granted: members("Require all granted"),
  denied: members("Require all denied"),
  "no-require": "AuthType Basic\nAuthName x\nAuthMerging Off",
  "no-type": 'AuthUserFile "@ROOT@/conf/passwords"\nRequire valid-user',
  "no-name": 'AuthType Basic\nAuthUserFile "@ROOT@/conf/passwords"\nRequire valid-user',
  "no-file": "AuthType Basic\nAuthName x\nRequire valid-user",
  "missing-file": 'AuthType Basic\nAuthName x\nAuthUserFile "@ROOT@/conf/missing"\nRequire valid-user',
  "folder-file": 'AuthType Basic\nAuthName x\nAuthUserFile "@ROOT@/conf"\nRequire valid-user',
  unknown: "AuthType Magic\nAuthName x\nRequire valid-user",
  "type-none": "AuthType None\nRequire valid-user",
  lowercase: members("AuthType basic\nRequire valid-user"),
  passing: members("AuthBasicAuthoritative Off\nRequire valid-user"),
  provider: members("AuthBasicProvider file\nRequire valid-user"),
  md5: 'AuthType Basic\nAuthName realm\nAuthUserFile "@ROOT@/conf/digests"\nAuthBasicUseDigestAlgorithm MD5\nRequire valid-user',
  documents: members("ErrorDocument 401 /open/401.html\nRequire valid-user"),
  "documents-text": members('ErrorDocument 401 "Go away"\nRequire valid-user'),
  "documents-external": members("ErrorDocument 401 http://other.test/401\nRequire valid-user"),
  "documents-own": members("ErrorDocument 401 /documents-own/401.html\nRequire valid-user"),
  "documents-other": members("ErrorDocument 401 /valid/401.html\nRequire valid-user"),
  limited: members("<Limit POST>\nRequire valid-user\n</Limit>"),
  "limited-except": members("<LimitExcept GET>\nRequire valid-user\n</LimitExcept>"),
};

const place = (name: string): string => `/${name}/index.html`;
const right = basic("sha1", "secret");
const wrong = basic("sha1", "wrong");

const configuration = `
LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authn_file_module @MODULES@/mod_authn_file.so
LoadModule auth_basic_module @MODULES@/mod_auth_basic.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
LogFormat "%u %>s %U" users
SetEnvIf Request_URI conformance-probe probe
CustomLog "@RUN@/users.log" users env=!probe
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@/htdocs">
  Require all granted
</Directory>
<Directory "@ROOT@/htdocs/folder">
  ${members("Require valid-user")}
</Directory>
<Directory "@ROOT@/htdocs/folder/open">
  Require all granted
</Directory>
<Directory "@ROOT@/htdocs/folder/both">
  AuthMerging And
  Require user sha1
</Directory>
${Object.entries(places)
  .map(([name, lines]) => `<Location "/${name}">\n${lines}\n</Location>`)
  .join("\n")}
`;

const fields: readonly (readonly [string, string])[] = [
  ["a scheme in capitals", right.replace("Basic", "BASIC")],
  ["another scheme", right.replace("Basic", "Bearer")],
  ["the scheme alone", "Authorization: Basic"],
  ["the scheme and a blank", "Authorization: Basic "],
  ["two blanks", right.replace("Basic ", "Basic  ")],
  ["a tab", right.replace("Basic ", "Basic \t")],
  ["an empty field", "Authorization:"],
  ["no colon", `Authorization: Basic ${Buffer.from("sha1").toString("base64")}`],
  ["no padding", right.replace(/=+$/, "")],
  ["more behind the padding", `${right}zzzz`],
  ["characters that are not base64", right.replace("Basic ", "Basic !")],
  ["base64 broken off", right.replace("Basic ", "Basic ").replace(/..$/, "!")],
  ["a NUL in the password", basic("sha1", "secret\0more")],
  ["a NUL in the name", basic("sha1\0x", "secret")],
  ["an empty name", basic("", "secret")],
  ["an empty password", basic("empty", "")],
  ["a user without password", basic("nothing", "")],
  ["a name with a blank", basic("with space", "secret")],
  ["a name with a line end", basic("sha1\nx", "secret")],
  ["a name with control bytes", basic('a\x1b[2Jb"', "secret")],
  ["a name like a path", basic("../../etc/passwd", "secret")],
  ["a password with colons", basic("sha1", "secret:x")],
  ["a hash for a password", basic("sha1", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=")],
  ["the plain text of -p", basic("plain", "secret")],
  ["a comment's name", basic("# a comment", "x")],
  ["names in other case", basic("SHA1", "secret")],
  ["a broken hash", basic("nohash", "secret")],
  ["an indented line", basic("indented", "secret")],
  ["the first of two lines", basic("twice", "secret")],
  ["two colons in the line", basic("double", "secret")],
  ["more fields in the line", basic("more", "secret")],
  ["a continued line", basic("continued", "secret")],
  ["a password of 5,000 bytes", basic("apr1", "x".repeat(5000))],
];

export const suite: Suite = {
  name: "authentication",
  configuration,
  files: {
    "conf/passwords": [...made, ...odd].join("\n"),
    "conf/digests": "sha1:other:d41d8cd98f00b204e9800998ecf8427e\nsha1:realm:5a64479cc200d2275cb8ff738eec4fd0\n",
    "htdocs/open/401.html": "please log in",
    "htdocs/folder/index.html": "folder",
    "htdocs/folder/open/index.html": "open",
    "htdocs/folder/both/index.html": "both",
    "htdocs/valid/401.html": "401 of valid",
    "htdocs/documents-own/401.html": "own 401",
    ...Object.fromEntries(Object.keys(places).map((name) => [`htdocs/${name}/index.html`, `${name}\n`])),
  },
  cases: [
    ...made.flatMap((line): Case[] => {
      const user = line.slice(0, line.indexOf(":"));
      const password = passwords[user] ?? "secret";
      return [
        { name: `lets ${user} in`, target: place("valid"), headers: [basic(user, password)] },
        {
          name: `refuses ${user} with another password`,
          target: place("valid"),
          headers: [basic(user, `${password}x`)],
        },
      ];
    }),
    ...fields.map(([name, field]): Case => ({
      name: `takes ${name}`,
      target: place("valid"),
      headers: [field],
      logs: ["users.log"],
    })),
    ...Object.keys(places).flatMap((name): Case[] => [
      { name: `asks at ${name}`, target: place(name), logs: ["users.log"] },
      { name: `lets in at ${name}`, target: place(name), headers: [right], logs: ["users.log"] },
      { name: `refuses at ${name}`, target: place(name), headers: [wrong], logs: ["users.log"] },
    ]),
    { name: "asks for POST", method: "POST", target: place("limited"), body: "x" },
    { name: "asks for POST, except", method: "POST", target: place("limited-except"), body: "x" },
    { name: "asks for HEAD", method: "HEAD", target: place("valid") },
    { name: "asks for OPTIONS", method: "OPTIONS", target: place("valid") },
    { name: "asks for what is not there", target: "/valid/missing" },
    { name: "serves a folder's index", target: "/valid/", headers: [right] },
    { name: "asks at a folder", target: "/folder/" },
    { name: "asks before a folder's slash", target: "/folder" },
    { name: "serves a folder", target: "/folder/", headers: [right] },
    { name: "opens an inner folder", target: "/folder/open/" },
    { name: "opens an inner folder to users", target: "/folder/open/", headers: [wrong] },
    { name: "merges, for the right one", target: "/folder/both/", headers: [right] },
    { name: "merges, for another", target: "/folder/both/", headers: [basic("twice", "secret")] },
    { name: "refuses an unknown user", target: place("valid"), headers: [basic("who", "secret")] },
    { name: "refuses a user who is not named", target: place("users"), headers: [basic("more", "secret")] },
    { name: "takes two fields as one", target: place("valid"), headers: [right, right] },
    { name: "refuses before conditions", target: place("valid"), headers: ["If-None-Match: *"] },
    { name: "refuses before ranges", target: place("valid"), headers: ["Range: bytes=0-1"] },
    { name: "refuses an unknown user that others may know", target: place("passing"), headers: [basic("who", "x")] },
  ],
};
