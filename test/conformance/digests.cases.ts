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
  counted: area("AuthDigestNcCheck On"),
  "counted-files": area("AuthDigestNcCheck On\nErrorDocument 404 /counted-files/404.html"),
  once: area("AuthDigestNonceLifetime 0"),
  "counted-once": area("AuthDigestNcCheck On\nAuthDigestNonceLifetime 0"),
  "counted-short": area("AuthDigestNcCheck On\nAuthDigestNonceLifetime 20\nAuthDigestDomain /counted-short"),
  "counted-ever": area("AuthDigestNcCheck On\nAuthDigestNonceLifetime -1"),
  "counted/inner": "AuthDigestNonceLifetime 20",
  "counted/same": 'AuthUserFile "@ROOT@/conf/digests"',
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
  readonly nc?: string;
  /** null: the client forgets it. */
  readonly opaque?: string | null;
  /** Which answer's nonce is signed, and whether it is the one for the next request; the first. */
  readonly of?: number;
  readonly nonce?: (nonce: string) => string;
  /** Changes the field at last. */
  readonly change?: (field: string) => string;
  readonly headers?: readonly string[];
}

/** The request with the answer to the challenge. */
function sign(answers: readonly Answer[], how: Signing = {}): string {
  const { user = "user", password = "secret", realm = "realm", method = "GET", target = "/plain/", qop = "auth" } = how;
  const { nc = "00000001", of = 0 } = how;
  const {
    uri = target,
    nonce: alter = (nonce: string) => nonce,
    change = (field: string) => field,
    headers = [],
  } = how;
  const asked = answers[of]?.fields.find(({ name }) => /^WWW-Auth|^Authentication-I/.test(name))?.value ?? "";
  const client = /opaque="([^"]*)"/.exec(answers[0]?.fields.map(({ value }) => value).join() ?? "")?.[1];
  const opaque = how.opaque === undefined ? client : (how.opaque ?? undefined);
  const nonce = alter(/nonce="([^"]*)"/.exec(asked)?.[1] ?? "");
  const secret = md5(`${user}:${realm}:${password}`);
  const signed = md5(`${method}:${uri}`);
  const response =
    qop === null ? md5(`${secret}:${nonce}:${signed}`) : md5(`${secret}:${nonce}:${nc}:c0ffee:${qop}:${signed}`);
  const text =
    `Digest username="${user.replace(/"/g, '\\"')}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}"` +
    (qop === null ? "" : `, algorithm=MD5, qop=${qop}, nc=${nc}, cnonce="c0ffee"`) +
    (opaque === undefined ? "" : `, opaque="${opaque}"`);
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

/** A first request without a digest, and others that sign what it was answered. */
const uses = (name: string, [first, ...others]: readonly Signing[]): Case => ({
  name,
  target: first?.target ?? "/",
  next: others.map((how) => (answers) => sign(answers, how)),
});

/** Uses of nonces that an area counts. */
function usesOf(area: string): readonly Case[] {
  const target = `/${area}/`;
  const counts = (...all: readonly string[]) => [{ target }, ...all.map((nc) => ({ target, nc }))];
  return [
    uses(`counts up at ${area}`, counts("00000001", "00000002", "00000003")),
    uses(`refuses the same count at ${area}`, counts("00000001", "00000001", "00000002")),
    uses(`refuses a lower count at ${area}`, counts("5", "3", "00000006", "A", "0x0b", "+c", "9")),
    uses(`refuses what is no count at ${area}`, counts("x", "", "1x", "1 ", "0")),
    uses(`refuses no opaque at ${area}`, [{ target }, { target, opaque: null }, { target }]),
    uses(`refuses another opaque at ${area}`, [{ target }, { target, opaque: "ffffff" }, { target, opaque: "zz" }]),
    uses(`refuses an empty opaque at ${area}`, [{ target }, { target, opaque: "" }, { target }]),
    uses(`keeps the client after a wrong password at ${area}`, [
      { target },
      { target, password: "wrong" },
      { target, of: 1 },
      { target },
      { target, of: 1, nc: "2" },
    ]),
    uses(`takes the next nonce at ${area}`, [
      { target },
      { target },
      { target, of: 1 },
      { target, of: 1 },
      { target, nc: "2" },
    ]),
    uses(`takes the nonce of a refusal at ${area}`, [{ target }, { target }, { target }, { target, of: 2 }]),
    uses(`takes a folder without its slash at ${area}`, [{ target }, { target: `/${area}`, uri: `/${area}` }]),
    uses(`takes what is not there at ${area}`, [{ target }, { target: `/${area}/missing` }, { target, nc: "2" }]),
    uses(`takes HEAD at ${area}`, [{ target }, { target, method: "HEAD" }, { target, method: "HEAD" }]),
  ];
}

export const suite: Suite = {
  name: "digests",
  masks: [
    [/nonce="[^"]{52}"/g, 'nonce="NONCE"'],
    [/opaque="[0-9a-f]+"/g, 'opaque="OPAQUE"'],
    [/rspauth="\w{32}"/g, 'rspauth="PROOF"'],
  ],
  configuration: `
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authn_file_module @MODULES@/mod_authn_file.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
LoadModule auth_digest_module @MODULES@/mod_auth_digest.so
AuthDigestShmemSize 100K
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@/htdocs">
  Require all granted
</Directory>
<Directory "@ROOT@/htdocs/counted-files">
  <Files index.html>
    ErrorDocument 403 default
  </Files>
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
        signed(
          `lets in at ${name}`,
          { target, realm },
          name === "counted-files" ? { differs: "Apache counts a sub-request under other settings as a use" } : {},
        ),
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
    signed("takes an empty opaque", { opaque: "" }),
    signed("refuses a made-up opaque", { opaque: "ffffff" }),
    signed("refuses a made-up opaque with a wrong password", { opaque: "ffffff", password: "wrong" }),
    signed("refuses an opaque that is no number", { opaque: "zz" }),
    ...["counted", "once", "counted-once", "counted-short", "counted-ever", "counted/inner", "counted/same"].flatMap(
      usesOf,
    ),
    uses("takes a one-time nonce where others grow old", [
      { target: "/once/" },
      { target: "/plain/" },
      { target: "/counted/" },
      { target: "/counted-ever/" },
    ]),
    uses("takes a counted nonce where it is good for one request", [
      { target: "/counted/" },
      { target: "/once/" },
      { target: "/once/", nc: "2" },
      { target: "/counted/", nc: "3" },
    ]),
    uses("takes what is not there and has a document", [
      { target: "/counted-files/" },
      { target: "/counted-files/no" },
    ]),
    uses("takes a nonce of an area that does not count", [{ target: "/plain/" }, { target: "/counted/" }]),
    uses("takes a counted nonce where uses are not counted", [
      { target: "/counted/" },
      { target: "/plain/" },
      { target: "/plain/" },
      { target: "/counted/" },
    ]),
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
