// <Limit> and <LimitExcept> among Require, Order, Allow, Deny and Satisfy: which line acts for which method, and which of two wins.
import { accessConfiguration } from "./access-configuration.js";
import type { Case, Suite } from "./harness.js";

const password = 'AuthType Basic\nAuthName Members\nAuthUserFile "@ROOT@/conf/users"';
const login = `Authorization: Basic ${Buffer.from("user:secret").toString("base64")}`;

/** Lines of a section, and those of a section inside it. */
const places: Readonly<Record<string, readonly [outer: string, inner?: string]>> = {
  "order-behind": ["<Limit GET>\nOrder allow,deny\n</Limit>\nOrder deny,allow"],
  "order-before": ["Order deny,allow\n<Limit GET>\nOrder allow,deny\n</Limit>"],
  "order-between": [
    "<Limit GET>\nOrder allow,deny\n</Limit>\nOrder deny,allow\n<Limit POST>\nOrder allow,deny\n</Limit>",
  ],
  "satisfy-behind": ["Require all denied\n<Limit GET>\nSatisfy Any\n</Limit>\nSatisfy All\nAllow from all"],
  "satisfy-before": ["Require all denied\nSatisfy All\n<Limit GET>\nSatisfy Any\n</Limit>\nAllow from all"],
  "allow-behind": ["Order deny,allow\n<Limit POST>\nDeny from all\n</Limit>\nAllow from env=B"],
  "allow-in-two": [
    "Order allow,deny\n<Limit POST PUT>\nAllow from all\n</Limit>\n<LimitExcept POST>\nAllow from env=B\n</LimitExcept>",
  ],
  "deny-except": ["Order deny,allow\n<LimitExcept GET OPTIONS>\nDeny from all\n</LimitExcept>"],
  "limit-alone": ["<Limit GET>\nOrder allow,deny\n</Limit>"],
  "limit-inside": ["Order allow,deny\nAllow from all", "<Limit GET>\nDeny from all\n</Limit>"],
  "limit-inside-order": ["Order allow,deny\nAllow from all", "<Limit GET>\nOrder allow,deny\n</Limit>"],
  "limit-outside": ["<Limit GET>\nOrder deny,allow\nDeny from all\n</Limit>", "Allow from env=B"],
  "limit-outside-order": ["<Limit GET>\nOrder deny,allow\nDeny from all\n</Limit>", "Order deny,allow"],
  "limit-outside-require": ["<Limit GET>\nOrder deny,allow\nDeny from all\n</Limit>", "Require all granted"],
  "satisfy-any-password": [
    `${password}\nRequire valid-user\nSatisfy Any\nOrder deny,allow\nDeny from all\nAllow from env=B`,
  ],
  "satisfy-all-password": [
    `${password}\nRequire valid-user\nSatisfy All\nOrder deny,allow\nDeny from all\nAllow from env=B`,
  ],
  "satisfy-any-limit": [
    `${password}\nRequire valid-user\nOrder deny,allow\nDeny from all\n<Limit GET>\nSatisfy Any\nAllow from all\n</Limit>`,
  ],
  "satisfy-inner": [`${password}\nRequire valid-user`, "Satisfy Any\nOrder deny,allow"],
  "satisfy-inner-deny": [`${password}\nRequire valid-user`, "Satisfy Any\nDeny from all"],
  "satisfy-outer": [`${password}\nRequire valid-user\nSatisfy Any`, "Require user nobody"],
  "satisfy-nothing": [`${password}\nSatisfy Any\nRequire valid-user`],
  "satisfy-env": [`${password}\nSatisfy Any\nRequire valid-user\nOrder allow,deny\nAllow from env=!B`],
  "satisfy-granted": ["Satisfy Any\nDeny from all\nRequire all granted"],
  "satisfy-any-env-require": ["Satisfy Any\nDeny from all\nRequire env B"],
  "satisfy-all-env-require": ["Satisfy All\nAllow from all\nRequire env B"],
  "and-limit": [`${password}\nRequire valid-user`, "AuthMerging And\n<Limit GET>\nRequire env B\n</Limit>"],
  "and-limit-except": [
    `${password}\nRequire valid-user`,
    "AuthMerging And\n<LimitExcept GET>\nRequire env B\n</LimitExcept>",
  ],
  "or-limit": [`${password}\nRequire valid-user`, "AuthMerging Or\n<Limit GET>\nRequire env B\n</Limit>"],
  "or-limit-except": [
    `${password}\nRequire valid-user`,
    "AuthMerging Or\n<LimitExcept GET>\nRequire env B\n</LimitExcept>",
  ],
  "off-limit": [`${password}\nRequire valid-user`, "<Limit GET>\nRequire env B\n</Limit>"],
  "off-limit-except": [`${password}\nRequire valid-user`, "<LimitExcept GET>\nRequire env B\n</LimitExcept>"],
  "and-outer-limit": [`${password}\n<Limit GET>\nRequire valid-user\n</Limit>`, "AuthMerging And\nRequire env B"],
  "or-outer-limit": [`${password}\n<Limit GET>\nRequire valid-user\n</Limit>`, "AuthMerging Or\nRequire env B"],
  "and-both-limits": [
    `${password}\n<Limit GET>\nRequire valid-user\n</Limit>`,
    "AuthMerging And\n<Limit POST>\nRequire env B\n</Limit>",
  ],
  "or-both-limits": [
    `${password}\n<Limit GET>\nRequire valid-user\n</Limit>`,
    "AuthMerging Or\n<Limit POST>\nRequire env B\n</Limit>",
  ],
  "off-both-limits": [
    `${password}\n<Limit GET>\nRequire valid-user\n</Limit>`,
    "<Limit POST>\nRequire env B\n</Limit>",
  ],
  "and-denied": ["Require all denied", "AuthMerging And\n<Limit GET>\nRequire all granted\n</Limit>"],
  "or-denied": ["Require all denied", "AuthMerging Or\n<Limit GET>\nRequire all granted\n</Limit>"],
  "and-in-limit": ["Require env B", "<Limit GET>\nAuthMerging And\nRequire all granted\n</Limit>"],
  "require-limit": ["Require env B\n<Limit GET>\nRequire all granted\n</Limit>"],
  "require-limit-denied": ["Require all granted\n<Limit GET>\nRequire all denied\n</Limit>"],
  "require-limit-only": ["<Limit GET>\nRequire env B\n</Limit>"],
  "require-limit-two": ["<Limit GET>\nRequire env B\n</Limit>\n<Limit POST>\nRequire all denied\n</Limit>"],
  "require-limit-block": [
    "<RequireAll>\nRequire all granted\nRequire env B\n</RequireAll>\n<Limit POST>\nRequire all granted\n</Limit>",
  ],
  "require-block-limit": ["<Limit GET>\n<RequireAll>\nRequire all granted\nRequire not env B\n</RequireAll>\n</Limit>"],
  "require-none-limit": [
    "<Limit GET>\n<RequireAll>\nRequire all granted\n<RequireNone>\nRequire env B\n</RequireNone>\n</RequireAll>\n</Limit>",
  ],
  "require-limit-login": [`${password}\nRequire valid-user\n<Limit OPTIONS>\nRequire all granted\n</Limit>`],
  "require-except-login": [`${password}\n<LimitExcept OPTIONS HEAD>\nRequire valid-user\n</LimitExcept>`],
  "other-lines": ["<Limit POST>\nErrorDocument 403 limited\nForceType text/css\n</Limit>\nRequire env B"],
  "password-in-limit": [`<Limit POST>\n${password}\nRequire valid-user\n</Limit>`],
  "merging-in-limit": ["Require env B", "<Limit POST>\nAuthMerging Or\nRequire all granted\n</Limit>"],
  "unnamed-method": ["<LimitExcept GET POST>\nRequire all denied\n</LimitExcept>"],
  "named-method": ["<Limit PROPFIND PATCH>\nRequire all denied\n</Limit>"],
};

const names = Object.keys(places);
const sections = names.map((name) => {
  const [outer, inner = ""] = places[name] ?? [""];
  return `<Directory "@ROOT@/htdocs/server/${name}">\n${outer}\n</Directory>\n<Location "/server/${name}/inner">\n${inner}\n</Location>`;
});

export const suite: Suite = {
  name: "Limit, Order, Satisfy and Require",
  configuration: `${accessConfiguration}${sections.join("\n")}
`,
  files: {
    "conf/users": "user:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n",
    ...Object.fromEntries(
      names.flatMap((name): [string, string][] => {
        const [outer, inner = ""] = places[name] ?? [""];
        return [
          [`htdocs/file/${name}/.htaccess`, `${outer}\n`],
          [`htdocs/file/${name}/inner/.htaccess`, `${inner}\n`],
          ...["file", "server"].flatMap((kind): [string, string][] => [
            [`htdocs/${kind}/${name}/a.txt`, "a\n"],
            [`htdocs/${kind}/${name}/inner/a.txt`, "a\n"],
          ]),
        ];
      }),
    ),
  },
  cases: names.flatMap((name) =>
    ["server", "file"].flatMap((kind) =>
      (places[name]?.[1] === undefined ? ["a.txt"] : ["a.txt", "inner/a.txt"]).flatMap((file) =>
        (kind === "server" ? ["GET", "POST", "BREW"] : ["GET", "POST"]).flatMap((method) =>
          [[], ["X-B: 1"], [login], ["X-B: 1", login]]
            .filter(([first]) => first !== login || (places[name]?.[0] ?? "").includes("AuthType"))
            .map((headers): Case => ({
              name: `${kind} ${name}: ${method} ${file} ${headers.join(" ").replace(login, "as user")}`,
              method,
              target: `/${kind}/${name}/${file}`,
              headers,
              ...(method === "POST" ? { body: "x" } : {}),
            })),
        ),
      ),
    ),
  ),
};
