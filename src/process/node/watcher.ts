// A byte on descriptor 5 → the stack of the main thread, on standard error; the end of it → the end of the process.
// Runs in a thread of its own, and so also when the main thread is in an endless loop.
import { writeSync } from "node:fs";
import { Session, type Debugger, type InspectorNotification } from "node:inspector";
import { Socket } from "node:net";

const watchDescriptor = 5;
/** Milliseconds after which the main thread, told to stop, counts as idle: it runs nothing that could be stopped. */
const patience = 900;
/** Milliseconds until it must have been told: all its scripts are listed first, which takes long on a loaded machine. */
const mostPatience = 10_000;

const supervisor = new Socket({ fd: watchDescriptor });
supervisor.on("data", showStack);
supervisor.on("error", () => undefined);
// The supervisor is gone. The main thread may be unable to end.
supervisor.on("close", () => process.kill(process.pid, "SIGKILL"));

function showStack(): void {
  const session = new Session();
  session.connectToMainThread();
  let isOver = false;
  let limit = setTimeout(() => finish("  (it does not answer)"), mostPatience);
  const finish = (text: string): void => {
    isOver = true;
    clearTimeout(limit);
    session.disconnect();
    writeSync(2, `Stack of the JavaScript thread of process ${process.pid}:\n${text}\n`);
  };
  // Frames name scripts by id alone.
  const urls = new Map<string, string>();
  session.on("Debugger.scriptParsed", ({ params }: InspectorNotification<Debugger.ScriptParsedEventDataType>) => {
    urls.set(params.scriptId, params.url);
  });
  session.once("Debugger.paused", ({ params }: InspectorNotification<Debugger.PausedEventDataType>) => {
    const lines = params.callFrames.map(({ functionName, location: { scriptId, lineNumber, columnNumber = 0 } }) => {
      const url = urls.get(scriptId) ?? "unknown";
      return `  at ${functionName || "(anonymous)"} (${url}:${lineNumber + 1}:${columnNumber + 1})`;
    });
    session.post("Debugger.resume");
    finish(lines.join("\n"));
  });
  session.post("Debugger.enable");
  session.post("Debugger.pause", () => {
    if (isOver) return;
    clearTimeout(limit);
    limit = setTimeout(() => finish("  (it is idle)"), patience);
  });
}
