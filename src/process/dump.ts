// A configuration → the listings of -S, -M, -l, -L, -v, -V and -D DUMP_*, laid out as Apache's.
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { relative, resolve } from "node:path";
import {
  core,
  mutexTypes,
  processes,
  serverBanner,
  showOrigin,
  splitWords,
  type AnyDirective,
  type Module,
} from "../api/index.js";
import { apacheVersion } from "../config/conditions.js";
import type { CompiledHost, CompiledServer } from "../config/compile.js";
import { orderHooks, steps } from "../config/order.js";
import { apachePlace, printPlaces, printTree } from "../config/print.js";
import type { Source, Tree } from "../config/tree.js";
import { addressKey } from "../server/site.js";
import { configurationOf, mainOf } from "./load.js";

/** What the names given with -D ask for, one after the other; "" when they ask for nothing. */
export function dumps(server: CompiledServer, defines: readonly string[]): string {
  const asked: readonly [string, () => string][] = [
    ["DUMP_INCLUDES", () => includeList(server.tree)],
    ["DUMP_VHOSTS", () => hostList(server)],
    ["DUMP_RUN_CFG", () => runSettings(server)],
    ["DUMP_MODULES", () => moduleList(server.tree)],
    ["DUMP_CONFIG", () => printPlaces(server.tree.nodes)],
    ["DUMP_TREE", () => printTree(server.tree.nodes, { origins: true })],
    ["DUMP_HOOKS", () => hookList(server)],
  ];
  return asked.map(([name, text]) => (defines.includes(name) ? text() : "")).join("");
}

function hostList({ virtualHosts }: CompiledServer): string {
  const byAddress = new Map<string, CompiledHost[]>();
  for (const host of virtualHosts) {
    for (const written of host.addresses.map(addressKey)) {
      byAddress.set(written, [...(byAddress.get(written) ?? []), host]);
    }
  }
  const anyLast = [...byAddress].sort(([a], [b]) => Number(a.startsWith("*")) - Number(b.startsWith("*")));
  return `VirtualHost configuration:\n${anyLast.map(([address, hosts]) => addressEntry(address, hosts)).join("")}`;
}

function addressEntry(address: string, hosts: readonly CompiledHost[]): string {
  const [first] = hosts;
  if (!first) return "";
  const named = ({ serverName, origin }: CompiledHost): string => {
    const { file, line } = apachePlace(origin);
    return `${serverName} (${file}:${line})`;
  };
  if (hosts.length === 1) return `${address.padEnd(22)} ${named(first)}\n`;
  const lines = [`${address.padEnd(22)} is a NameVirtualHost`, `         default server ${named(first)}`];
  const port = address.slice(address.lastIndexOf(":") + 1);
  for (const host of hosts) {
    lines.push(`         port ${port} namevhost ${named(host)}`);
    const [plain, wild] = [false, true].map((isWild) => host.aliases.filter((alias) => /[*?]/.test(alias) === isWild));
    for (const alias of plain ?? []) lines.push(`                 alias ${alias}`);
    for (const alias of wild ?? []) lines.push(`                 wild alias ${alias}`);
  }
  return `${lines.join("\n")}\n`;
}

function runSettings(server: CompiledServer): string {
  const main = mainOf(server);
  const { documentRoot } = server.settings(core, main);
  const { user, group } = server.settings(processes, main);
  const { configuration } = configurationOf(server);
  const unused = process.getuid?.() === 0 ? "" : " not_used";
  const account = (kind: string, name: string | undefined, id: number | undefined): string =>
    name === undefined ? "" : `${kind}: name="${name}"${id === undefined ? "" : ` id=${id}`}${unused}\n`;
  const defines = Object.entries(server.tree.defines).map(([name, value]) =>
    value === null ? `Define: ${name}\n` : `Define: ${name}=${value}\n`,
  );
  return (
    `ServerRoot: "${server.serverRoot}"\n` +
    `Main DocumentRoot: "${resolve(server.serverRoot, documentRoot)}${slashBehind(server)}"\n` +
    `Main ErrorLog: "${configuration.errorLog}"\n` +
    mutexLines(server, configuration.runtimeDir) +
    `PidFile: "${configuration.pidFile}"\n` +
    defines.join("") +
    account("User", user, configuration.identity?.uid) +
    account("Group", group, configuration.identity?.gid)
  );
}

/** The slash that the main DocumentRoot was written with at its end: Apache lists it. */
function slashBehind({ tree }: CompiledServer): string {
  const text = tree.nodes.findLast(({ key }) => key === "documentroot")?.text ?? "";
  return /[^/]\/$/.test(splitWords(text)[0]?.text ?? "") ? "/" : "";
}

/** One line for each, as Apache has them: of those named in several lines the last counts. */
function mutexLines(server: CompiledServer, runtimeDir: string): string {
  const lines = server.settings(core, mainOf(server)).mutexes;
  const types = ["default", ...server.modules.flatMap(({ name }) => mutexTypes[name] ?? [])];
  return types
    .map((type) => {
      const own = lines.filter((line) => line.types.includes(type));
      const last = own.at(-1);
      if (!last && type !== "default")
        return `Mutex ${type}: using_defaults
`;
      const { mechanism = "default", omitsPid = false } = last ?? {};
      const named = own.findLast(({ directory }) => directory !== undefined)?.directory;
      const folder = named === undefined ? (type === "default" ? `${runtimeDir}/` : "") : resolve(runtimeDir, named);
      return `Mutex ${type}: dir="${folder}" mechanism=${mechanism} ${omitsPid ? "[OmitPid]" : ""}
`;
    })
    .join("");
}

function moduleList({ modules }: Tree): string {
  const line = ({ symbol, origin }: Tree["modules"][number]): string =>
    ` ${symbol} (${origin ? "shared" : "static"})\n`;
  return `Loaded Modules:\n${modules.map(line).join("")}`;
}

/** What "-e debug" shows of each LoadModule. */
export function loadedModules({ modules }: Tree): string[] {
  return modules.flatMap(({ symbol, origin }) =>
    origin ? [`AH01575: loaded module ${symbol} (${showOrigin(origin)})`] : [],
  );
}

/** Listing of DUMP_INCLUDES: of a faulty configuration too, as far as it was read. */
export function includeList({ mainFile, sources }: Tree): string {
  const depthOf = ({ via }: Pick<Source, "via">): number => (via ? 1 + depthOf(via) : 0);
  const lines = sources
    .filter((source) => source.text === undefined && source.via)
    .map((source) => `${"  ".repeat(depthOf(source) + 1)}(${source.via?.line}) ${source.file}\n`);
  return `Included configuration files:\n  (*) ${mainFile}\n${lines.join("")}`;
}

function hookList({ modules }: CompiledServer): string {
  return steps
    .map((step) => [step, orderHooks(modules, step)] as const)
    .filter(([, hooks]) => hooks.length > 0)
    .map(([step, hooks]) => `${step}:\n${hooks.map(({ module }) => `  ${module.name}\n`).join("")}`)
    .join("");
}

/** Listing of -l. */
export function compiledIn(modules: readonly Module[]): string {
  const names = modules.filter(({ builtIn }) => builtIn).map(({ sources: [source] }) => `  ${source}\n`);
  return `Compiled in modules:\n${names.join("")}`;
}

/** Listing of -L. */
export function directiveList(modules: readonly Module[]): string {
  return modules
    .flatMap(({ directives, sources: [source] }) =>
      Object.entries(directives).map(
        ([name, directive]) =>
          `${name.replace(/>$/, "")} (${source})\n\t${directive.summary}\n${whereAllowed(directive)}`,
      ),
    )
    .join("");
}

function whereAllowed({ contexts, override }: AnyDirective): string {
  const inside = contexts.includes("directory");
  const outside = contexts.includes("server config") || contexts.includes("virtual host");
  const where =
    inside && outside ? "anywhere" : `only ${inside ? "inside" : "outside"} <Directory>, <Files>, <Location>, or <If>`;
  if (!contexts.includes(".htaccess")) return `\tAllowed in *.conf ${where}\n`;
  const when =
    override === undefined || override === "All" ? "isn't None" : `includes ${[override].flat().join(" or ")}`;
  return `\tAllowed in *.conf ${where} and in .htaccess\n\twhen AllowOverride ${when}\n`;
}

/** Listing of -v; tools look for Apache's version there. */
export function versionLines(): string {
  const built = statSync(fileURLToPath(import.meta.url))
    .mtime.toISOString()
    .slice(0, 19);
  return `Server version: ${serverBanner("Full")}, as Apache/${apacheVersion}\nServer built:   ${built}\n`;
}

/** Listing of -V; the lines that tools for Apache look for. */
export function settingLines(tree: Tree | undefined): string {
  const mpm =
    /^mpm_(\w+)_module$/.exec(tree?.modules.find(({ symbol }) => symbol.startsWith("mpm_"))?.symbol ?? "")?.[1] ?? "";
  const { node = "", v8 = "", uv = "" } = process.versions;
  return (
    versionLines() +
    `Server's Module Magic Number: 20120211:142\n` +
    `Server loaded:  Node ${node}, V8 ${v8}, libuv ${uv}\n` +
    `Compiled using: Node ${node}, V8 ${v8}, libuv ${uv}\n` +
    `Architecture:   64-bit\n` +
    `Server MPM:     ${mpm}\n` +
    `  threaded:     ${mpm === "prefork" ? "no" : "yes (fixed thread count)"}\n` +
    `    forked:     yes (variable process count)\n` +
    `Server compiled with....\n` +
    ` -D APR_HAVE_IPV6 (IPv4-mapped addresses enabled)\n` +
    ` -D AP_HAVE_RELIABLE_PIPED_LOGS\n` +
    (tree ? ` -D HTTPD_ROOT="${tree.serverRoot}"\n` : "") +
    ` -D DEFAULT_PIDLOG="logs/httpd.pid"\n` +
    ` -D DEFAULT_ERRORLOG="logs/error_log"\n` +
    ` -D SERVER_CONFIG_FILE="${tree ? relative(tree.serverRoot, tree.mainFile) : "apache2.conf"}"\n`
  );
}
