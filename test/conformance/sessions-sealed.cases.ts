// Sessions that are sealed: Apache's and ours are sealed in different ways, and do the same.
import type { Case, Suite } from "./harness.js";
import type { Answer } from "./wire-client.js";

const application = `
from urllib.parse import parse_qs
def application(environ, start_response):
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    fields = [("X-Replace", query["set"][0])] if "set" in query else []
    body = ("HTTP_SESSION=%s\\n" % environ.get("HTTP_SESSION")).encode("latin-1")
    start_response("200 OK", fields + [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
`;

const usual = "SessionCookieName sealed path=/\nSessionHeader X-Replace\nSessionEnv On";

/** Lines of `<Location /NAME>`. */
const places: Readonly<Record<string, string>> = {
  one: `${usual}\nSessionCryptoPassphrase first`,
  other: `${usual}\nSessionCryptoPassphrase second`,
  both: `${usual}\nSessionCryptoPassphrase second first`,
  lines: `${usual}\nSessionCryptoPassphrase second\nSessionCryptoPassphrase first`,
  file: `${usual}\nSessionCryptoPassphraseFile "@ROOT@/conf/passphrases"`,
  "file-relative": `${usual}\nSessionCryptoPassphraseFile conf/passphrases`,
  program: `${usual}\nSessionCryptoPassphrase "exec:@ROOT@/conf/passphrase.sh first"`,
  aes128: `${usual}\nSessionCryptoPassphrase first\nSessionCryptoCipher aes128`,
  aes192: `${usual}\nSessionCryptoPassphrase first\nSessionCryptoCipher aes192`,
  age: `${usual}\nSessionCryptoPassphrase first\nSessionMaxAge 600`,
  open: usual,
};

const ask = (target: string, cookie?: string): string =>
  `GET ${target} HTTP/1.1\r\nHost: www.test\r\n${cookie === undefined ? "" : `Cookie: ${cookie}\r\n`}\r\n`;

/** The cookie of the last answer that set one. */
function cookieOf(answers: readonly Answer[]): string {
  const fields = answers.flatMap((answer) => answer.fields.filter(({ name }) => name === "Set-Cookie"));
  return fields.at(-1)?.value.split(";")[0] ?? "";
}

/** Sets an entry at one place and goes on at another, with the cookie as it is or changed. */
function between(from: string, to: string, change: (cookie: string) => string = (cookie) => cookie): Case {
  return {
    name: `goes from ${from} to ${to}`,
    target: `/${from}?set=name%3dvalue%26b%3dc`,
    next: [(answers) => ask(`/${to}`, change(cookieOf(answers)))],
  };
}

const place = "/one?set=name%3dvalue";

export const suite: Suite = {
  name: "sealed sessions",
  masks: [
    [/sealed=(?!;|name=|a=b)[^;]+/g, "sealed=SEALED"],
    [/expiry=\d{16}/g, "expiry=LATER"],
  ],
  configuration: `
LoadModule session_module @MODULES@/mod_session.so
LoadModule session_cookie_module @MODULES@/mod_session_cookie.so
LoadModule session_crypto_module @MODULES@/mod_session_crypto.so
LoadModule wsgi_module @MODULES@/mod_wsgi.so
WSGIPythonHome /usr
SessionCryptoDriver openssl
WSGIScriptAlias / "@ROOT@/application.wsgi"
<Location "/">
  Require all granted
  Session On
</Location>
${Object.entries(places)
  .map(([name, lines]) => `<Location "/${name}">\n${lines}\n</Location>`)
  .join("\n")}
`,
  files: {
    "application.wsgi": application,
    "conf/passphrases": { text: "# those in use\nfirst second # not this one\n\nthird\n", mode: 0o600 },
    "conf/passphrase.sh": { text: '#!/bin/sh\necho "$1"\necho more\n', mode: 0o755 },
  },
  cases: [
    ...Object.keys(places).map((name) => between(name, name)),
    between("one", "other"),
    between("one", "both"),
    between("one", "lines"),
    between("both", "one"),
    between("other", "both"),
    between("one", "file"),
    between("file", "one"),
    between("program", "one"),
    between("one", "aes128"),
    between("one", "open", () => "sealed=a=b"),
    { ...between("one", "one", (cookie) => cookie.replace(/(.{30}).{4}/, "$1")), name: "takes no cookie that was cut" },
    {
      ...between("one", "one", (cookie) => cookie.replace(/(.{30})/, "$1AAAA")),
      name: "takes no cookie that was made longer",
    },
    {
      ...between("one", "one", (cookie) => cookie.replace(/=(.{30})./, (_all, head: string) => `=${head}*`)),
      name: "takes no cookie with other letters",
    },
    {
      ...between("one", "one", (cookie) =>
        cookie.replace(/(.{50})./, (all, head: string) => head + (all.endsWith("A") ? "B" : "A")),
      ),
      name: "takes no cookie that was changed",
    },
    { name: "takes no plain session", target: "/one", headers: ["Cookie: sealed=a=b"] },
    { name: "takes no empty cookie", target: "/one", headers: ["Cookie: sealed="] },
    { name: "takes no short cookie", target: "/one", headers: ["Cookie: sealed=AAAA"] },
    { name: "takes no other letters", target: "/one", headers: ["Cookie: sealed=%00<>"] },
    { name: "begins anew behind a broken cookie", target: place, headers: ["Cookie: sealed=AAAA"] },
    { name: "begins anew behind a broken cookie, with an end", target: "/age", headers: ["Cookie: sealed=AAAA"] },
    {
      name: "goes on for several requests",
      target: place,
      next: [
        (answers) => ask("/one?set=more%3d1", cookieOf(answers)),
        (answers) => ask("/one?set=name%3d", cookieOf(answers)),
        (answers) => ask("/one", cookieOf(answers)),
      ],
    },
  ],
};
