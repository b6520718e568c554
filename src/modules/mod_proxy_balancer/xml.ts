// The balancers → XML for programs, as Apache lays it out.
import { escapeHtml, type ProxyBalancer, type ProxyMember } from "../../api/index.js";
import { nonceOf, type Managed } from "./managed.js";
import { attemptsOf, factorOf, statusOf } from "./show.js";

type Item = readonly [name: string, value: string | number | undefined];

/** The document. */
export function xmlOf({ balancers, secret }: Managed): string {
  return [
    "<?xml version='1.0' encoding='UTF-8' ?>",
    "<httpd:manager xmlns:httpd='http://httpd.apache.org'>",
    "  <httpd:balancers>",
    ...balancers.map((balancer) => balancerOf(balancer, nonceOf(balancer, secret))),
    "  </httpd:balancers>",
    "</httpd:manager>",
  ].join("\n");
}

function balancerOf(balancer: ProxyBalancer, nonce: string): string {
  const { name, parameters, method, members } = balancer;
  const { sticky, failsOver = true, timeout = 0, semicolons = false } = parameters;
  const lines = items(6, [
    ["name", name],
    ["nonce", nonce],
    ["stickysession", sticky?.cookie],
    ["nofailover", sticky && (failsOver ? "Off" : "On")],
    ["timeout", timeout / 1000],
    ["maxattempts", attemptsOf(balancer)],
    ["lbmethod", method],
    ["scolonpathdelim", sticky && (semicolons ? "On" : "Off")],
  ]);
  return [
    "    <httpd:balancer>",
    ...lines,
    "      <httpd:workers>",
    ...members.map(memberOf),
    "      </httpd:workers>",
    "    </httpd:balancer>",
  ].join("\n");
}

function memberOf(member: ProxyMember): string {
  const { address, parameters } = member;
  const { timeout, acquire, keepAlive, reuse, connectTimeout, retry, max = 0, ttl = 0 } = parameters;
  const lines = items(10, [
    ["name", member.url],
    ["scheme", address.scheme],
    ["hostname", address.host],
    ["loadfactor", factorOf(member)],
    ["port", address.port ?? ports[address.scheme]],
    ["min", 0],
    ["smax", max],
    ["max", max],
    ["ttl", Math.floor(ttl / 1000)],
    ["timeout", timeout === undefined ? undefined : Math.floor(timeout / 1000)],
    ["acquire", acquire],
    ["keepalive", keepAlive === undefined ? undefined : keepAlive ? "On" : "Off"],
    ["status", statusOf(member)],
    ["error_time", member.failedAt > 0 ? new Date(member.failedAt).toUTCString() : undefined],
    ["retries", 0],
    ["lbstatus", Math.round(member.turns)],
    ["loadfactor", factorOf(member)],
    ["transferred", member.sent],
    ["read", member.read],
    ["elected", member.elected],
    ["route", member.route],
    ["redirect", member.redirect],
    ["busy", member.busy],
    ["lbset", member.set],
    ["disablereuse", reuse === undefined ? undefined : reuse ? "Off" : "On"],
    ["connectiontimeout", connectTimeout],
    ["retry", retry === undefined ? undefined : Math.floor(retry / 1000)],
  ]);
  return ["        <httpd:worker>", ...lines, "        </httpd:worker>"].join("\n");
}

const ports: Readonly<Record<string, number>> = { http: 80, ws: 80, https: 443, wss: 443 };

function items(indent: number, all: readonly Item[]): string[] {
  return all.flatMap(([name, value]) =>
    value === undefined ? [] : [`${" ".repeat(indent)}<httpd:${name}>${escapeHtml(String(value))}</httpd:${name}>`],
  );
}
