// The numbers of all workers → the page of the status, as Apache lays it out.
import { loadavg } from "node:os";
import { escapeHtml, type ConnectionReport, type ServerReport } from "../../api/index.js";
import { busyOf, connectionsOf, dateOf, durationOf, freeOf, numbersOf, shortNumber, sizeOf } from "./numbers.js";
import type { PageOptions } from "./text.js";

/** Bytes of a request line that are shown. */
const shown = 63;
const lineWidth = 64;

const key = [
  ["_", "Waiting for Connection", ", "],
  ["R", "Reading Request", ",<br />"],
  ["W", "Sending Reply", ", "],
  ["K", "Keepalive (read)", ", "],
  ["C", "Closing connection", ",<br />"],
  ["G", "Gracefully finishing", "<br />"],
] as const;

/** The page for people; `asTable`: requests stand in a table. */
export function pageOf(report: ServerReport, options: PageOptions, asTable: boolean): string {
  const { serverName, localAddress, extended, now } = options;
  const { scoreboard } = numbersOf(report, now);
  const board = scoreboard.match(new RegExp(`.{1,${lineWidth}}`, "g")) ?? [];
  return [
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">',
    "<html><head>",
    "<title>Apache Status</title>",
    "</head><body>",
    `<h1>Apache Server Status for ${escapeHtml(serverName)} (via ${escapeHtml(localAddress)})</h1>`,
    "",
    head(report, options),
    "",
    processes(report, options),
    `<pre>${board.join("\n")}</pre>`,
    "<p>Scoreboard Key:<br />",
    ...key.map(([letter, meaning, end]) => `"<b><code>${letter}</code></b>" ${meaning}${end}`),
    "</p>",
    extended ? requests(report, options, asTable) : "",
    "</body></html>",
    "",
  ].join("\n");
}

function head(report: ServerReport, { banner, extended, now }: PageOptions): string {
  const all = numbersOf(report, now);
  const load = loadavg().map((value) => value.toFixed(2));
  const lines = [
    `Current Time: ${dateOf(now)}`,
    `Restart Time: ${dateOf(report.startedAt)}`,
    `Parent Server Config. Generation: ${report.generation}`,
    `Parent Server MPM Generation: ${Math.max(0, report.generation - 1)}`,
    `Server uptime:  ${durationOf(all.uptime)}`,
    `Server load: ${load.join(" ")}`,
  ];
  if (extended) {
    const spent = all.userTime + all.systemTime;
    const share = all.uptime > 0 && spent > 0 ? ` - ${shortNumber((spent / all.uptime) * 100)}% CPU load` : "";
    lines.push(
      `Total accesses: ${all.requests} - Total Traffic: ${sizeOf(all.bytes)} - Total Duration: ${Math.round(all.milliseconds)}`,
      `CPU Usage: u${shortNumber(all.userTime)} s${shortNumber(all.systemTime)} cu0 cs0${share}`,
    );
    const rates: string[] = [];
    if (all.uptime > 0) {
      rates.push(`${shortNumber(all.requests / all.uptime)} requests/sec`, `${sizeOf(all.bytes / all.uptime)}/second`);
    }
    if (all.requests > 0) {
      rates.push(
        `${sizeOf(all.bytes / all.requests)}/request`,
        `${shortNumber(all.milliseconds / all.requests)} ms/request`,
      );
    }
    if (rates.length > 0) lines.push(rates.join(" - "));
  }
  lines.push(
    `${all.busy} requests currently being processed, ${all.graceful} workers gracefully restarting, ${all.idle} idle workers`,
    `${all.upgraded} WebSockets open`,
  );
  const product = [`Server Version: ${escapeHtml(banner)}`, "Server MPM: event"];
  return `<dl>${items(product)}</dl><hr /><dl>\n${items(lines)}\n</dl>`;
}

function items(lines: readonly string[]): string {
  return lines.map((line) => `<dt>${line}</dt>`).join("\n");
}

function processes(report: ServerReport, { now }: PageOptions): string {
  const all = numbersOf(report, now);
  const rows = report.workers.map((worker, slot) => {
    const { states, isDraining } = worker;
    const [busy, graceful] = isDraining ? [0, busyOf(worker)] : [busyOf(worker), 0];
    return row([
      ...[slot, worker.pid, isDraining ? "yes" : "no", connectionsOf(worker), isDraining ? "no" : "yes"],
      ...[busy, graceful, freeOf(worker), states.reading, 0, states.kept, states.closing],
    ]);
  });
  const sum = row([
    ...["Sum", all.processes, all.stopping, all.connections, "&nbsp;"],
    ...[all.busy, all.graceful, all.idle, all.reading, 0, all.kept, all.closing],
  ]);
  return [
    '<table rules="all" cellpadding="1%">',
    '<tr><th rowspan="2">Slot</th><th rowspan="2">PID</th><th rowspan="2">Stopping</th><th colspan="2">Connections</th>',
    '<th colspan="3">Threads</th><th colspan="4">Async connections</th></tr>',
    "<tr><th>total</th><th>accepting</th><th>busy</th><th>graceful</th><th>idle</th><th>wait-io</th><th>writing</th>" +
      "<th>keep-alive</th><th>closing</th></tr>",
    ...rows,
    sum,
    "</table>",
  ].join("\n");
}

function row(cells: readonly (string | number)[]): string {
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

const letters: Readonly<Record<ConnectionReport["state"], string>> = {
  reading: "R",
  working: "W",
  kept: "K",
  closing: "C",
};

/** One row, or paragraph, for each connection. */
function requests(report: ServerReport, { tail, now }: PageOptions, asTable: boolean): string {
  const each = report.workers.flatMap((worker, slot) =>
    worker.connections.map((connection) => {
      const letter = connection.state === "kept" || !worker.isDraining ? letters[connection.state] : "G";
      const { requestLine, startedAt } = connection;
      const line = tail ? requestLine.slice(-shown) : requestLine.slice(0, shown);
      const elapsed = startedAt === 0 ? 0 : Math.max(0, now - startedAt);
      return {
        ...{ slot, generation: worker.generation - 1, pid: worker.pid, requests: worker.requests, letter },
        accesses: connection.requests,
        seconds: Math.floor(elapsed / 1000),
        kilobytes: (connection.bytes / 1024).toFixed(1),
        megabytes: (worker.bytes / 1024 ** 2).toFixed(2),
        cpu: ((worker.userTime + worker.systemTime) / 1000).toFixed(2),
        duration: Math.round(worker.milliseconds),
        client: escapeHtml(connection.client),
        host: escapeHtml(connection.host),
        line: escapeHtml(printable(line)),
      };
    }),
  );
  if (!asTable) {
    const texts = each.map(
      (one) =>
        `<b>Server ${one.slot}-${one.generation}</b> (${one.pid}): ${one.accesses}|${one.requests}|${one.requests} [${one.letter}] ` +
        `${one.seconds} (${one.kilobytes} kB|${one.megabytes} MB)\n <i>${one.client} {${one.line}}</i> <i>(http/1.1)</i> <b>[${one.host}]</b><br />\n`,
    );
    return `<hr /><h2>Server Details</h2>\n\n${texts.join("\n")}`;
  }
  const rows = each.map((one) =>
    row([
      ...[`<b>${one.slot}-${one.generation}</b>`, one.pid, `${one.accesses}/${one.requests}/${one.requests}`],
      ...[`<b>${one.letter}</b>`, one.cpu, one.seconds, 0, one.duration, one.kilobytes, one.megabytes, one.megabytes],
      ...[one.client, "http/1.1", one.host, one.line],
    ]),
  );
  const titles = "Srv PID Acc M CPU SS Req Dur Conn Child Slot Client Protocol VHost Request".split(" ");
  return [
    `<table border="0"><tr>${titles.map((title) => `<th>${title}</th>`).join("")}</tr>`,
    ...rows,
    "</table>",
    legend,
  ].join("\n");
}

/** Bytes that are no text, as `\xHH`: a client has sent them. */
function printable(line: string): string {
  return line.replace(/[^\x20-\x7e]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

const legend = [
  " <hr /> <table>",
  ...(
    [
      ["Srv", "Child Server number - generation"],
      ["PID", "OS process ID"],
      ["Acc", "Number of accesses this connection / this child / this slot"],
      ["M", "Mode of operation"],
      ["CPU", "CPU usage, number of seconds"],
      ["SS", "Seconds since beginning of most recent request"],
      ["Req", "Milliseconds required to process most recent request"],
      ["Dur", "Sum of milliseconds required to process all requests"],
      ["Conn", "Kilobytes transferred this connection"],
      ["Child", "Megabytes transferred this child"],
      ["Slot", "Total megabytes transferred this slot"],
    ] as const
  ).map(([name, meaning]) => ` <tr><th>${name}</th><td>${meaning}</td></tr>`),
  " </table>",
].join("\n");
