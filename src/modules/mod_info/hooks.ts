// The modules → who takes part in what, and which providers there are.
import type { Module, ServerView } from "../../api/index.js";

type HookName = keyof Module["hooks"];

/** Our phases by the names Apache shows, in its order. */
export const requestPhases: readonly (readonly [phase: HookName, name: string])[] = [
  ["postReadRequest", "Post-Read Request"],
  ["headerParser", "Header Parse"],
  ["preTranslateName", "Pre-Translate Name"],
  ["translateName", "Translate Name"],
  ["mapToStorage", "Map to Storage"],
  ["accessChecker", "Check Access"],
  ["checkUser", "Verify User ID"],
  ["authChecker", "Verify User Access"],
  ["typeChecker", "Check Type"],
  ["fixups", "Fixups"],
  ["outputFilter", "Insert Filters"],
  ["handler", "Content Handlers"],
  ["logTransaction", "Transaction Logging"],
];

const startup: readonly (readonly [step: keyof Module["lifecycle"], name: string])[] = [
  ["check", "Check Configuration"],
  ["daemons", "Monitor"],
  ["start", "Child Init"],
];

const ranks = { first: 0, middle: 10, last: 20 } as const;

/** Startup and request hooks, each with its modules by rank; `sign` begins the links to their entries. */
export function hooksOf(modules: readonly Module[], sign: "?" | "#"): string {
  const starts = startup.map(([step, name]) => {
    const members = modules.filter(({ lifecycle }) => lifecycle[step] !== undefined);
    return hookOf(
      name,
      members.map((module) => [ranks.middle, module] as const),
      sign,
    );
  });
  const requests = requestPhases.map(([phase, name]) => {
    const members = modules.flatMap((module) =>
      [module.hooks[phase] ?? []].flat().map((hook) => [ranks[hook.rank ?? "middle"], module] as const),
    );
    return hookOf(
      name,
      members.sort(([a], [b]) => a - b),
      sign,
    );
  });
  return (
    `<h2><a name="startup_hooks">Startup Hooks</a></h2>\n<dl>${starts.join("")}</dl>\n<hr />\n` +
    `<h2><a name="request_hooks">Request Hooks</a></h2>\n<dl>${requests.join("")}</dl>\n<hr />\n` +
    '<h2><a name="other_hooks">Other Hooks</a></h2>\n<dl></dl>\n<hr />\n'
  );
}

function hookOf(name: string, members: readonly (readonly [rank: number, module: Module])[], sign: string): string {
  const rows = members.map(([rank, { sources, name: own }]) => {
    const source = sources[0] ?? own;
    return `&nbsp;&nbsp; ${String(rank).padStart(2, "0")} <a href="${sign}${source}">${source}</a> <br/>`;
  });
  return `<dt><strong>${name}:</strong>\n <br /><tt>\n${rows.join("")}\n  </tt>\n</dt>\n`;
}

/** What modules offer to each other, by kind. */
export function providersOf(server: ServerView): string {
  const kinds = [...new Set(server.modules.flatMap(({ provides }) => Object.keys(provides)))].sort();
  const groups = kinds.map((kind) => {
    const names = [...server.providers(kind).keys()].sort().map((name) => `<tt>&nbsp;&nbsp;${name}</tt><br/>`);
    return `<dt><strong>${kind}</strong> (version <tt>0</tt>):\n <br />\n${names.join("")}\n</dt>\n`;
  });
  return `<h2><a name="providers">Providers</a></h2>\n<dl>${groups.join("")}</dl>\n<hr />\n`;
}
