// AuthType Digest with files that Apache's own htdigest made: what is asked, who gets in, what the answer proves.
import { createHash } from "node:crypto";
import type { Case, Suite } from "./harness.js";
import type { Answer } from "./wire-client.js";

/** Made by htdigest; the password is "secret". */
const users = `user:realm:fb6cb9e166c6c764ff2bdea12175a8aa
user:Other Realm:4a47b8156400ef3ea89416ff581e3cec
us"er:realm:cc40060f91025c546d85f7ec76d4165f
`;

const area = (more = "", name = "realm"): string =>
  `AuthType Digest\nAuthName "${name}"\nAuthDigestProvider file\nAuthUserFile "@ROOT@/conf/digests"\nRequire valid-user\n${more}`;

/** Lines of `<Location /NAME>`. */
const places: Readonly<Record<string, string>> = {
  plain: area(),
  other: area("", "Other Realm"),
  named: area("Require user nobody\nAuthMerging Off").replace("Require valid-user\n", ""),
  auth: area("AuthDigestQop auth"),
  domain: area("AuthDigestDomain /domain http://www.test/plain"),
  domains: area("AuthDigestDomain /domains\nAuthDigestDomain /more"),
  short: area("AuthDigestNonceLifetime 20"),
  ever: area("AuthDigestNonceLifetime -1"),
  md5: area("AuthDigestAlgorithm MD5\nAuthDigestNcCheck Off"),
  quoted: area("", 'a \\"b\\" c'),
  "no-name": 'AuthType Digest\nAuthUserFile "@ROOT@/conf/digests"\nRequire valid-user',
  "no-file": "AuthType Digest\nAuthName realm\nRequire valid-user",
  lowercase: area("AuthType digest"),
  granted: area("Require all granted"),
  denied: area("Require all denied").replace("Require valid-user\n", ""),
  documents: area("ErrorDocument 401 /open/401.html"),
  "domain/lifetime": "AuthDigestNonceLifetime 20",
  "domain/qop": "AuthDigestQop auth",
  "domain/count": "AuthDigestNcCheck Off",
  "domain/algorithm": "AuthDigestAlgorithm MD5",
  "domain/own": "AuthDigestDomain /own",
  "domain/nothing": 'AuthUserFile "@ROOT@/conf/digests"',
  "short/domain": "AuthDigestDomain /own",
};

const md5 = (text: string): string => createHash("md5").update(text, "latin1").digest("hex");

interface Signing {
  readonly user?: string;
  readonly password?: string;
  readonly realm?: string;
  readonly method?: string;
  /** What is asked for; `uri` is what is signed where it is another. */
  readonly target?: string;
  readonly uri?: string;
  readonly qop?: string | null;
  readonly nonce?: (nonce: string) => string;
  /** Changes the field at last. */
  readonly change?: (field: string) => string;
  readonly headers?: readonly string[];
}

/** The request with the answer to the challenge. */
function sign(answers: readonly Answer[], how: Signing = {}): string {
  const { user = "user", password = "secret", realm = "realm", method = "GET", target = "/plain/", qop = "auth" } = how;
  const {
    uri = target,
    nonce: alter = (nonce: string) => nonce,
    change = (field: string) => field,
    headers = [],
  } = how;
  const asked = answers[0]?.fields.find(({ name }) => name === "WWW-Authenticate")?.value ?? "";
  const nonce = alter(/nonce="([^"]*)"/.exec(asked)?.[1] ?? "");
  const secret = md5(`${user}:${realm}:${password}`);
  const signed = md5(`${method}:${uri}`);
  const response =
    qop === null ? md5(`${secret}:${nonce}:${signed}`) : md5(`${secret}:${nonce}:00000001:c0ffee:${qop}:${signed}`);
  const text =
    `Digest username="${user.replace(/"/g, '\\"')}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}"` +
    (qop === null ? "" : `, algorithm=MD5, qop=${qop}, nc=00000001, cnonce="c0ffee"`);
  const lines = ["Host: www.test", `Authorization: ${change(text)}`, ...headers];
  return `${method} ${target} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}

const signed = (name: string, how: Signing = {}, more: Partial<Case> = {}): Case => ({
  name,
  target: how.target?.startsWith("/") ? how.target : "/plain/",
  next: [(answers) => sign(answers, how)],
  ...more,
});

const replace = (pattern: RegExp, text: string) => (field: string) => field.replace(pattern, text);

/** Fields sent without a challenge before. */
const fields: readonly (readonly [string, string])[] = [
  ["another scheme", "Basic dXNlcjpzZWNyZXQ="],
  ["the scheme alone", "Digest"],
  ["an empty field", ""],
  ["a name alone", 'Digest username="user"'],
  ["rubbish", 'Digest =,,,"x" ===, a b c'],
  ["no end of a quote", 'Digest username="user'],
  ["a made-up nonce", 'Digest username="user", realm="realm", nonce="abc", uri="/plain/", response="0"'],
  [
    "qop without cnonce",
    'Digest username="user", realm="realm", nonce="abc", uri="/plain/", response="0", qop=auth, nc=1',
  ],
  ["another URI", 'Digest username="user", realm="realm", nonce="abc", uri="/other/", response="0"'],
  [
    "another algorithm",
    'Digest username="user", realm="realm", nonce="abc", uri="/plain/", response="0", algorithm=SHA-256',
  ],
  ["an unknown user", 'Digest username="who", realm="realm", nonce="abc", uri="/plain/", response="0"'],
  ["another realm", 'Digest username="user", realm="Other Realm", nonce="abc", uri="/plain/", response="0"'],
];

export const suite: Suite = {
  name: "digests",
  masks: [
    [/nonce="[^"]{52}"/g, 'nonce="NONCE"'],
    [/rspauth="\w{32}"/g, 'rspauth="PROOF"'],
  ],
  configuration: `
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authn_file_module @MODULES@/mod_authn_file.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
LoadModule auth_digest_module @MODULES@/mod_auth_digest.so
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@/htdocs">
  Require all granted
</Directory>
${Object.entries(places)
  .map(([name, lines]) => `<Location "/${name}">\n${lines}\n</Location>`)
  .join("\n")}
`,
  files: {
    "conf/digests": users,
    "htdocs/open/401.html": "please log in",
    "htdocs/plain/a b.html": "blank",
    ...Object.fromEntries(Object.keys(places).map((name) => [`htdocs/${name}/index.html`, `${name}\n`])),
  },
  cases: [
    ...Object.keys(places).flatMap((name): Case[] => {
      const target = `/${name}/`;
      const realm = { other: "Other Realm", quoted: 'a \\"b\\" c' }[name] ?? "realm";
      return [
        { name: `asks at ${name}`, target },
        signed(`lets in at ${name}`, { target, realm }),
        signed(`refuses a wrong password at ${name}`, { target, realm, password: "wrong" }),
        signed(`refuses an unknown user at ${name}`, { target, realm, user: "who" }),
        signed(`takes the way of RFC 2069 at ${name}`, { target, realm, qop: null }),
        signed(`takes an old nonce at ${name}`, { target, realm, nonce: (nonce) => `AAAAAAAAAAA=${nonce.slice(12)}` }),
      ];
    }),
    ...fields.map(([name, field]): Case => ({
      name: `takes ${name}`,
      target: "/plain/",
      headers: [`Authorization: ${field}`],
    })),
    signed("takes a query", { target: "/plain/?a=b" }),
    signed("refuses without the query", { target: "/plain/?a=b", uri: "/plain/" }),
    signed("refuses another query", { target: "/plain/?a=b", uri: "/plain/?a=c" }),
    signed("refuses another path", { target: "/plain/", uri: "/other/" }),
    signed("takes another spelling of the path", { target: "/plain/a%20b.html", uri: "/plain/%61%20b.html" }),
    signed("takes the whole URL", { uri: "http://www.test:@PORT@/plain/" }),
    signed("refuses an unknown user with another URI", { user: "who", uri: "/other/" }),
    signed("refuses a wrong password with another URI", { password: "wrong", uri: "/other/" }),
    signed("refuses another realm with another URI", { realm: "Other Realm", uri: "/other/" }),
    signed("refuses a short nonce with a wrong password", { password: "wrong", nonce: () => "abc" }),
    signed("refuses no qop with another URI", { qop: null, uri: "/other/" }),
    signed("refuses the URL of another host", { uri: "http://other.test/plain/" }),
    signed("refuses an empty URI", { uri: "" }),
    signed("takes HEAD", { method: "HEAD" }),
    signed("takes POST", { method: "POST", headers: ["Content-Length: 0"] }),
    signed("takes OPTIONS", { method: "OPTIONS" }),
    signed("refuses another method", {
      change: (field) => field,
      method: "GET",
      headers: ["X-Http-Method-Override: POST"],
    }),
    signed("takes what is not there", { target: "/plain/missing" }),
    signed("takes a folder without its slash", { target: "/plain" }),
    signed("takes a user with a quote", { user: 'us"er' }),
    signed("refuses a changed nonce", { nonce: (nonce) => nonce.replace(/.$/, (char) => (char === "0" ? "1" : "0")) }),
    signed("refuses a cut nonce", { nonce: (nonce) => nonce.slice(0, 20) }),
    signed("refuses an empty nonce", { nonce: () => "" }),
    signed("refuses a nonce of the future", { nonce: (nonce) => `//////////8=${nonce.slice(12)}` }),
    signed("refuses an empty response", { change: replace(/response="\w+"/, 'response=""') }),
    signed("refuses a response in capitals", {
      change: (field) => field.replace(/response="\w+"/, (all) => all.toUpperCase()),
    }),
    signed("refuses auth-int", { qop: "auth-int" }),
    signed("takes the scheme in capitals", { change: replace(/^Digest/, "DIGEST") }),
    signed("takes keys in capitals", { change: replace(/username|realm|uri/g, "$&") }),
    signed("takes no blanks", { change: replace(/, /g, ",") }),
    signed("takes more blanks", { change: replace(/, /g, "  ,  ") }),
    signed("takes blanks around signs", { change: replace(/=/g, " = ") }),
    signed("takes a bare nc in quotes", { change: replace(/nc=00000001/, 'nc="00000001"') }),
    signed("takes more keys", { change: (field) => `${field}, userhash=false, charset=UTF-8` }),
    signed("takes a key twice", { change: (field) => field.replace("Digest ", 'Digest username="who", ') }),
    signed("refuses another count than was signed", { change: replace(/nc=00000001/, "nc=00000002") }),
    signed("refuses another cnonce than was signed", { change: replace(/c0ffee/, "coffee") }),
    signed(
      "takes an empty opaque",
      { change: (field) => `${field}, opaque=""` },
      { differs: "nobody is given an opaque" },
    ),
    signed(
      "refuses a made-up opaque",
      { change: (field) => `${field}, opaque="1"` },
      { differs: "nobody is given an opaque" },
    ),
    {
      name: "takes a nonce twice",
      target: "/plain/",
      next: [(answers) => sign(answers), (answers) => sign(answers)],
    },
    { name: "takes a nonce elsewhere", target: "/auth/", next: [(answers) => sign(answers, { target: "/plain/" })] },
    {
      name: "refuses a nonce of another realm",
      target: "/other/",
      next: [(answers) => sign(answers, { target: "/plain/" })],
    },
    {
      name: "takes two fields",
      target: "/plain/",
      headers: ["Authorization: Digest a=b", "Authorization: Digest c=d"],
    },
  ],
};
