// The server's modules and configuration → the page that a query asks for, as Apache lays it out.
import { byteString, signatureOf, type Module, type Request, type ServerView } from "../../api/index.js";
import { linesOf } from "./lines.js";
import { entryOf, type RemarkOn } from "./module-entry.js";
import { hooksOf, providersOf } from "./hooks.js";
import { serverSettings } from "./server-settings.js";

const head =
  '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"\n' +
  '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n' +
  '<html xmlns="http://www.w3.org/1999/xhtml">\n<head>\n  <title>Server Information</title>\n</head>\n' +
  '<body><h1 style="text-align: center">Apache Server Information</h1>\n';

const contents =
  '<dl><dt><tt>Subpages:<br /><a href="?config">Configuration Files</a>, <a href="?server">Server Settings</a>, ' +
  '<a href="?list">Module List</a>, <a href="?hooks">Active Hooks</a>, <a href="?providers">Available Providers</a>' +
  '</tt></dt></dl><hr /><dl><dt><tt>Sections:<br /><a href="#modules">Loaded Modules</a>, ' +
  '<a href="#server">Server Settings</a>, <a href="#startup_hooks">Startup Hooks</a>, ' +
  '<a href="#request_hooks">Request Hooks</a>, <a href="#other_hooks">Other Hooks</a>, <a href="#providers">Providers</a>' +
  "</tt></dt></dl><hr />";

/** The page, a latin1 string of bytes. */
export function pageOf(request: Request, server: ServerView, remarkOn: RemarkOn): string {
  const { query } = request;
  const asked = query?.toLowerCase();
  const isAsked = (part: string): boolean => asked === undefined || asked === part;
  const modules = sorted(server.modules);
  let page = head;
  if (asked === "list") {
    const names = modules.map(({ source }) => `<dd>${source}</dd>`);
    page += `<dl><dt>Server Module List</dt>${names.join("")}</dl><hr />`;
  } else {
    if (asked === undefined) page += contents + indexOf(modules);
    if (isAsked("server")) page += serverSettings(request, server);
    if (isAsked("hooks")) page += hooksOf(server.modules, asked === undefined ? "#" : "?");
    if (isAsked("providers")) page += providersOf(server);
    if (asked === "config") {
      page += `<dl><dt><strong>Configuration:</strong>\n${linesOf(server.tree.nodes)}</dl><hr />`;
    } else {
      for (const { module, source } of modules) {
        if (isAsked(source.toLowerCase())) page += entryOf(module, server.tree.nodes, remarkOn);
      }
    }
  }
  const signature = signatureOf(request);
  return byteString(`${page}${signature === undefined ? "" : `${signature}\n`}</body></html>\n`);
}

interface Named {
  readonly module: Module;
  /** The name it goes by: "mod_alias.c". */
  readonly source: string;
}

function sorted(modules: readonly Module[]): readonly Named[] {
  const named = modules.map((module): Named => ({ module, source: module.sources[0] ?? module.name }));
  return named.sort((a, b) => (a.source < b.source ? -1 : 1));
}

function indexOf(modules: readonly Named[]): string {
  const links = modules.map(({ source }) => `<a href="#${source}">${source}</a>, `);
  return `<h2><a name="modules">Loaded Modules</a></h2><dl><dt><tt>${links.join("")}</tt></dt></dl><hr />`;
}
