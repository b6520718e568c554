// A suite of cases → one mocha test per case: the same bytes to a real Apache and to modhost, the answers compared.
import { expect } from "chai";
import {
  chmodSync,
  lchownSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { ConnectionOptions } from "node:tls";
import { show, showLogLine } from "./normalise.js";
import { endCompared, missingForApache, skipWithout, startServer, type Kind, type Server } from "./servers.js";
import { talk, type Answer, type Conversation, type Talk } from "./wire-client.js";

/** A file to create below @ROOT@: its text (latin1), or a link, or a folder; owned by `uid` (user and group) where the tests
 *  may give it away; `mtime` in seconds since the epoch. */
export type FileSpec =
  | string
  | { readonly text: string; readonly mode?: number; readonly mtime?: number; readonly uid?: number }
  | { readonly link: string; readonly uid?: number }
  | { readonly folder: true; readonly mode?: number; readonly uid?: number };

/** One request, or several on one connection, and what to compare. */
export interface Case {
  readonly name: string;
  /** The bytes, in pieces if a later one must wait for an answer. Without it they are made of the next five. */
  readonly raw?: string | readonly string[];
  readonly method?: string;
  readonly target?: string;
  /** Fields as lines. A Host field is put in front unless `host` is null. */
  readonly headers?: readonly string[];
  readonly host?: string | null;
  readonly body?: string;
  /** Address and port (1, 2 or 3) to connect to, where it is not 127.0.0.1 and @PORT@. */
  readonly to?: { readonly host?: string; readonly port?: 1 | 2 | 3 };
  /** Methods of the answers that are due, where it is not one to the first word sent. */
  readonly answers?: readonly string[];
  /** The client ends its side after sending. */
  readonly end?: boolean;
  /** Sent before everything else, a handshake too. */
  readonly preface?: string;
  /** Speaks TLS, so. */
  readonly tls?: ConnectionOptions;
  /** Further requests, each on a connection of its own, made from the answers so far: to send a cookie or nonce back. */
  readonly next?: readonly ((answers: readonly Answer[]) => string)[];
  /** Log files below @RUN@ whose new lines are compared too. */
  readonly logs?: readonly string[];
  /** How many lines of each log an answer makes, where it is not one. */
  readonly linesEach?: number;
  /** Why the two differ here. It is an error when they do not. */
  readonly differs?: string;
}

/** One configuration, the files it serves, and the cases tried against it. */
export interface Suite {
  readonly name: string;
  readonly configuration: string;
  readonly files: Readonly<Record<string, FileSpec>>;
  readonly cases: readonly Case[];
  /** What is missing on this machine for it, beside Apache. */
  readonly needs?: () => string | undefined;
  /** Starts what both servers stand in front of; files are there already. */
  readonly beside?: (root: string) => Promise<{ end(): Promise<void> }>;
  /** What differs from answer to answer, and what to show for it. */
  readonly masks?: readonly (readonly [RegExp, string])[];
}

/** Time of last change of every file a suite creates: 2024-05-01 12:00:00 GMT. */
export const fileTime = 1_714_564_800;

const mimeTypes = `text/html html htm
text/plain txt
text/css css
application/javascript js
application/json json
application/pdf pdf
application/gzip gz
image/png png
image/gif gif
`;

// CONFORMANCE_ONLY=apache (or modhost) prints what that server answers and compares nothing.
const only = process.env["CONFORMANCE_ONLY"] as Kind | undefined;

/** Declares the tests of a suite. */
export function conformance({ name, configuration, files, cases, masks = [], needs, beside }: Suite): void {
  describe(`${name}, as Apache`, function () {
    this.timeout(60_000);
    const kinds: readonly Kind[] = only ? [only] : ["apache", "modhost"];
    const servers: Server[] = [];
    let root = "";
    let other: { end(): Promise<void> } | undefined;

    before(async function () {
      skipWithout(this, (only === "modhost" ? undefined : missingForApache()) ?? needs?.());
      root = mkdtempSync(join(tmpdir(), "conformance-"));
      createFiles(root, { "conf/mime.types": mimeTypes, ...files });
      other = await beside?.(root);
      for (const kind of kinds) servers.push(await startServer(kind, configuration, root));
    });

    after(async () => {
      await endCompared(servers, root, () => other?.end());
    });

    for (const one of cases) {
      it(one.name + (one.differs === undefined ? "" : ` (differs: ${one.differs})`), async () => {
        const ask = async (): Promise<readonly string[]> => {
          const texts: string[] = [];
          for (const server of servers) texts.push(masked(await answerOf(server, one, root), masks));
          return texts;
        };
        const results = one.differs === undefined ? await inOneSecond(ask) : await ask();
        const [expected = "", found = ""] = results;
        if (only) {
          console.log(results.join("\n"));
          expect(results.join("\n")).to.not.match(/no answer in time|connection silent/);
        } else if (one.differs !== undefined) {
          expect(found, "listed as different, and equal").to.not.equal(expected);
        } else {
          expect(found).to.equal(expected);
        }
      });
    }
  });
}

/**
 * Asks both servers; where their answers differ, and were not given within one second of the clock, they are asked again,
 * twice at most: times in answers count whole seconds.
 */
async function inOneSecond(ask: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const second = (): number => Math.floor(Date.now() / 1000);
  for (let again = 0; ; again++) {
    const began = second();
    const texts = await ask();
    if (again === 2 || second() === began || texts[0] === texts[1]) return texts;
  }
}

function masked(text: string, masks: readonly (readonly [RegExp, string])[]): string {
  return masks.reduce((sofar, [pattern, shown]) => sofar.replace(pattern, shown), text);
}

async function answerOf(server: Server, one: Case, root: string): Promise<string> {
  const pieces = piecesOf(one).map((piece) => named(piece, server, root));
  const logs = (one.logs ?? []).map((file) => `${server.run}/${file}`);
  const sizes = logs.map((file) => linesOf(file).length);
  const conversation: Conversation = await talk({
    ...talkOf(one, server),
    pieces,
    methods: one.answers ?? [methodOf(pieces[0] ?? "")],
    probe: one.end || one.logs !== undefined ? undefined : probe,
  });
  let text = show(conversation, server);
  const answers = [...conversation.answers];
  for (const make of one.next ?? []) {
    const piece = named(make(answers), server, root);
    const more = await talk({ ...talkOf(one, server), pieces: [piece], methods: [methodOf(piece)], probe });
    answers.push(...more.answers);
    text += `\n${show(more, server)}`;
  }
  const due = answers.filter(({ statusLine }) => !/^HTTP\/1\.1 1(?!01)/.test(statusLine)).length;
  for (const [index, file] of logs.entries()) {
    const lines = await newLines(file, { had: sizes[index] ?? 0, due: due * (one.linesEach ?? 1) });
    text += lines.map((line) => `\n-- logged ${showLogLine(line, conversation, server)}`).join("");
  }
  return text;
}

function talkOf(one: Case, { ports }: Server): Pick<Talk, "host" | "port" | "end" | "tls" | "preface"> {
  const { host = "127.0.0.1", port = 1 } = one.to ?? {};
  return { host, port: ports[port - 1] ?? 0, end: one.end ?? false, tls: one.tls, preface: one.preface };
}

const methodOf = (request: string): string => /^\S*/.exec(request)?.[0] ?? "";

const probePath = "/conformance-probe";
const probe = `GET ${probePath} HTTP/1.1\r\nHost: probe.test\r\nConnection: close\r\n\r\n`;

function piecesOf({
  raw,
  method = "GET",
  target = "/",
  headers = [],
  host = "www.test",
  body,
}: Case): readonly string[] {
  if (raw !== undefined) return typeof raw === "string" ? [raw] : raw;
  const lines = [`${method} ${target} HTTP/1.1`, ...(host === null ? [] : [`Host: ${host}`]), ...headers];
  if (body !== undefined && !headers.some((line) => /^(content-length|transfer-encoding):/i.test(line))) {
    lines.push(`Content-Length: ${Buffer.byteLength(body, "latin1")}`);
  }
  return [`${lines.join("\r\n")}\r\n\r\n${body ?? ""}`];
}

function named(text: string, { ports }: Server, root: string): string {
  return text
    .replaceAll("@ROOT@", root)
    .replaceAll("@PORT@", String(ports[0]))
    .replaceAll("@PORT2@", String(ports[1]))
    .replaceAll("@PORT3@", String(ports[2]));
}

/** The lines of a log, but those of probes, which may come as late as in the next case. */
export function linesOf(file: string): readonly string[] {
  try {
    const lines = readFileSync(file, "latin1").split("\n").slice(0, -1);
    return lines.filter((line) => !line.includes(probePath));
  } catch {
    return [];
  }
}

/** A line is written after its answer, so that it may have to be waited for. */
async function newLines(file: string, { had, due }: { had: number; due: number }): Promise<readonly string[]> {
  const deadline = Date.now() + 3_000;
  while (linesOf(file).length < had + due && Date.now() < deadline) await pause(10);
  return linesOf(file).slice(had);
}

function own(path: string, uid: number | undefined): void {
  if (uid !== undefined && process.getuid?.() === 0) lchownSync(path, uid, uid);
}

function createFiles(root: string, files: Readonly<Record<string, FileSpec>>): void {
  chmodSync(root, 0o755);
  for (const [name, spec] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    if (typeof spec === "object" && "link" in spec) {
      symlinkSync(spec.link.replaceAll("@ROOT@", root), path);
      own(path, spec.uid);
      lutimesSync(path, fileTime, fileTime);
    } else if (typeof spec === "object" && "folder" in spec) {
      mkdirSync(path, { recursive: true });
      own(path, spec.uid);
      chmodSync(path, spec.mode ?? 0o755);
    } else {
      const { text, mode = 0o644, mtime = fileTime } = typeof spec === "string" ? { text: spec } : spec;
      writeFileSync(path, text.replaceAll("@ROOT@", root), "latin1");
      if (typeof spec === "object") own(path, spec.uid);
      chmodSync(path, mode);
      utimesSync(path, mtime, mtime);
    }
  }
  // Folders too: what was changed within the last second has a weak tag.
  for (const name of Object.keys(files)) {
    for (let folder = dirname(join(root, name)); folder.length > root.length; folder = dirname(folder)) {
      utimesSync(folder, fileTime, fileTime);
    }
  }
}
