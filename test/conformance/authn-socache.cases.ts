// AuthnCache lines: whom a cache of passwords lets in and whom it does not, asked several times.
import type { Case, Suite } from "./harness.js";

const basic = (user: string, password = "secret"): string =>
  `Authorization: Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

const area = (lines: string): string =>
  `AuthType Basic\nAuthName Members\nAuthUserFile "@ROOT@/conf/users"\nRequire valid-user\n${lines}`;

/** Lines of `<Location /NAME>`. */
const places: Readonly<Record<string, string>> = {
  first: area("AuthBasicProvider socache file\nAuthnCacheProvideFor file"),
  last: area("AuthBasicProvider file socache\nAuthnCacheProvideFor file"),
  alone: area("AuthBasicProvider socache\nAuthnCacheProvideFor file"),
  nobody: area("AuthBasicProvider socache file"),
  several: area("AuthBasicProvider socache anon file\nAnonymous guest\nAuthnCacheProvideFor file anon"),
  server: area("AuthBasicProvider socache file\nAuthnCacheProvideFor file\nAuthnCacheContext server"),
  directory: area("AuthBasicProvider socache file\nAuthnCacheProvideFor file\nAuthnCacheContext directory"),
  named: area("AuthBasicProvider socache file\nAuthnCacheProvideFor file\nAuthnCacheContext shared"),
  "named-too": area(
    'AuthBasicProvider socache file\nAuthnCacheProvideFor file\nAuthnCacheContext shared\nAuthUserFile "@ROOT@/conf/others"',
  ),
  short: area("AuthBasicProvider socache file\nAuthnCacheProvideFor file\nAuthnCacheTimeout 1"),
};

const asked: Readonly<Record<string, readonly string[]>> = {
  "a user, again and again": [basic("user"), basic("user"), basic("user")],
  "a wrong password behind the right one": [basic("user"), basic("user", "wrong"), basic("user")],
  "the right password behind a wrong one": [basic("user", "wrong"), basic("user"), basic("user")],
  "somebody unknown": [basic("who"), basic("who"), basic("user")],
  "a guest": [basic("guest"), basic("guest")],
};

const lent =
  "a password is taken where the section's own file has it, not where another of the same AuthnCacheContext has";

const request = (target: string, field: string): string =>
  `GET ${target} HTTP/1.1\r\nHost: www.test\r\n${field}\r\n\r\n`;

export const suite: Suite = {
  name: "caches of passwords",
  configuration: `
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authn_file_module @MODULES@/mod_authn_file.so
LoadModule authn_anon_module @MODULES@/mod_authn_anon.so
LoadModule auth_basic_module @MODULES@/mod_auth_basic.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
LoadModule socache_shmcb_module @MODULES@/mod_socache_shmcb.so
LoadModule authn_socache_module @MODULES@/mod_authn_socache.so
AuthnCacheEnable
AuthnCacheSOCache shmcb
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@/htdocs">
  Require all granted
</Directory>
${Object.entries(places)
  .map(([name, lines]) => `<Location "/${name}">\n${lines}\n</Location>`)
  .join("\n")}
`,
  files: {
    "conf/users": "user:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n",
    "conf/others": "other:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n",
    ...Object.fromEntries(Object.keys(places).map((name) => [`htdocs/${name}/index.html`, `${name}\n`])),
  },
  cases: Object.keys(places).flatMap((place) =>
    Object.entries(asked).map(([name, [first = "", ...others]]): Case => ({
      ...(place === "named-too" && name !== "a guest" ? { differs: lent } : {}),
      name: `${place}: ${name}`,
      raw: request(`/${place}/`, first),
      next: others.map((field) => () => request(`/${place}/`, field)),
    })),
  ),
};
