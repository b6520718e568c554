// A diagnostic report of Node, as one line of JSON → the stack in it.

interface Report {
  readonly header: { readonly trigger?: string };
  readonly javascriptStack?: { readonly message?: string; readonly stack?: readonly string[] };
}

/** The JavaScript stack of a report; undefined for any other line. What else is in a report does not belong in a log: it holds the whole environment. */
export function stackOfReport(line: string): string | undefined {
  if (!line.startsWith('{"header":{"reportVersion"')) return undefined;
  let report: Report;
  try {
    report = JSON.parse(line) as Report;
  } catch {
    return "a report of Node that cannot be read";
  }
  const stack = report.javascriptStack?.stack ?? [];
  const lines = stack.filter((frame) => frame.trim() !== "").map((frame) => `  ${frame.trim()}`);
  return ["Stack of the JavaScript thread:", ...(lines.length > 0 ? lines : ["  (idle)"])].join("\n");
}
