// A file name "proxy:URL" that rules have made → a request for mod_proxy.
import { refuse, type Request, type Verdict } from "../../api/index.js";
import type { Outcome } from "./engine.js";
import type { Trace } from "./run.js";

/** Hands a request over to mod_proxy; refuses it where that is not loaded. */
export function handOver(request: Request, action: Outcome["action"], trace: Trace | undefined): Verdict {
  if (!request.providers("proxy").has("pass")) {
    request.log(
      "error",
      "rewrite",
      `AH00669: attempt to make remote request from mod_rewrite without proxy enabled: ${request.filename}`,
    );
    return refuse(403);
  }
  // [NE]: the URL goes over the wire as it stands.
  if (action === "unescaped") request.notes.set("proxy-nocanon", "1");
  request.handler = "proxy-server";
  trace?.(1, `go-ahead with proxy request ${request.filename} [OK]`);
  return "done";
}
