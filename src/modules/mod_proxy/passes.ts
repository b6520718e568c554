// A passage → its way through http-proxy's row of passes, which are ours.
import type { IncomingMessage, ServerResponse } from "node:http";
import httpProxy from "http-proxy";
import { addForwarded, endToEndFields } from "./fields.js";
import type { Passage } from "./passage.js";

/** A step of http-proxy; true ends the row of steps. */
type Pass = (passage: Passage) => boolean | void;

/** The part of http-proxy's server that its types leave out. */
interface Passes {
  before(kind: "web", name: string, pass: Pass): void;
}

// Every passage says itself where it goes.
const proxy = httpProxy.createProxyServer({ target: {} });
// In place of the library's own passes: the last of ours ends the row before them. They drop the framing of bodies
// (deleteLength), watch a socket that is not there (timeout), know no lists (XHeaders), and take the path and the fields
// apart, leave connections open, and hide broken responses (stream).
const passes = proxy as unknown as Passes;
passes.before("web", "deleteLength", (passage) => {
  passage.fields = endToEndFields(passage);
});
passes.before("web", "deleteLength", (passage) => addForwarded(passage.fields, passage));
passes.before("web", "deleteLength", (passage) => {
  passage.send();
  return true;
});

/** Takes a request through them. */
export function pass(passage: Passage): void {
  // The library hands both to the passes and looks at neither. Options of one request would be copied on the way.
  proxy.web(passage as unknown as IncomingMessage, passage as unknown as ServerResponse);
}
