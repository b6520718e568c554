// SetHandler server-status → a page, or lines for programs, on what all workers do.
import {
  answer,
  core,
  defineModule,
  Headers,
  refuse,
  serverBanner,
  type Request,
  type Response,
  type StatusSection,
  type VirtualHost,
  type WorkerView,
} from "../../api/index.js";
import { pageOf } from "./page.js";
import { textOf } from "./text.js";

/** Seconds, where `?refresh` names none. */
const usualRefresh = 10;

/** The worker by virtual host. */
const workers = new WeakMap<VirtualHost, WorkerView>();

async function handle(request: Request): Promise<Response> {
  const report = workers.get(request.virtualHost)?.report;
  if (!report) {
    request.log("error", "status", "there are no workers to report on");
    return refuse(503);
  }
  let found: Awaited<ReturnType<typeof report>>;
  try {
    found = await report();
  } catch (error) {
    request.log("error", "status", error instanceof Error ? error.message : String(error));
    return refuse(503);
  }
  const { extendedStatus, seeRequestTail, serverTokens } = request.settings(core);
  const query = request.query ?? "";
  const isText = query.includes("auto");
  const options = {
    serverName: request.serverName,
    localAddress: request.connection.localAddress,
    banner: serverBanner(serverTokens),
    extended: extendedStatus ?? true,
    tail: seeRequestTail,
    now: Date.now(),
  };
  const headers = new Headers();
  const refresh = /refresh(?:=\s*(\d{1,9}))?/.exec(query);
  if (refresh) headers.set("Refresh", String(Number(refresh[1] ?? 0) || usualRefresh));
  headers.set("Content-Type", `text/${isText ? "plain" : "html"}; charset=ISO-8859-1`);
  const sections = ([...request.providers("statusSection").values()] as StatusSection[]).map((show) => show(isText));
  const text = isText
    ? textOf(found, options) + sections.join("")
    : pageOf(found, options, !query.includes("notable")).replace(
        "</body></html>",
        () => `${sections.join("")}</body></html>`,
      );
  return answer(200, headers, Buffer.from(text, "latin1"));
}

export default defineModule({
  name: "mod_status",
  summary: "Shows what the server is doing, at `SetHandler server-status`",
  settings: {},
  directives: () => ({}),
  hooks: {
    handler: {
      run: (request) => {
        if (request.handler !== "server-status" || request.method !== "GET") return undefined;
        return request.rehearsal?.insteadOf("shows the status of all workers") ?? handle(request);
      },
    },
  },
  lifecycle: {
    start: (view) => {
      for (const host of view.server.virtualHosts) workers.set(host, view);
    },
  },
});
