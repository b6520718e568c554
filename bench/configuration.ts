// A configuration of many virtual hosts → how long `-t` takes, modhost beside Apache, in alternating rounds.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const hosts = Number(process.argv[2] ?? 10_000);
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 3);
const program = fileURLToPath(new URL("../bin/modhost", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "modhost-bench-"));

/** Ten lines each. */
const hostLines = (index: number): string => `<VirtualHost *:8080>
    ServerName site${index}.example
    ServerAlias www.site${index}.example
    DocumentRoot "${folder}/htdocs"
    Alias /files "${folder}/htdocs"
    <Directory "${folder}/htdocs">
        Require all granted
    </Directory>
    SetEnv SITE ${index}
</VirtualHost>
`;

const loads = ["mpm_event", "authz_core", "alias", "env"].map(
  (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
);

mkdirSync(join(folder, "htdocs"));
writeFileSync(
  join(folder, "main.conf"),
  `${loads.join("\n")}
ServerName localhost
DefaultRuntimeDir ${folder}
PidFile ${folder}/pid
ErrorLog ${folder}/error.log
User www-data
Group www-data
Listen 8080
DocumentRoot ${folder}/htdocs
${Array.from({ length: hosts }, (_, index) => hostLines(index)).join("")}`,
);

const contestants: readonly (readonly [name: string, program: string, args: readonly string[]])[] = [
  ["modhost", process.execPath, [program, "-d", folder, "-f", "main.conf", "-t"]],
  ["Apache", "/usr/sbin/apache2", ["-d", folder, "-f", "main.conf", "-t"]],
];

try {
  const times = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, file, args] of contestants) {
      if (!existsSync(file)) continue;
      const start = process.hrtime.bigint();
      const { status, stderr } = spawnSync(file, args, { encoding: "utf8" });
      const seconds = Number(process.hrtime.bigint() - start) / 1e9;
      if (status !== 0) throw new Error(`${name}: ${stderr.slice(-2000)}`);
      times.set(name, [...(times.get(name) ?? []), seconds]);
    }
  }
  console.log(
    `\n## -t of ${hosts} virtual hosts, ${hosts * 10} lines\n\n| server | seconds (least of ${rounds}) |\n|---|--:|`,
  );
  for (const [name, all] of times) console.log(`| ${name} | ${Math.min(...all).toFixed(2)} |`);
} finally {
  rmSync(folder, { recursive: true });
}
