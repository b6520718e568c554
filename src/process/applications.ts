// Calls of applications → this worker's own JavaScript, or the pool of daemons they belong to.
import { refuse } from "../api/index.js";
import type {
  ApplicationCall,
  Applications,
  DaemonGroupSpec,
  Request,
  Response,
  ScriptAnswers,
  ScriptQuestion,
  ScriptRole,
} from "../api/index.js";
import { accountOf } from "./accounts.js";
import { kindOf } from "./application-kind.js";
import type { ApplicationKind, Identity, PoolState, WorkerToSupervisor } from "./channel.js";
import { DaemonClient } from "./daemon-client.js";
import type { EmbeddedPython } from "./embedded-python.js";
import { EmbeddedNodeApplications } from "./node-application.js";

/** What a worker's applications are made from. */
export interface ApplicationsOptions {
  readonly groups: readonly DaemonGroupSpec[];
  readonly pools: readonly PoolState[];
  /** Whom this worker becomes; null when it stays who it is. */
  readonly identity: Identity | null;
  readonly send: (message: WorkerToSupervisor) => void;
  readonly kept: (script: string, failure: string) => void;
  /** Python inside this worker. */
  readonly python?: EmbeddedPython | undefined;
}

/** The applications of one worker. */
export class WorkerApplications implements Applications {
  readonly #options: ApplicationsOptions;
  readonly #groups: ReadonlyMap<string, DaemonGroupSpec>;
  readonly #clients = new Map<string, DaemonClient>();
  readonly #embedded: EmbeddedNodeApplications;

  constructor(options: ApplicationsOptions) {
    this.#options = options;
    this.#groups = new Map(options.groups.map((spec) => [spec.name, spec]));
    this.#embedded = new EmbeddedNodeApplications(options.kept);
    for (const pool of options.pools) this.pool(pool);
  }

  run(call: ApplicationCall, request: Request): Response | Promise<Response> {
    const { processGroup, applicationGroup, script } = call;
    const kind = kindOf(script);
    if (processGroup === "") {
      if (kind === "node") return this.#embedded.run(call, request);
      return this.#options.python?.run(call, request) ?? noPython(script, request);
    }
    const client = this.#clientOf(processGroup, applicationGroup, kind);
    if (client) return client.run(call, request);
    request.log("error", "wsgi", `no daemon group is called "${processGroup}": add WSGIDaemonProcess ${processGroup}`);
    return refuse(500);
  }

  async ask<Role extends ScriptRole>(
    question: ScriptQuestion & { readonly role: Role },
    request: Request,
  ): Promise<ScriptAnswers[Role] | undefined> {
    const { python } = this.#options;
    if (python) return python.ask(question, request);
    noPython(question.script, request);
    return undefined;
  }

  /** Hears of a pool's state. */
  pool(state: PoolState): void {
    this.#client(state)?.update(state);
  }

  /** The embedded script an error came from, by its stack. */
  scriptOf(error: unknown): string | undefined {
    return this.#embedded.scriptOf(error);
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }

  /** The client of a pool, which is asked for if nobody has yet. */
  #clientOf(processGroup: string, applicationGroup: string, kind: ApplicationKind): DaemonClient | undefined {
    const known = this.#clients.get(keyOf({ processGroup, applicationGroup, kind }));
    if (known) return known;
    const client = this.#client({ processGroup, applicationGroup, kind });
    if (client) this.#options.send({ type: "wanted", processGroup, applicationGroup, kind });
    return client;
  }

  #client(pool: Pick<PoolState, "processGroup" | "applicationGroup" | "kind">): DaemonClient | undefined {
    const { processGroup, applicationGroup, kind } = pool;
    const key = keyOf(pool);
    const spec = this.#groups.get(processGroup);
    const known = this.#clients.get(key);
    if (known || !spec) return known;
    const client = new DaemonClient({
      spec,
      applicationGroup,
      sharesAccount: sharesAccount(spec, this.#options.identity),
      overdue: (report) => this.#options.send(report),
      lost: () => this.#options.send({ type: "wanted", processGroup, applicationGroup, kind }),
    });
    this.#clients.set(key, client);
    return client;
  }
}

function keyOf({
  processGroup,
  applicationGroup,
  kind,
}: Pick<PoolState, "processGroup" | "applicationGroup" | "kind">) {
  return `${kind} ${processGroup} ${applicationGroup}`;
}

/** Without root everyone is who started the server; else the group's user and group decide. */
function sharesAccount({ user, group, chroot }: DaemonGroupSpec, identity: Identity | null): boolean {
  // Its paths are not ours.
  if (chroot !== undefined) return false;
  if (!identity || (user === undefined && group === undefined)) return true;
  try {
    const account = accountOf(user ?? identity.user, group ?? (user === undefined ? identity.group : undefined));
    return account.uid === identity.uid && account.gid === identity.gid;
  } catch {
    return false;
  }
}

function noPython(script: string, request: Request): Response {
  request.log(
    "error",
    "wsgi",
    `${script} is Python, and nothing says how that is to run inside the server: load mod_wsgi, or give it a daemon ` +
      "group, with WSGIDaemonProcess and WSGIProcessGroup (or process-group= on its WSGIScriptAlias)",
  );
  return refuse(500);
}
