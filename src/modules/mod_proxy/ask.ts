// A request and the back end it goes to → the back end's answer.
import { refuse, type Request, type Response } from "../../api/index.js";
import { askByScheme } from "./ask-by-scheme.js";
import { askHttp } from "./ask-http.js";
import type { Question, Watcher } from "./asking.js";
import { nameOf } from "./target.js";

/** Asks the back end. */
export function ask(request: Request, question: Question, watcher: Watcher = {}): Promise<Response> {
  const { scheme, mapping } = question;
  const coding = request.headers.get("transfer-encoding");
  if (coding !== undefined && !/^chunked$/i.test(coding)) {
    // Chunks are made anew; what else the body is coded in would get lost.
    watcher.over?.(0, 0);
    request.log("error", "proxy", `AH01093: ${coding} Transfer-Encoding is not supported`);
    return Promise.resolve(refuse(500));
  }
  if (request.rehearsal) {
    watcher.over?.(0, 0);
    return Promise.resolve(request.rehearsal.insteadOf(`passes the request to ${nameOf(mapping)}`));
  }
  if (scheme.speak) return askByScheme(request, question, watcher);
  return askHttp(request, question, watcher);
}
