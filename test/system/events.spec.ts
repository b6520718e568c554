// Server-sent events: each arrives before its application may send the next, in every calling convention and place.
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { expect } from "chai";
import { needPython } from "../support/debian.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const python = `
import os, time

def events(environ):
    for number in range(1, 6):
        # Another may come only when the test has the one before.
        while number > 1 and not os.path.exists("%s/go-%s-%d" % (os.path.dirname(__file__), environ["QUERY_STRING"], number)):
            time.sleep(0.005)
        yield b"id: %d\\ndata: event\\n\\n" % number

def iterated(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache")])
    return events(environ)

def written(environ, start_response):
    write = start_response("200 OK", [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache")])
    for event in events(environ):
        write(event)
    return []

def application(environ, start_response):
    return {"/iterated": iterated, "/written": written}[environ["PATH_INFO"]](environ, start_response)
`;

const events = `
import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

export async function* events(run) {
  for (let number = 1; number <= 5; number++) {
    while (number > 1 && !existsSync(import.meta.dirname + "/go-" + run + "-" + number)) await pause(5);
    yield "id: " + number + "\\ndata: event\\n\\n";
  }
}
`;

const listener = `
import { events } from "./events.mjs";
export default async (request, response) => {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  for await (const event of events(request.url.split("?")[1])) response.write(event);
  response.end();
};
`;

const fetching = `
import { events } from "./events.mjs";
export const fetch = (request) => {
  const source = events(new URL(request.url).search.slice(1));
  const body = new ReadableStream({
    async pull(controller) {
      const { done, value } = await source.next();
      if (done) controller.close();
      else controller.enqueue(new TextEncoder().encode(value));
    },
  });
  return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
};
`;

const convention = `
import { events } from "./events.mjs";
export function application(environ, startResponse) {
  startResponse("200 OK", [["Content-Type", "text/event-stream"]]);
  return events(environ.QUERY_STRING);
}
`;

const scripts = ["listener", "fetching", "convention"];
const configuration = `
WSGIDaemonProcess events processes=1 threads=5
WSGIScriptAlias /python @ROOT@/app/events.wsgi process-group=events application-group=%{GLOBAL}
${scripts
  .map(
    (name) => `WSGIScriptAlias /group/${name} @ROOT@/app/${name}.mjs process-group=events application-group=%{GLOBAL}
WSGIScriptAlias /${name} @ROOT@/app/${name}.mjs`,
  )
  .join("\n")}
<Directory @ROOT@/app>
    Require all granted
</Directory>
`;

describe("server-sent events", function () {
  this.timeout(60_000);
  let served: ServedRoot;

  before(async function () {
    needPython(this);
    served = await serveModhost(configuration, {
      files: {
        "app/events.wsgi": python,
        "app/events.mjs": events,
        "app/listener.mjs": listener,
        "app/fetching.mjs": fetching,
        "app/convention.mjs": convention,
      },
      modules: ["wsgi"],
    });
  });
  after(() => served?.end());

  const rows: readonly (readonly [what: string, path: string])[] = [
    ["a generator in Python", "/python/iterated"],
    ["write() in Python", "/python/written"],
    ...["", "/group"].flatMap((place) =>
      (
        [
          ["a listener", "listener"],
          ["a fetch handler", "fetching"],
          ["application(environ, startResponse)", "convention"],
        ] as const
      ).map(
        ([what, name]) => [`${what} in ${place ? "a Node daemon" : "the HTTP worker"}`, `${place}/${name}`] as const,
      ),
    ),
  ];
  for (const [what, path] of rows) {
    it(`come one by one from ${what}`, async () => {
      const run = path.replaceAll("/", "");
      const [response] = (await once(get(served.url(`${path}?${run}`), { agent: false }), "response")) as [
        IncomingMessage,
      ];
      expect(response.headers["content-type"]).to.equal("text/event-stream");
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      let expected = "";
      for (let number = 1; number <= 5; number++) {
        if (number > 1) writeFileSync(join(served.root, `app/go-${run}-${number}`), "");
        expected += `id: ${number}\ndata: event\n\n`;
        await until(`event ${number} has come`, () => text.length >= expected.length);
        expect(text).to.equal(expected);
      }
      await until("the end has come", () => response.complete);
    });
  }
});
