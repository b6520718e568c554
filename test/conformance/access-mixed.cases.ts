// Require lines, Order and Allow, and <Limit> in one .htaccess file, and faults of lines that nothing asks.
import { accessConfiguration } from "./access-configuration.js";
import type { Case, Suite } from "./harness.js";

/** The .htaccess of /NAME, and that of /NAME/inner. */
const places: Readonly<Record<string, readonly [outer: string, inner?: string]>> = {
  "unknown-provider": ["Require nothing x\nOrder allow,deny"],
  "unknown-provider-negated": [
    "<RequireAll>\nRequire ip 127.0.0.1\nRequire not nothing x\n</RequireAll>\nDeny from all",
  ],
  "unknown-provider-in-limit": ["Require method GET", "<Limit POST>\nRequire unknown\n</Limit>"],
  "unknown-provider-in-files": ['<Files "*.none">\nRequire unknown\n</Files>'],
  "invalid-expression": ['Order deny,allow\nSatisfy Any\n<Limit GET>\nRequire expr "%{nothing"\n</Limit>'],
  "invalid-expression-replaced": ['Require expr "%{nothing"', "Require all granted"],
  "invalid-words": ["Deny from all\nRequire all maybe"],
  "limit-adds-to-order": [
    "AuthType None\nRequire valid-user\nOrder mutual-failure\nAllow from 127.0.0.1\nDeny from 10\n<LimitExcept POST>\nOrder deny,allow\nDeny from 127\n</LimitExcept>",
  ],
  "limit-adds-deny": ["Order deny,allow\nAllow from env=B\n<Limit POST>\nDeny from all\n</Limit>"],
  "limit-adds-allow": [
    "Order allow,deny\n<Limit GET>\nAllow from all\n</Limit>\n<Limit GET>\nDeny from env=B\n</Limit>",
  ],
  "limit-satisfies": ["Require all denied\nAllow from all\n<Limit GET>\nSatisfy Any\n</Limit>"],
  "inner-replaces": ["Deny from all", "Order deny,allow\nDeny from env=B\n<Limit POST>\nDeny from 127\n</Limit>"],
};

export const suite: Suite = {
  name: "Require beside Order and Limit",
  configuration: accessConfiguration,
  files: Object.fromEntries(
    Object.entries(places).flatMap(([name, [outer, inner = ""]]) => [
      [`htdocs/${name}/.htaccess`, `${outer}\n`],
      [`htdocs/${name}/a.txt`, "a\n"],
      [`htdocs/${name}/inner/.htaccess`, `${inner}\n`],
      [`htdocs/${name}/inner/a.txt`, "a\n"],
    ]),
  ),
  cases: Object.keys(places).flatMap((name) =>
    ["a.txt", "inner/a.txt"].flatMap((file) =>
      ["GET", "POST"].flatMap((method) =>
        [[], ["X-B: 1"]].map((headers): Case => ({
          name: `${name}: ${method} ${file} ${headers.join("")}`,
          method,
          target: `/${name}/${file}`,
          headers,
          ...(method === "POST" ? { body: "x" } : {}),
        })),
      ),
    ),
  ),
};
