// Apache's modules and ours → the table of what is there, in part or not, and why.
import type { Module } from "../api/index.js";
import { sentence } from "./page.js";

/** Why a module is not here; those without a line are not built yet. */
const reasons: Readonly<Record<string, string>> = {
  mod_authn_dbd:
    "Passwords in a database of SQL, by queries that are written for Apache's drivers. `WSGIAuthUserScript` asks a database by a " +
    "few lines of Python.",
  mod_authnz_fcgi: "Asks a FastCGI program who a user is. `WSGIAuthUserScript` and `WSGIAccessScript` ask Python.",
  mod_authnz_ldap:
    "Needs an LDAP client that is well kept; the one for Node is not any more. `WSGIAuthUserScript` and `WSGIAuthGroupScript` " +
    "ask a directory by python-ldap or ldap3.",
  mod_authz_dbd:
    "Groups in a database of SQL, by queries that are written for Apache's drivers. `WSGIAuthGroupScript` asks a database by a " +
    "few lines of Python.",
  mod_bucketeer: "A tool for testing Apache's own filters.",
  mod_case_filter: "An example for writers of Apache modules.",
  mod_case_filter_in: "An example for writers of Apache modules.",
  mod_cern_meta: "Header fields from files beside the documents, of the first web servers; `Header` says it.",
  mod_dav: "WebDAV; an application for it can run in a daemon group.",
  mod_dav_fs: "WebDAV; an application for it can run in a daemon group.",
  mod_dav_lock: "WebDAV; an application for it can run in a daemon group.",
  mod_dbd: "Connections to databases for other modules of Apache; applications bring their own.",
  mod_dialup: "Slows responses down as modems did; mod_ratelimit does so at any rate.",
  mod_dumpio:
    "Writes all bytes of all connections to the error log; mod_log_forensic writes the heads, tcpdump the bytes.",
  mod_echo:
    "An example of another protocol than HTTP, which sends back what it is sent; mod_reflector does so over HTTP.",
  mod_heartbeat:
    "Tells a proxy by multicast how busy this server is; `server-status?auto` of mod_status tells whoever asks.",
  mod_heartmonitor: "Hears from servers by multicast how busy they are; see mod_heartbeat.",
  mod_ident: "Asks clients who their users are (RFC 1413), which none answers truthfully.",
  mod_imagemap: "Image maps of the server; browsers have their own.",
  mod_ldap: "Connections to directories for mod_authnz_ldap, see there.",
  mod_lbmethod_heartbeat: "Balances by what mod_heartmonitor hears.",
  mod_lua:
    "Runs Lua within the server; rewriting, `<If>` and the scripts of mod_wsgi (WSGIAccessScript, WSGIDispatchScript) decide about requests here, applications answer them.",
  mod_session_dbd:
    "Sessions in a database of SQL, by queries that are written for Apache's drivers; mod_session_cookie with " +
    "mod_session_crypto keeps them with the client instead.",
  mod_slotmem_plain: "How Apache shares memory among its processes; there is nothing to configure.",
  mod_slotmem_shm: "How Apache shares memory among its processes; there is nothing to configure.",
  mod_suexec: "Runs CGI programs under other accounts by a setuid program of Apache.",
  mod_watchdog: "A clock for other modules of Apache; there is nothing to configure.",
};

/** The page: every module of Apache as Debian ships it and mod_wsgi, beside ours. `directives` are theirs, by module. */
export function modulesPage(
  modules: readonly Module[],
  directives: Readonly<Record<string, readonly string[]>>,
): string {
  const ours = new Map(modules.map((module) => [module.name, module]));
  const names = [...new Set([...Object.keys(directives), ...ours.keys()])].sort();
  // Some directives are those of several modules of Apache; here one has them.
  const known = new Set(modules.flatMap((module) => Object.keys(module.directives).map((name) => name.toLowerCase())));
  const rows = names.map((name) => {
    const missing = (directives[name] ?? []).filter((each) => !known.has(each.toLowerCase()));
    return row(name, ours.get(name), missing);
  });
  const count = (word: string): number => rows.filter(({ state }) => state === word).length;
  return `${[
    "# Modules",
    "",
    "This page is written by `npm run reference` from the modules' own declarations and the list of Apache's directives.",
    `Of ${rows.length} modules ${count("yes")} are here with all their directives, ${count("in part")} in part. A module ` +
      "that is not here may be loaded, with a warning; its directives are refused, never passed over.",
    "",
    "| Module | Here | |",
    "| --- | --- | --- |",
    ...rows.map(({ name, state, text }) => `| ${name} | ${state} | ${text} |`),
  ].join("\n")}\n`;
}

interface Row {
  readonly name: string;
  readonly state: "yes" | "in part" | "no";
  readonly text: string;
}

function row(name: string, module: Module | undefined, missing: readonly string[]): Row {
  if (!module) return { name, state: "no", text: reasons[name] ?? "Not built yet." };
  const shown = Object.keys(module.directives).length > 0 ? `[${name}](directives/${name}.md)` : name;
  if (missing.length === 0) return { name: shown, state: "yes", text: sentence(module.summary) };
  const list = [...missing]
    .sort()
    .map((each) => `\`${each}\``)
    .join(", ");
  return { name: shown, state: "in part", text: `${sentence(module.summary)} Not: ${list}.` };
}
