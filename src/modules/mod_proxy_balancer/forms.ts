// A member, or a balancer → the form by which it is changed, as Apache lays it out.
import {
  escapeHtml,
  escapePath,
  healthMethods,
  type HealthCheck,
  type MemberFlag,
  type ProxyBalancer,
  type ProxyHealth,
  type ProxyMember,
  type Request,
} from "../../api/index.js";
import { attemptsOf, factorOf } from "./show.js";

interface MemberFormParts {
  readonly balancer: ProxyBalancer;
  readonly member: ProxyMember;
  readonly nonce: string;
  readonly health: ProxyHealth | undefined;
  readonly conditions: ReadonlyMap<string, string>;
}

/** The form of a member. */
export function memberForm(request: Request, parts: MemberFormParts): string {
  const { balancer, member, nonce, health, conditions } = parts;
  const flags: readonly (readonly [string, MemberFlag])[] = [
    ["Ignore Errors", "I"],
    ["Draining Mode", "N"],
    ["Disabled", "D"],
    ["Hot Standby", "H"],
    ["Hot Spare", "R"],
    ...(health ? [["HC Fail", "C"] as const] : []),
    ["Stopped", "S"],
  ];
  const name = escapeHtml(member.url);
  return [
    `<h3>Edit worker settings for ${member.address.socketPath === undefined ? name : `<i>${name}</i>`}</h3>`,
    formLine(request),
    `<table><tr><td>Load factor:</td><td><input name='w_lf' id='w_lf' type=text value='${factorOf(member)}'></td></tr>`,
    `<tr><td>LB Set:</td><td><input name='w_ls' id='w_ls' type=text value='${member.set}'></td></tr>`,
    `<tr><td>Route:</td><td><input name='w_wr' id='w_wr' type=text value="${escapeHtml(member.route)}"></td></tr>`,
    `<tr><td>Route Redirect:</td><td><input name='w_rr' id='w_rr' type=text value="${escapeHtml(member.redirect)}"></td></tr>`,
    `<tr><td>Status:</td><td><table><tr>${flags.map(([title]) => `<th>${title}</th>`).join("")}</tr>`,
    `<tr>${flags.map(([, flag]) => radio(`w_status_${flag}`, member.has(flag))).join("\n")}`,
    "</tr></table></td></tr>",
    ...(health ? healthRows(health.checkOf(member, request.virtualHost), conditions) : []),
    "<tr><td colspan='2'><input type=submit value='Submit'></td></tr>",
    "</table>",
    `<input type=hidden name='w' id='w' value="${escapeHtml(encodeURI(member.url))}">`,
    ...hiddenLines(balancer, nonce),
    "</form>",
    "<hr />",
  ].join("\n");
}

function healthRows(check: HealthCheck, conditions: ReadonlyMap<string, string>): string[] {
  const choice = (value: string, isChosen: boolean): string =>
    `<option value='${escapeHtml(value)}' ${isChosen ? "selected" : ""} >${escapeHtml(value)}</option>`;
  return [
    "<tr><td colspan='2'>",
    "<table align='center'><tr><th>Health Check param</th><th>Value</th></tr>",
    "<tr><td>Method</td><td><select name='w_hm'>",
    ...healthMethods.map((method) => choice(method, method === check.method)),
    "</select>",
    "</td></tr>",
    "<tr><td>Expr</td><td><select name='w_he'>",
    ...[...conditions.keys()].map((name) => choice(name, name === check.expression)),
    "</select>",
    "</td></tr>",
    `<tr><td>Interval (ms)</td><td><input name='w_hi' id='w_hi' type='text' value='${check.interval}'></td></tr>`,
    `<tr><td>Passes trigger</td><td><input name='w_hp' id='w_hp' type='text' value='${check.passes}'></td></tr>`,
    `<tr><td>Fails trigger)</td><td><input name='w_hf' id='w_hf' type='text' value='${check.fails}'></td></tr>`,
    `<tr><td>HC uri</td><td><input name='w_hu' id='w_hu' type='text' value="${escapeHtml(check.uri)}"></td></tr>`,
    "</table>",
    "</td></tr>",
  ];
}

/** The form of a balancer. */
export function balancerForm(request: Request, balancer: ProxyBalancer, nonce: string): string {
  const { name, parameters, method, members, mostMembers } = balancer;
  const { sticky, failsOver = true, timeout = 0 } = parameters;
  const shown = sticky ? (sticky.cookie === sticky.path ? sticky.cookie : `${sticky.cookie}|${sticky.path}`) : "";
  const methods = [...request.providers("proxyBalanceMethod").keys()].sort();
  return [
    `<h3>Edit balancer settings for ${escapeHtml(name)}</h3>`,
    formLine(request),
    "<table>",
    "<tr><td>LBmethod:</td><td>",
    `<select name='b_lbm' id='b_lbm'>${methods
      .map((each) => `<option value='${each}'${each === method ? " selected " : ""}>${each}\n`)
      .join("")}</select>`,
    "</td></tr>",
    `<tr><td>Timeout:</td><td><input name='b_tmo' id='b_tmo' type=text value='${timeout / 1000}'></td></tr>`,
    `<tr><td>Failover Attempts:</td><td><input name='b_max' id='b_max' type=text value='${attemptsOf(balancer) ?? 0}'></td></tr>`,
    `<tr><td>Disable Failover:</td>${radio("b_sforce", !failsOver)}`,
    "</tr>",
    `<tr><td>Sticky Session:</td><td><input name='b_ss' id='b_ss' size=64 type=text value ="${escapeHtml(shown)}">` +
      "&nbsp;&nbsp;&nbsp;&nbsp;(Use '-' to delete)</td></tr>",
    (members.length < mostMembers
      ? "<tr><td>Add New Worker:</td><td><input name='b_nwrkr' id='b_nwrkr' size=32 type=text>" +
        "&nbsp;&nbsp;&nbsp;&nbsp;Are you sure? <input name='b_wyes' id='b_wyes' type=checkbox value='1'></td></tr>"
      : "") + "<tr><td colspan=2><input type=submit value='Submit'></td></tr>",
    "</table>",
    ...hiddenLines(balancer, nonce),
    "</form>",
    "<hr />",
  ].join("\n");
}

function formLine(request: Request): string {
  const action = request.absoluteUrl(escapePath(request.path));
  return `<form method='POST' enctype='application/x-www-form-urlencoded' action="${escapeHtml(action)}">`;
}

function hiddenLines({ name }: ProxyBalancer, nonce: string): string[] {
  return [
    `<input type=hidden name='b' id='b' value="${escapeHtml(name.slice("balancer://".length))}">`,
    `<input type=hidden name='nonce' id='nonce' value='${escapeHtml(nonce).replace(/'/g, "&#39;")}'>`,
  ];
}

function radio(name: string, isOn: boolean): string {
  const one = (value: 1 | 0, word: string, isChosen: boolean): string =>
    `<label for='${name}${value}'>${word}</label> ` +
    `<input name='${name}' id='${name}${value}' value='${value}' type=radio${isChosen ? " checked" : ""}>`;
  return `<td>${one(1, "On", isOn)} <br/> ${one(0, "Off", !isOn)}</td>`;
}
