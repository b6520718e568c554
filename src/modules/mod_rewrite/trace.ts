// Steps of the rules → lines of the error log, as LogLevel rewrite:traceN asks for.
import { core, levels, type Request } from "../../api/index.js";
import type { Trace } from "./run.js";

const serial = new WeakMap<Request, number>();
let requests = 0;

/** Writes steps for a request; undefined where the log takes none. */
export function traceOf(request: Request, directory: string | undefined): Trace | undefined {
  const { errorLog: hostLog } = request.virtualHost;
  const errorLog = hostLog.under?.(request.settings(core).logLevels) ?? hostLog;
  if (!errorLog.takes("trace1", "rewrite")) return undefined;
  return (level, message, without) => {
    const name = levels[levels.indexOf("debug") + level] ?? "trace8";
    if (!errorLog.takes(name, "rewrite")) return;
    request.log(
      name,
      "rewrite",
      `${prefixOf(request)} ${directory === undefined || without ? "" : `[perdir ${directory}] `}${message}`,
    );
  };
}

/** Client, user, and which of the chained and nested requests this is, in the words of Apache. */
function prefixOf(request: Request): string {
  let number = serial.get(request);
  if (number === undefined) serial.set(request, (number = ++requests));
  let redirects = 0;
  for (let each = request.previous; each; each = each.previous) redirects++;
  const user = request.user === "" ? '""' : (request.user ?? "-");
  const kind = `${request.parent ? "subreq" : "initial"}${redirects > 0 ? `/redir#${redirects}` : ""}`;
  return (
    `${request.clientAddress} - ${user} [${request.serverName}/sid#${request.virtualHost.index.toString(16)}]` +
    `[rid#${number.toString(16)}/${kind}]`
  );
}
