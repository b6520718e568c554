// The WSGI applications of the tests → the same answers under wsgiref.validate, which refuses whatever breaks PEP 3333.
import { readdirSync, readFileSync } from "node:fs";
import { request, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import { answersApplication } from "../conformance/answers-application.js";
import { dumpApplication, variablesApplication } from "../conformance/dump-application.js";
import { needPython } from "../support/debian.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const checkout = fileURLToPath(new URL("../..", import.meta.url));

/** What makes a script a validated one; warnings are errors too. */
const validated = `
import warnings as _warnings
from wsgiref import validate as _validate

_warnings.simplefilter("error", _validate.WSGIWarning)
for _name in ("application", "left_out", "chosen", "redirected"):
    if _name in globals():
        globals()[_name] = _validate.validator(globals()[_name])
`;

const noType = "names no Content-Type";
const noSize = "calls read() without a size, which PEP 3333 does not ask of servers";
const afterwards = "begins its body before start_response";
const wrong = "gives the server what it must refuse";

/** Functions of the applications that the validator refuses, and why. */
const refused: Readonly<Record<string, string>> = {
  "answers/no-type": noType,
  "answers/late-start": afterwards,
  "answers/never-starts": afterwards,
  "answers/none": wrong,
  "answers/text": wrong,
  "answers/one-text": wrong,
  "answers/one-bytes": wrong,
  "answers/odd-fields": wrong,
  "answers/echo": noSize,
  "answers/echo-parts": noSize,
  "styles/fails-started": noType,
  "styles/twice": noType,
  "styles/closing-bad-item": wrong,
};

/** Those that are not asked, and why: functions, or whole applications. */
const notAsked: Readonly<Record<string, string>> = {
  "styles/dies": "ends the process",
  "styles/dies-later": "ends the process",
  "styles/endless": "never ends",
  "styles/trickle": "never ends",
  "styles/file": "takes a path as its query",
  "compression.cases": noSize,
  "http2.spec": noSize,
  "http2-clients.spec": noSize,
  "kept-bodies.cases": noSize,
  "login-forms.cases": noSize,
  "faults.spec": "waits for files that its test makes",
  "events.spec": "waits for files that its test makes",
  "weak-points.spec": "waits for files that its test makes",
  "cherrypy-suite.long": "has nothing but what its test asks it to mount",
  "wsgi-ssl.cases": "shows what a script has looked up before",
  "services.spec": "imports modules that its test makes",
  "chroot.spec": "imports a module from inside of its chroot",
  applications: "never ends",
};

/** Those whose answers differ from one time to the next; all but two by how far they get before they fail. */
const varying = new Set([
  "styles/pid",
  "styles/dump",
  "styles/replaced-late",
  "styles/fails-in-middle",
  "styles/short",
  "styles/file-too-short",
  "answers/raises-midway",
  "answers/starts-twice-late",
]);

const queries: Readonly<Record<string, string>> = {
  status: "?299%20Fine",
  "status-length": "?299%20Fine",
  fields: "?Content-Type:text/plain|X-A:1",
  "odd-fields": "?int",
  "read-sized": "?3",
  "read-line-sized": "?3",
  "read-lines": "?5",
  sleeps: "?0.01",
};

const configuration = `
WSGIDaemonProcess validated processes=1 threads=5
WSGIProcessGroup validated
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias /plain @ROOT@/plain
WSGIScriptAlias /validated @ROOT@/validated
WSGIScriptAlias /left-out @ROOT@/validated/dump.wsgi callable-object=left_out
WSGIScriptAlias /chosen @ROOT@/validated/dump.wsgi callable-object=chosen
WSGIScriptAlias /redirected @ROOT@/validated/dump.wsgi callable-object=redirected
<Directory @ROOT@>
    Require all granted
</Directory>
`;

/** What the others are asked for, where it is not their root. */
const paths: Readonly<Record<string, string>> = { "big-bodies": "tell", "pep3333.spec": "writes" };

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly isWhole: boolean;
}

/** Script names and texts. */
const scripts = new Map([
  ["answers", answersApplication],
  ["dump", dumpApplication],
  ["variables", variablesApplication],
  ...["test/process/fixtures/hello.wsgi", "test/process/fixtures/styles.wsgi", "examples/wsgi/app.wsgi"].map(
    (file) => [basename(file, ".wsgi"), readFileSync(join(checkout, file), "utf8")] as const,
  ),
  ...inlineApplications(),
]);

describe("a WSGI application of these tests, under wsgiref.validate", function () {
  this.timeout(60_000);
  let served: ServedRoot;

  before(async function () {
    needPython(this);
    const files: Record<string, string> = {};
    for (const folder of ["plain", "validated"]) files[`${folder}/data.txt`] = "0123456789".repeat(10);
    for (const [name, text] of scripts) {
      files[`plain/${name}.wsgi`] = text;
      files[`validated/${name}.wsgi`] = text + validated;
    }
    served = await serveModhost(configuration, { files, modules: ["wsgi"] });
  });
  after(() => served?.end());

  /** What the validator said since then. */
  const refusalSince = (from: number): string | undefined =>
    /(?:AssertionError|WSGIWarning)(?:: .*)?$/m.exec(served.errors().slice(from))?.[0];

  for (const name of ["answers", "styles"]) {
    for (const path of functionsOf(scripts.get(name) ?? "")) {
      const one = `${name}/${path}`;
      if (notAsked[one] !== undefined) continue;
      const target = `/${name}.wsgi/${path}${queries[path] ?? ""}`;
      if (refused[one] !== undefined) {
        it(`${one} is refused: it ${refused[one]}`, async () => {
          const from = served.errors().length;
          await ask(served.url(`/validated${target}`));
          await until("the validator has said why", () => refusalSince(from) !== undefined);
        });
        continue;
      }
      it(`${one} answers as it does without`, async () => {
        const plain = await ask(served.url(`/plain${target}`));
        const from = served.errors().length;
        const answer = await ask(served.url(`/validated${target}`));
        if (!varying.has(one)) expect(answer).to.deep.equal(plain);
        expect(refusalSince(from)).to.equal(undefined);
      });
    }
  }

  for (const name of scripts.keys()) {
    if (name === "answers" || name === "styles" || notAsked[name] !== undefined) continue;
    for (const mount of name === "dump" ? ["/validated", "/left-out", "/chosen", "/redirected"] : ["/validated"]) {
      it(`${name} answers${mount === "/validated" ? "" : ` at ${mount}`}`, async () => {
        const from = served.errors().length;
        const { status, isWhole } = await ask(
          served.url(mount === "/validated" ? `${mount}/${name}.wsgi/${paths[name] ?? ""}` : mount),
        );
        expect({ status, isWhole, refusal: refusalSince(from) }).to.deep.equal({
          ...{ status: 200, isWhole: true, refusal: undefined },
        });
      });
    }
  }

  it("has each iterable closed", () => {
    expect(served.errors()).not.to.include("garbage collected without being closed");
  });
});

/** Answers to a POST with a short body. */
async function ask(url: string): Promise<Answer> {
  const [response] = (await once(
    request(url, { method: "POST", agent: false }).end("one\ntwo\nthree"),
    "response",
  )) as [IncomingMessage];
  let body = "";
  response.setEncoding("latin1").on("data", (piece: string) => (body += piece));
  await new Promise((resolve) => response.on("close", resolve).on("error", () => undefined));
  return { status: response.statusCode, body, isWhole: response.complete };
}

/** Names of the functions of a script that answer, with hyphens. */
function functionsOf(text: string): string[] {
  const names = [...text.matchAll(/^def (\w+)\(environ, start(?:_response)?\):/gm)].map(([, name = ""]) => name);
  return names.filter((name) => name !== "application").map((name) => name.replaceAll("_", "-"));
}

/** Applications that stand as texts in the tests and benchmarks, by file. */
function inlineApplications(): [name: string, text: string][] {
  const found: [string, string][] = [];
  for (const folder of ["test", "bench"]) {
    for (const name of readdirSync(join(checkout, folder), { recursive: true, encoding: "utf8" })) {
      const file = join(folder, name);
      if (!name.endsWith(".ts") || fileURLToPath(import.meta.url).endsWith(file)) continue;
      const literals =
        readFileSync(join(checkout, file), "utf8").match(/(?:String\.raw)?`[^`]*\bdef application\(environ[^`]*`/g) ??
        [];
      for (const literal of literals) {
        // Those with something to fill in, and those above, are imported.
        if (literal.includes("${") || literal.includes(answersApplication)) continue;
        const text = runInNewContext(literal, { String }) as string;
        if (![answersApplication, variablesApplication].includes(text)) found.push([basename(file, ".ts"), text]);
      }
    }
  }
  return found;
}
