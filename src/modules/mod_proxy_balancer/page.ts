// The balancers → a page for people, as Apache lays it out, with the form for what was chosen on it.
import { createHash } from "node:crypto";
import {
  core,
  escapeHtml,
  escapePath,
  serverBanner,
  shortSize,
  signatureOf,
  type HealthCheck,
  type ProxyBalancer,
  type ProxyMember,
  type Request,
} from "../../api/index.js";
import { balancerForm, memberForm } from "./forms.js";
import { nonceOf, type Chosen, type Managed } from "./managed.js";
import { attemptsOf, factorOf, statusOf } from "./show.js";

const cells = [
  " border-style: dotted;",
  " border-color: gray;",
  " background-color: COLOUR;",
  " text-align: center;",
  "}",
];
const style = [
  "<style type='text/css'>",
  "table {",
  " border-width: 1px;",
  " border-spacing: 3px;",
  " border-style: solid;",
  " border-color: gray;",
  " border-collapse: collapse;",
  " background-color: white;",
  " text-align: center;",
  "}",
  ...[
    ["th", "lightgray"],
    ["td", "white"],
  ].flatMap(([name = "", colour = ""]) => [
    `${name} {`,
    " border-width: 1px;",
    " padding: 2px;",
    ...cells.map((line) => line.replace("COLOUR", colour)),
  ]),
  "</style>",
];

/** The page. */
export function pageOf(request: Request, managed: Managed, chosen: Chosen): string {
  const { balancers, persists, inheritsBalancers, inheritsRules, secret, health } = managed;
  const not = (is: boolean): string => (is ? "" : "NOT ");
  const conditions = health?.conditions(request.virtualHost) ?? new Map<string, string>();
  const { balancer, member } = chosen;
  const signature = signatureOf(request);
  return [
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">',
    "<html><head><title>Balancer Manager</title>",
    ...style,
    "</head>",
    `<body><h1>Load Balancer Manager for ${escapeHtml(request.serverName)}</h1>`,
    "",
    `<dl><dt>Server Version: ${escapeHtml(serverBanner(request.settings(core).serverTokens))}</dt>`,
    `<dt>Balancer changes will ${not(persists)}be persisted on restart.</dt>` +
      `<dt>Balancers are ${not(inheritsBalancers)}inherited from main server.</dt>` +
      `<dt>ProxyPass settings are ${not(inheritsRules)}inherited from main server.</dt></dl>`,
    ...balancers.map((each) => statusTables(request, managed, each)),
    "<hr />",
    ...(conditions.size > 0 ? [conditionTable(conditions)] : []),
    ...(balancer && member
      ? [memberForm(request, { balancer, member, health, conditions, nonce: nonceOf(balancer, secret) })]
      : balancer
        ? [balancerForm(request, balancer, nonceOf(balancer, secret))]
        : []),
    ...(signature === undefined ? [] : [signature]),
    "</body></html>",
    "",
  ].join("\n");
}

function statusTables(request: Request, { secret, health }: Managed, balancer: ProxyBalancer): string {
  const { name, key, members, mostMembers, parameters, path, method } = balancer;
  const { sticky, failsOver = true, timeout = 0 } = parameters;
  const nonce = nonceOf(balancer, secret);
  const short = name.slice("balancer://".length);
  const link = `${escapePath(request.path)}?b=${escapeHtml(short)}`;
  const end = `&amp;nonce=${escapeHtml(nonce)}`;
  const id = createHash("sha256").update(key, "latin1").digest("hex").slice(0, 8);
  const shown = sticky && (sticky.cookie === sticky.path ? sticky.cookie : `${sticky.cookie}|${sticky.path}`);
  const titles = "MaxMembers StickySession DisableFailover Timeout FailoverAttempts Method Path Active".split(" ");
  const columns = [
    "Worker URL",
    "Route",
    "RouteRedir",
    "Factor",
    "Set",
    "Status",
    "Elected",
    "Busy",
    "Load",
    "To",
    "From",
  ];
  if (health) columns.push("HC Method", "HC Interval", "Passes", "Fails", "HC uri", "HC Expr");
  const rows = members.map((member) => {
    const check = health?.checkOf(member, request.virtualHost);
    const target = `${link}&amp;w=${escapeHtml(encodeURI(member.url))}${end}`;
    return memberRow(member, target, check);
  });
  return [
    "<hr />",
    `<h3>LoadBalancer Status for <a href="${link}${end}">${escapeHtml(name)}</a> [p${id}_${escapeHtml(short)}]</h3>`,
    "",
    "",
    `<table><tr>${headings(titles)}</tr>`,
    `<tr><td>${mostMembers} [${members.length} Used]</td>`,
    `<td>${shown === undefined ? " (None) " : escapeHtml(shown)}</td><td>${failsOver ? "Off" : "On"}</td>`,
    `<td>${timeout / 1000}</td><td>${attemptsOf(balancer) ?? 0}</td>`,
    `<td>${escapeHtml(method)}</td>`,
    `<td>${escapeHtml(path)}</td>`,
    "<td>Yes</td>",
    "</tr>",
    "</table>",
    "<br />",
    "",
    `<table><tr>${headings(columns)}</tr>`,
    ...rows,
    "</table>",
  ].join("\n");
}

function memberRow(member: ProxyMember, link: string, check: HealthCheck | undefined): string {
  const name = escapeHtml(member.url);
  const cellsOf: readonly (string | number)[] = [
    ...[escapeHtml(member.route), escapeHtml(member.redirect), factorOf(member), member.set, statusOf(member)],
    ...[member.elected, member.busy, Math.round(member.turns), shortSize(member.sent), shortSize(member.read)],
    ...(check ? healthCells(member, check) : []),
  ];
  const shown = member.address.socketPath === undefined ? name : `<i>${name}</i>`;
  return `<tr>\n<td><a href="${link}">${shown}</a></td>${cellsOf.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

function healthCells(member: ProxyMember, check: HealthCheck): string[] {
  const counted = (name: string): number => Number(member.kept(name) ?? 0);
  return [
    check.method,
    `${check.interval}ms`,
    `${check.passes} (${counted("hcpassed")})`,
    `${check.fails} (${counted("hcfailed")})`,
    escapeHtml(check.uri),
    escapeHtml(check.expression),
  ];
}

function conditionTable(conditions: ReadonlyMap<string, string>): string {
  const rows = [...conditions].map(
    ([name, text]) => `<tr><td>${escapeHtml(name)}</td><td>${escapeHtml(text)}</td></tr>`,
  );
  return [
    "",
    "",
    "<table><tr><th colspan='2'>Health check cond. expressions:</th></tr>",
    "<tr><th>Expr name</th><th>Expression</th></tr>",
    ...rows,
    "</table><hr/>",
  ].join("\n");
}

function headings(titles: readonly string[]): string {
  return titles.map((title) => `<th>${title}</th>`).join("");
}
