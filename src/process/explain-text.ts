// The story of a request → the text a person reads.
import type { Explanation, LineStory, PlaceText, RequestStory } from "./explain.js";

/** Lines of a module that are shown; a host may have thousands of aliases. */
const mostLines = 20;

/** The story as text; files below `root` are named from there, and `full` shows what had no part in it too. */
export function explanationText(explanation: Explanation, { root, full }: { root: string; full: boolean }): string {
  const at = placeShower(root);
  const { virtualHost, requests, outcome, connection } = explanation;
  const lines = [
    `${explanation.method} ${explanation.url}`,
    "",
    `Virtual host: ${virtualHost.name}  ${at(virtualHost)}`,
    ...virtualHost.why.map((reason) => `  ${reason}`),
    ...(connection.secure ? ["  the connection is TLS"] : []),
  ];
  for (const request of requests) {
    lines.push("", ...requestLines(request, { at, full }));
    if (full || request.kind !== "look-up") lines.push("", ...forceLines(request, { at, full }));
  }
  lines.push("", ...outcomeLines(outcome));
  if (outcome.refused) lines.push(...reasonLines(explanation, at));
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

type ShowPlace = (place: PlaceText) => string;

function placeShower(root: string): ShowPlace {
  const prefix = root.endsWith("/") ? root : `${root}/`;
  return ({ file, line }) => `(${file.startsWith(prefix) ? file.slice(prefix.length) : file}:${line})`;
}

interface Showing {
  readonly at: ShowPlace;
  readonly full: boolean;
}

function requestLines(request: RequestStory, { at, full }: Showing): string[] {
  const titles = { request: "Request", "look-up": "Look-up of", "internal redirect": "Internal redirect to" };
  return [
    `${titles[request.kind]} ${request.kind === "request" ? "" : `${request.method} `}${printable(request.target)}`.trimEnd(),
    ...stepLines(request, { at, full }),
    ...mappingLines(request),
    "",
    request.sections.length === 0 ? "  No section matches." : "  Sections that match, in the order they are merged:",
    ...table(
      request.sections.map((section) => [
        `    ${section.section}`,
        at(section),
        `matches ${printable(section.because)}`,
      ]),
    ),
  ];
}

/** What is in force when a request has found its sections. */
function forceLines(request: RequestStory, showing: Showing): string[] {
  return [
    "  Lines in force, by module:",
    ...request.settings.flatMap(({ module, acts, lines }) => [
      `    ${module}${acts ? "" : " (no hook of it runs under these settings)"}`,
      ...settingLines(lines, showing),
    ]),
    "",
    "  Hooks that run, by phase:",
    ...table(Object.entries(request.hooks).map(([phase, modules]) => [`    ${phase}`, modules.join(", ")])),
  ];
}

function stepLines({ steps }: RequestStory, { at, full }: Showing): string[] {
  const shown = steps.filter(
    ({ verdict, changes, lines, messages }) =>
      full || verdict !== "declined" || changes.length + lines.length + messages.length > 0,
  );
  if (shown.length === 0) return ["  No module had anything to do."];
  return ["  Step by step:"].concat(
    shown.flatMap(({ phase, module, verdict, changes, lines, messages }) => [
      `    ${phase.padEnd(15)} ${module.padEnd(18)} ${verdict}`,
      ...lines.map((line) => `        by ${clipped(line.text)}  ${at(line)}`),
      ...changes.map(({ field, from, to }) => `        ${field}: ${quoted(from)} -> ${quoted(to)}`),
      ...messages.map((message) => `        log: ${printable(message)}`),
    ]),
  );
}

function mappingLines({ path, filename, pathInfo, handler, contentType, user }: RequestStory): string[] {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["path", path],
    ["file", filename || undefined],
    ["path info", pathInfo || undefined],
    ["type", contentType],
    ["handler", handler],
    ["user", user],
  ];
  return [
    "  In the end:",
    ...table(facts.flatMap(([name, value]) => (value === undefined ? [] : [[`    ${name}`, printable(value)]]))),
  ];
}

function settingLines(lines: readonly LineStory[], { at, full }: Showing): string[] {
  const shown = full ? lines : lines.slice(0, mostLines);
  const rest = lines.length - shown.length;
  return [
    ...table(shown.map((line) => [`      ${clipped(line.text)}`, at(line), line.inside])),
    ...(rest > 0 ? [`      ... and ${rest} more (--full shows all)`] : []),
  ];
}

function outcomeLines({ status, by, refused, foretold, headers }: Explanation["outcome"]): string[] {
  if (foretold !== undefined) return [`Answer: ${by} ${foretold}`];
  return [
    `${refused ? "Refused" : "Answer"}: ${status}, by ${by}`,
    ...headers.map(([name, value]) => `  ${name}: ${printable(value)}`),
  ];
}

/** What whoever refused said to the error log, and the lines it went by. */
function reasonLines({ requests, outcome }: Explanation, at: ShowPlace): string[] {
  const [module = ""] = outcome.by.split(" ");
  const refusing = requests.filter(({ steps }) =>
    steps.some((step) => step.verdict === `answered ${outcome.status}` && step.module === module),
  );
  const messages = refusing.flatMap(({ steps }) => steps.flatMap((step) => step.messages));
  const lines = refusing.flatMap(({ settings }) => settings.find((each) => each.module === module)?.lines ?? []);
  return [
    ...messages.map((message) => `  log: ${printable(message)}`),
    ...(module === "core" || lines.length === 0 ? [] : ["  It went by:"]),
    ...(module === "core" ? [] : table(lines.map((line) => [`    ${clipped(line.text)}`, at(line), line.inside]))),
  ];
}

/** Rows with their columns under each other. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries())
      if (cell.length <= 60) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function quoted(text: string): string {
  return text === "" ? "nothing" : `"${printable(text)}"`;
}

function clipped(text: string): string {
  const plain = printable(text);
  return plain.length > 120 ? `${plain.slice(0, 117)}...` : plain;
}

/** What comes from URLs and files must not act on the terminal. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- that is what they are
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, "\ufffd");
}
