// AuthMerging in two sections of one kind that match the same request: they are laid over each other first, then over the rest.
import type { Case, Suite } from "./harness.js";

const lines = [
  "Require all granted",
  "Require all denied",
  "AuthMerging And",
  "AuthMerging Or\nRequire all denied",
  "AuthMerging And\nRequire all granted",
  "<LimitExcept GET>\nRequire all granted\nAuthMerging Or\n</LimitExcept>",
];

const kinds: Readonly<Record<string, (n: number) => string>> = {
  LocationMatch: (n) => `"^/\\w+/LocationMatch/${n}\\."`,
  FilesMatch: (n) => `"^${n}\\.FilesMatch$"`,
  If: (n) => `"%{REQUEST_URI} =~ m#/If/${n}\\.#"`,
};

const pairs = lines.flatMap((first) => lines.map((second) => [first, second] as const));

const sections = Object.entries(kinds).flatMap(([kind, about]) =>
  pairs.flatMap((pair, n) => pair.map((text) => `<${kind} ${about(n)}>\n${text}\n</${kind}>`)),
);

const cases = Object.keys(kinds).flatMap((kind) =>
  pairs.flatMap((pair, n) =>
    ["denied", "granted", "ip"].flatMap((base) =>
      ["GET", "POST"].map((method): Case => {
        const name = `${method}, ${kind} over ${base}: ${pair.join(" | ").replaceAll("\n", "; ")}`;
        return { name, method, target: `/${base}/${kind}/${n}.${kind}` };
      }),
    ),
  ),
);

export const suite: Suite = {
  name: "AuthMerging of sections of one kind",
  configuration: `
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@/htdocs/denied">
  Require all denied
</Directory>
<Directory "@ROOT@/htdocs/granted">
  Require all granted
</Directory>
<Directory "@ROOT@/htdocs/ip">
  Require ip 10.0.0.1
</Directory>
${sections.join("\n")}
`,
  files: Object.fromEntries(
    ["denied", "granted", "ip"].flatMap((base) =>
      Object.keys(kinds).map((kind) => [`htdocs/${base}/${kind}`, { folder: true } as const]),
    ),
  ),
  cases,
};
