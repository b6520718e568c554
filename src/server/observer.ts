// A request on its way → what somebody who watches hears of each step: how explanations are made.
import type { Origin, Phase, RequestRehearsal, Response, Verdict } from "../api/index.js";
import type { CompiledHost } from "../config/compile.js";
import type { BoundHook } from "../config/merge.js";
import type { ServerRequest } from "./request.js";
import type { HostGroup } from "./site.js";

/** How a virtual host was chosen. */
export interface HostChoice {
  /** The hosts of the connection's local address. */
  readonly group: HostGroup;
  /** The one that has the name the client gave; undefined when that decided nothing. */
  readonly named: CompiledHost | undefined;
}

/** Watches requests on their way through the pipeline. */
export interface Observer {
  /** Who answers in place of what would be done outside of this process. */
  readonly rehearsal: RequestRehearsal;
  hostChosen(request: ServerRequest, choice: HostChoice): void;
  /** The target has been read: the phases begin. Also for look-ups and internal redirects. */
  begun(request: ServerRequest): void;
  /** Runs a hook. */
  run(request: ServerRequest, phase: Phase, hook: BoundHook): Verdict | Promise<Verdict>;
  /** A hook that runs says which line of the configuration it goes by. */
  wentBy(request: ServerRequest, origin: Origin): void;
  /** The file has been looked at and its sections are laid; `refused` is the answer where that refused the request. */
  mapped(request: ServerRequest, refused: Response | undefined): void;
}
