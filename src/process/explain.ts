// One request taken through a compiled server, from its first byte on → the story of it: who did what, and by which lines.
import {
  answer,
  Headers,
  type Applications,
  type ErrorLog,
  type LogEntry,
  type Origin,
  type Phase,
  type RequestRehearsal,
  type Response,
  type ScriptAnswers,
  type Verdict,
} from "../api/index.js";
import type { CompiledHost, CompiledServer } from "../config/compile.js";
import type { BoundHook } from "../config/merge.js";
import { settingsMade } from "../config/settings-lines.js";
import type { HostChoice, Observer } from "../server/observer.js";
import { Pipeline, runHook } from "../server/pipeline.js";
import type { ServerRequest } from "../server/request.js";
import { askServer, type ClientRequest } from "./rehearsed-client.js";

/** What is to be explained. */
export type Question = ClientRequest;

/** A place in the configuration, as JSON has it. */
export interface PlaceText {
  readonly file: string;
  readonly line: number;
}

/** A line that a hook went by. */
export interface StepLine extends PlaceText {
  readonly text: string;
}

/** What a hook did. */
export interface StepStory {
  readonly phase: Phase;
  /** "server" for the look at the file system between mapToStorage and headerParser. */
  readonly module: string;
  /** "declined", "done", "answered 403", or what it would have done. */
  readonly verdict: string;
  /** What it changed of the request: field, before, after. */
  readonly changes: readonly { readonly field: string; readonly from: string; readonly to: string }[];
  /** The lines it went by, where it says so: an Alias, a Redirect, each RewriteRule that matched. */
  readonly lines: readonly StepLine[];
  /** What it said to the error log. */
  readonly messages: readonly string[];
}

/** A section in force. */
export interface SectionStory extends PlaceText {
  /** `<Directory /srv>`. */
  readonly section: string;
  /** What it was compared with. */
  readonly because: string;
}

/** A line in force. */
export interface LineStory extends PlaceText {
  readonly text: string;
  /** "main server", "virtual host", or the section. */
  readonly inside: string;
}

/** A request, a look-up or an internal redirect, from its target to what became of it. */
export interface RequestStory {
  readonly kind: "request" | "look-up" | "internal redirect";
  readonly method: string;
  readonly target: string;
  readonly path: string;
  readonly filename: string;
  readonly pathInfo: string;
  readonly handler: string | undefined;
  readonly contentType: string | undefined;
  readonly user: string | undefined;
  readonly steps: readonly StepStory[];
  readonly sections: readonly SectionStory[];
  readonly settings: readonly {
    readonly module: string;
    /** Whether a hook of it, or of one that shares its settings, has something to do. */
    readonly acts: boolean;
    readonly lines: readonly LineStory[];
  }[];
  /** Modules with something to do under the final settings, in order. */
  readonly hooks: Readonly<Record<string, readonly string[]>>;
  readonly environment: Readonly<Record<string, string>>;
}

/** The whole story of a request. */
export interface Explanation {
  readonly method: string;
  readonly url: string;
  readonly connection: { readonly local: string; readonly client: string; readonly secure: boolean };
  readonly virtualHost: PlaceText & { readonly name: string; readonly why: readonly string[] };
  /** The request itself, then look-ups and internal redirects, as they began. */
  readonly requests: readonly RequestStory[];
  readonly outcome: {
    readonly status: number;
    /** Who gave the final status: "mod_authz_core in authChecker". */
    readonly by: string;
    readonly refused: boolean;
    /** What is not done for an explanation, and decides the answer: an application, a back end. */
    readonly foretold: string | undefined;
    readonly headers: readonly (readonly [string, string])[];
  };
}

/** A server made for explanations: its logs speak to the one who listens. */
export interface Rehearsal {
  readonly server: CompiledServer;
  /** What is written to any error log goes here. */
  readonly listen: (hear: (entry: LogEntry) => void) => void;
}

/** An error log that hands entries on down to level info. */
export function listeningLog(hear: (entry: LogEntry) => void): ErrorLog {
  const taken = new Set(["emerg", "alert", "crit", "error", "warn", "notice", "info"]);
  return { write: hear, takes: (level) => taken.has(level) };
}

/**
 * Takes one request through a server, by the way of one from a client: nothing is sent to others or logged, and no
 * application runs. Rejects with the reason where a client would get no answer at all.
 */
export async function explain({ server, listen }: Rehearsal, question: Question): Promise<Explanation> {
  const storyteller = new Storyteller();
  const heard: string[] = [];
  listen(({ module, message }) => {
    heard.push(message);
    storyteller.heard(`[${module}] ${message}`);
  });
  const pipeline = new Pipeline(
    server,
    rehearsedApplications((text) => storyteller.foretold(text)),
    storyteller,
  );
  const local = addressText(question.localAddress, question.localPort);
  if (question.secure && !pipeline.tls(question.localAddress, question.localPort)) {
    throw new Error(
      `no TLS is spoken at ${local}: a client gets no answer. Behind a front end that ends TLS, ask for what that one sends on: ` +
        `an http:// URL with its fields (--header "X-Forwarded-Proto: https")`,
    );
  }
  const response = await askServer(pipeline, question);
  const { request, choice } = storyteller;
  if (!response || !request || !choice) {
    throw new Error(["the connection ends without an answer", ...heard].join(": "));
  }
  const { virtualHost } = request;
  return {
    method: question.method,
    url: urlOf(question, request.headers.get("host") ?? ""),
    connection: { local, client: question.remoteAddress, secure: question.secure },
    virtualHost: { name: virtualHost.serverName, ...placeOf(virtualHost.origin), why: whyHost(request, choice) },
    requests: storyteller.stories(server),
    outcome: {
      status: response.status,
      by: storyteller.decidedBy ?? "server",
      refused: response.status >= 400,
      foretold: storyteller.decidedFor,
      headers: storyteller.decidedFor === undefined ? response.headers.filter(([name]) => !isOfEach(name)) : [],
    },
  };
}

/** Fields that each answer has, whatever was asked. */
function isOfEach(name: string): boolean {
  return ["date", "server", "connection"].includes(name.toLowerCase());
}

function urlOf({ secure, target }: Question, host: string): string {
  return target.startsWith("/") ? `${secure ? "https" : "http"}://${host}${target}` : target;
}

function addressText(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function placeOf({ file, line }: Origin): PlaceText {
  return { file, line };
}

/** Applications that say what they would run, and answer as if they had. */
function rehearsedApplications(tell: (text: string) => void): Applications {
  return {
    run: ({ script, callable, processGroup, applicationGroup }) => {
      const where = processGroup === "" ? "embedded in the worker" : `in process group "${processGroup}"`;
      const group = applicationGroup === "" ? "the main application group" : `application group "${applicationGroup}"`;
      tell(`runs ${callable} of ${script} ${where}, ${group}`);
      return answer(200, new Headers(), Buffer.alloc(0));
    },
    ask: ({ script, role }) => {
      tell(`asks ${script} (${role}), which is not run here and taken to have no opinion`);
      return Promise.resolve(noOpinions[role]);
    },
  };
}

const noOpinions: ScriptAnswers = { access: null, password: null, realm: null, groups: [], dispatch: {} };

/** The sentences that say why this virtual host answers. */
function whyHost({ hostname, virtualHost, connection }: ServerRequest, { group, named }: HostChoice): string[] {
  const local = addressText(connection.localAddress, connection.localPort);
  if (group.address === "") return [`no <VirtualHost> has the address ${local}: the main server answers`];
  const { hosts } = group;
  const first = `the connection comes to ${local}: ${hosts.length === 1 ? "one virtual host has" : `${hosts.length} virtual hosts have`} the address ${group.address}`;
  if (hosts.length === 1) return [first, "it is the only one, whatever the Host field says"];
  if (named) return [first, `"${hostname}" is ${howNamed(virtualHost, hostname)}`];
  const nobody = hostname === "" ? "the client names no host" : `none of them has the name "${hostname}"`;
  return [first, `${nobody}: the first of them is the default`];
}

function howNamed({ serverName, aliases }: CompiledHost, hostname: string): string {
  if (serverName.toLowerCase() === hostname) return "its ServerName";
  const exact = aliases.find((alias) => alias.toLowerCase() === hostname);
  if (exact !== undefined) return "a ServerAlias of it";
  const wild = aliases.filter((alias) => /[*?]/.test(alias)).map((alias) => `"${alias}"`);
  return `matched by its ServerAlias ${wild.join(" or ")}`;
}

/** The parts of a request that hooks change, as texts. */
const watched = [
  "method",
  "path",
  "query",
  "filename",
  "pathInfo",
  "handler",
  "contentType",
  "user",
  "authType",
] as const;

type Snapshot = ReadonlyMap<string, string>;

function snapshot(request: ServerRequest): Snapshot {
  const fields = watched.map((name): [string, string] => [name, request[name] ?? ""]);
  const variables = [...request.environment].map(([name, value]): [string, string] => [`environment ${name}`, value]);
  return new Map([...fields, ...variables]);
}

function changesBetween(before: Snapshot, after: Snapshot): StepStory["changes"] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].flatMap((field) => {
    const [from = "", to = ""] = [before.get(field), after.get(field)];
    return from === to ? [] : [{ field, from, to }];
  });
}

interface Told {
  readonly request: ServerRequest;
  readonly steps: StepStory[];
}

/** Watches the pipeline and keeps what it sees. */
class Storyteller implements Observer, RequestRehearsal {
  readonly rehearsal = this;
  request: ServerRequest | undefined;
  choice: HostChoice | undefined;
  /** Whoever gave the response that counts. */
  decidedBy: string | undefined;
  decidedFor: string | undefined;
  readonly #told: Told[] = [];
  #messages: string[] = [];
  #lines: StepLine[] = [];
  #foretold: string | undefined;

  hostChosen(request: ServerRequest, choice: HostChoice): void {
    this.request = request;
    this.choice = choice;
    this.#told.push({ request, steps: [] });
  }

  begun(request: ServerRequest): void {
    if (!this.#told.some((each) => each.request === request)) this.#told.push({ request, steps: [] });
  }

  heard(message: string): void {
    this.#messages.push(message);
  }

  foretold(text: string): void {
    this.#foretold = text;
  }

  insteadOf(deed: string): Response {
    this.#foretold = deed;
    return answer(200, new Headers(), Buffer.alloc(0));
  }

  wentBy(request: ServerRequest, origin: Origin): void {
    this.#lines.push({ text: lineText(request, origin), ...placeOf(origin) });
  }

  run(request: ServerRequest, phase: Phase, hook: BoundHook): Verdict | Promise<Verdict> {
    const before = snapshot(request);
    const messages: string[] = [];
    const lines: StepLine[] = [];
    const outer = { messages: this.#messages, lines: this.#lines };
    this.#messages = messages;
    this.#lines = lines;
    const end = (verdict: Verdict): Verdict => {
      this.#messages = outer.messages;
      this.#lines = outer.lines;
      this.#note(request, { phase, module: hook.module, before, verdict, lines, messages });
      return verdict;
    };
    const verdict = runHook(request, hook);
    return verdict instanceof Promise ? verdict.then(end) : end(verdict);
  }

  mapped(request: ServerRequest, refused: Response | undefined): void {
    const found = request.file
      ? request.file.isDirectory()
        ? "found a directory"
        : "found a file"
      : request.filename.startsWith("proxy:") || request.filename === ""
        ? "nothing to look for in the file system"
        : "found nothing there";
    const verdict = refused ? `answered ${refused.status}` : found;
    if (refused) this.decidedBy = "the look at the file system";
    const messages = this.#messages.splice(0);
    this.#stepsOf(request).push({ phase: "mapToStorage", module: "server", verdict, changes: [], lines: [], messages });
  }

  stories(server: CompiledServer): RequestStory[] {
    return this.#told.map(({ request, steps }) => storyOf(request, steps, server));
  }

  #note(
    request: ServerRequest,
    step: Pick<StepStory, "phase" | "module" | "lines" | "messages"> & {
      readonly before: Snapshot;
      readonly verdict: Verdict;
    },
  ): void {
    const { phase, module, before, verdict, lines, messages } = step;
    const changes = changesBetween(before, snapshot(request));
    const isAnswer = verdict !== undefined && verdict !== "done";
    const told = this.#foretold;
    this.#foretold = undefined;
    const text = told ?? (isAnswer ? `answered ${verdict.status}` : (verdict ?? "declined"));
    // An ErrorDocument is served by others than the one who refused; where that is not done here, its status is not known.
    const refused = request.errorStatus;
    if (isAnswer && !request.parent && (refused === undefined || told !== undefined)) {
      const suffix =
        refused === undefined ? "" : `, as ErrorDocument of the ${refused} by ${this.decidedBy ?? "server"}`;
      this.decidedBy = `${module} in ${phase}`;
      this.decidedFor = told === undefined ? undefined : `${told}${suffix}`;
    }
    this.#stepsOf(request).push({ phase, module, verdict: text, changes, lines, messages });
  }

  #stepsOf(request: ServerRequest): StepStory[] {
    this.begun(request);
    return this.#told.find((each) => each.request === request)?.steps ?? [];
  }
}

function storyOf(request: ServerRequest, steps: readonly StepStory[], server: CompiledServer): RequestStory {
  const { plan, virtualHost } = request;
  const bound = Object.entries(plan.hooks).filter(([, hooks]) => hooks.length > 0);
  const acting = new Set(bound.flatMap(([, hooks]) => hooks.map(({ module }) => module)));
  const owners = new Set(server.modules.filter(({ name }) => acting.has(name)).map((each) => each.settingsOwner));
  return {
    kind: request.parent ? "look-up" : request.previous ? "internal redirect" : "request",
    method: request.headOnly ? "HEAD" : request.method,
    target: request.target,
    path: request.path,
    filename: request.filename,
    pathInfo: request.pathInfo,
    handler: request.handler,
    contentType: request.contentType,
    user: request.user,
    steps,
    sections: plan.sections.map((section) => ({
      section: sectionText(section),
      ...placeOf(section.origin),
      because: subjectOf(section.matcher.kind, request),
    })),
    settings: server.modules
      .map((module) => ({
        module: module.name,
        acts: owners.has(module.name),
        lines: linesOf(request, virtualHost, module),
      }))
      .filter(({ acts, module, lines }) => lines.length > 0 && (acts || mayAct(module, server))),
    hooks: Object.fromEntries(bound.map(([step, hooks]) => [step, hooks.map(({ module }) => module)])),
    environment: Object.fromEntries(request.environment),
  };
}

/** The line that stands at a place, as written; a module goes by none but those in force for the request. */
function lineText({ plan, virtualHost }: ServerRequest, origin: Origin): string {
  const bodies = [...virtualHost.bodies, ...plan.sections.map(({ body }) => body)];
  for (const { setBy } of bodies) {
    for (const lines of setBy.values()) {
      const line = lines.find((each) => each.origin === origin);
      if (line) return `${line.directive} ${line.text}`.trimEnd();
    }
  }
  return "a line";
}

/** Whether a module, or one that shares its settings, has hooks at all. */
function mayAct(name: string, { modules }: CompiledServer): boolean {
  return modules.some(({ settingsOwner, hooks }) => settingsOwner === name && Object.keys(hooks).length > 0);
}

function sectionText({ name, argument }: { readonly name: string; readonly argument: string }): string {
  return `<${name}${argument === "" ? "" : ` ${argument}`}>`;
}

function subjectOf(kind: string, { path, filename }: ServerRequest): string {
  if (kind.startsWith("location")) return path;
  if (kind.startsWith("directory")) return filename;
  if (kind.startsWith("files")) return filename.slice(filename.lastIndexOf("/") + 1);
  if (kind.startsWith("proxy")) return filename.slice("proxy:".length);
  return "";
}

/** Each line once, in the order of the layers, however many settings it made. */
function linesOf({ plan }: ServerRequest, host: CompiledHost, module: Parameters<typeof settingsMade>[2]): LineStory[] {
  const seen = new Set<Origin>();
  return settingsMade(host, plan, module).flatMap(({ lines }) =>
    lines.flatMap(({ directive, text, origin, inside }): LineStory[] => {
      if (seen.has(origin)) return [];
      seen.add(origin);
      const where = typeof inside === "string" ? inside : sectionText(inside);
      return [{ text: `${directive}${text === "" ? "" : ` ${text}`}`, ...placeOf(origin), inside: where }];
    }),
  );
}
