// The arguments of exec → the output of a command of the shell, or of a CGI script.
import { core, escapePath, leavePlace, startProgram, takePlace, type Request } from "../../api/index.js";
import { decodeEntities } from "./encoding.js";
import { lookupPath } from "./files.js";
import { served } from "./inclusion.js";
import type { Page } from "./page.js";
import type { Argument } from "./parse.js";

/** Each cmd and cgi in turn. */
export async function* exec(page: Page, args: readonly Argument[]): AsyncGenerator<Buffer> {
  if (!page.allowsExec) {
    yield bytes(page.fail("AH03195: exec used but not allowed"));
    return;
  }
  for (const { name, value } of args) {
    if (value === undefined) return;
    const text = decodeEntities(value);
    if (name === "cmd") yield* command(page, page.variables.expand(text, true));
    else if (name === "cgi") yield* script(page, page.variables.expand(text));
    else {
      yield bytes(page.fail(`AH03196: unknown parameter "${name}" to tag exec`));
      return;
    }
  }
}

/** A script gets path info and query of the page, not its own. */
async function* script(page: Page, url: string): AsyncGenerator<Buffer> {
  const found = await lookupPath(page, url);
  const { request } = found;
  const isPlain = found.status === 200 && request.pathInfo === "" && request.query === undefined;
  if (!isPlain || !request.file?.isFile()) {
    yield bytes(page.fail(`AH03197: invalid CGI ref "${url}"`));
    return;
  }
  request.pathInfo = page.request.pathInfo;
  request.query = page.request.query;
  request.handler ??= "cgi-script";
  const fault = yield* served(page, found);
  if (fault !== undefined) page.fail(`invalid CGI ref "${url}": ${fault}`);
}

async function* command(page: Page, text: string): AsyncGenerator<Buffer> {
  const { request } = page;
  if (request.rehearsal) return;
  const place = takePlace();
  if (place === false) {
    yield bytes(page.fail("too many programs run and wait already"));
    return;
  }
  if (place !== true) await place;
  const { timeout, processLimits } = request.settings(core);
  const environment = new Map(page.variables.all());
  await addPathInfo(request, environment);
  const program = startProgram({
    file: "/bin/sh",
    args: ["-c", text],
    directory: request.filename.slice(0, request.filename.lastIndexOf("/") + 1),
    environment,
    limits: processLimits,
    input: "nothing",
  });
  const { stdout, stderr } = program;
  program.process.once(program.process.pid === undefined ? "error" : "exit", leavePlace);
  const end = (): void => program.end();
  request.connection.signal.addEventListener("abort", end);
  let timer = setTimeout(end, timeout);
  stderr.setEncoding("latin1").on("data", (lines: string) => {
    for (const line of lines.split("\n"))
      if (line !== "") request.log("error", "include", `stderr from exec: ${line.slice(0, 8192)}`);
  });
  try {
    for await (const piece of stdout) {
      clearTimeout(timer);
      yield piece as Buffer;
      timer = setTimeout(end, timeout);
    }
  } finally {
    clearTimeout(timer);
    request.connection.signal.removeEventListener("abort", end);
    // The output has ended, or nobody wants the rest.
    setTimeout(() => {
      if (!program.hasEnded) program.end();
    }, 1000).unref();
  }
}

async function addPathInfo(request: Request, environment: Map<string, string>): Promise<void> {
  const { pathInfo } = request;
  if (pathInfo === "") return;
  environment.set("PATH_INFO", pathInfo);
  const found = await request.lookup(escapePath(pathInfo));
  environment.set("PATH_TRANSLATED", found.request.filename + found.request.pathInfo);
}

function bytes(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
