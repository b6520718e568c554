// An empty folder → a fresh server root: the package's skeleton, links included.
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { terminal, type Terminal } from "./terminal.js";

/** What is copied as it stands. */
const copied = [
  "apache2.conf",
  "ports.conf",
  "envvars",
  "mods-available",
  "conf-available",
  "sites-available",
  "htdocs",
  "examples",
] as const;

/**
 * What is enabled in a fresh server root, the same as in the checkout (test/tools/init.spec.ts compares). It stands here
 * because npm packages carry no symbolic links.
 */
export const enabledAtFirst = {
  mods: [
    "alias",
    "authz_core",
    "authz_host",
    "dir",
    "env",
    "mime",
    "mpm_event",
    "proxy",
    "proxy_http",
    "setenvif",
    "wsgi",
  ],
  conf: ["charset", "other-vhosts-access-log", "security"],
  sites: ["000-default"],
} as const;

const packageRoot = fileURLToPath(new URL("../../", import.meta.url));

/** Runs `modhost init FOLDER` and gives its exit status. */
export function init(args: readonly string[], io: Terminal = terminal): number {
  const [folder, ...more] = args;
  if (folder === undefined || more.length > 0 || folder.startsWith("-")) {
    io.err("Usage: modhost init FOLDER");
    return 1;
  }
  const target = resolve(folder);
  if (existsSync(target) && readdirSync(target).length > 0) {
    io.err(`modhost init: ${target} is not empty; name a folder that is new or empty, nothing was written`);
    return 1;
  }
  writeServerRoot(target);
  // Run by npx, the programs of the package are found by npx alone.
  const by = process.env["npm_command"] === "exec" ? "npx " : "";
  io.out(`${target} is a server root now. Serve it on http://localhost:8080:`);
  io.out(`  ${by}modhost -d ${folder} -DFOREGROUND   in the foreground, until Ctrl-C`);
  io.out(`  ${by}modhostctl -d ${folder} start       in the background; "stop" stops it`);
  return 0;
}

/** Writes a fresh server root into a folder that is new or empty. */
export function writeServerRoot(target: string): void {
  mkdirSync(target, { recursive: true });
  for (const name of copied) cpSync(join(packageRoot, name), join(target, name), { recursive: true });
  for (const [kind, names] of Object.entries(enabledAtFirst)) {
    const enabled = join(target, `${kind}-enabled`);
    mkdirSync(enabled, { recursive: true });
    for (const file of names.flatMap((name) => filesOf(join(target, `${kind}-available`), name))) {
      symlinkSync(`../${kind}-available/${file}`, join(enabled, file));
    }
  }
}

/** A module's .load and .conf, or a site's or conf's .conf. */
function filesOf(available: string, name: string): string[] {
  return readdirSync(available).filter((file) => basename(file).replace(/\.(load|conf)$/, "") === name);
}
