// Names of directives → the modules of Apache 2.4 and mod_wsgi that own them.
import { apacheDirectives } from "./apache-directives.js";
import type { ModuleNames } from "./reading.js";

/** Symbols of the modules that are linked into Apache as Debian builds it. */
export const linkedIn: readonly string[] = [
  "core_module",
  "so_module",
  "watchdog_module",
  "http_module",
  "log_config_module",
  "logio_module",
  "version_module",
  "unixd_module",
];

/** The symbol by which LoadModule knows a module: "alias_module" for "mod_alias". */
export function symbolOf(module: string): string {
  return module === "http_core" ? "http_module" : `${module.replace(/^mod_/, "")}_module`;
}

/** The source file names by which `<IfModule>` knows a module of Apache. */
export function sourcesOf(symbol: string): readonly string[] {
  return [oddSources.get(symbol) ?? `mod_${symbol.replace(/_module$/, "")}.c`];
}

const oddSources: ReadonlyMap<string, string> = new Map([
  ["core_module", "core.c"],
  ["http_module", "http_core.c"],
  ["mpm_event_module", "event.c"],
  ["mpm_worker_module", "worker.c"],
  ["mpm_prefork_module", "prefork.c"],
  ["ldap_module", "util_ldap.c"],
]);

/** What a2enmod calls a module; undefined for one that is always there. */
export function enabledAs(module: string): string | undefined {
  if (linkedIn.includes(symbolOf(module))) return undefined;
  return module === "mod_dumpio" ? "dump_io" : module.replace(/^mod_/, "");
}

/** Apache's modules that are not among the given ones: their directives by their symbols. */
export function foreignModules(ours: readonly Pick<ModuleNames, "symbol">[]): Record<string, readonly string[]> {
  const symbols = new Set(ours.map(({ symbol }) => symbol));
  const foreign: Record<string, readonly string[]> = {};
  for (const module of Object.keys(apacheDirectives)) {
    const symbol = symbolOf(module);
    if (!symbols.has(symbol)) foreign[symbol] = directivesOf(module);
  }
  return foreign;
}

/** The modules that own a directive or section ("<Location>"), in any case; several have some names in common. */
export function ownersOf(name: string): readonly string[] {
  owners ??= gatherOwners();
  return owners.get(name.toLowerCase())?.modules ?? [];
}

/** Every name there is, as registered. */
export function allDirectives(): readonly string[] {
  owners ??= gatherOwners();
  return [...owners.values()].map(({ name }) => name);
}

let owners: Map<string, { readonly name: string; readonly modules: string[] }> | undefined;

function gatherOwners(): NonNullable<typeof owners> {
  const gathered: NonNullable<typeof owners> = new Map();
  for (const module of Object.keys(apacheDirectives)) {
    for (const name of directivesOf(module)) {
      const key = name.toLowerCase();
      const entry = gathered.get(key);
      if (entry) entry.modules.push(module);
      else gathered.set(key, { name, modules: [module] });
    }
  }
  return gathered;
}

/** The directives of every module of Apache and of mod_wsgi. */
export function allModules(): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.keys(apacheDirectives).map((module) => [module, directivesOf(module)]));
}

function directivesOf(module: string): readonly string[] {
  return (apacheDirectives[module] ?? "").split(/\s+/).filter((name) => name !== "");
}
