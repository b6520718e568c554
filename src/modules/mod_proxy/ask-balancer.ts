// A request for a balancer → the answer of one of its members, of another where one cannot be reached.
import { setTimeout as pause } from "node:timers/promises";
import { refuse, type ProxyScheme, type Request, type Response } from "../../api/index.js";
import { ask } from "./ask.js";
import type { Question } from "./asking.js";
import { balancerName } from "./balancer-lines.js";
import { balancerOf, type Balancer } from "./balancer.js";
import { choose } from "./choose.js";
import { proxyError, type Stage } from "./failure.js";
import type { Member } from "./member.js";
import { nameOf } from "./target.js";
import type { Mapping } from "./translate.js";

/** Milliseconds between two looks for a member. */
const leastPause = 20;

/** Asks the members, one after the other. */
export async function askBalancer(request: Request, question: Question): Promise<Response> {
  const { address } = question.mapping;
  const balancer = balancerOf(request.virtualHost, balancerName(address.authority));
  if (!balancer) return proxyError(request, 500, `DNS lookup failure for: ${address.authority}`);
  if (request.rehearsal) {
    const members = balancer.members.map(({ url }) => url).join(", ");
    return request.rehearsal.insteadOf(`passes the request to ${nameOf(question.mapping)}, to one of ${members}`);
  }
  const { maxAttempts = Math.max(0, balancer.members.length - 1) } = balancer.parameters;
  const tried = new Set<Member>();
  for (let attempt = 0; ; attempt++) {
    const member = await chosen(request, balancer, tried);
    if (typeof member === "string") {
      request.log("error", "proxy_balancer", member);
      return refuse(503);
    }
    const { response, stage } = await askMember(request, question, { balancer, member });
    // Only a request that the member has seen nothing of goes to another.
    if (stage !== "connect" && stage !== "acquire") return response;
    tried.add(member);
    if (attempt >= maxAttempts || request.connection.signal.aborted || tried.size >= balancer.members.length)
      return response;
    request.log("warn", "proxy_balancer", `${balancer.name}: ${member.url} cannot be reached, another member is asked`);
  }
}

/** The member, as soon as there is one: `timeout=` of the balancer says how long that is waited for. */
async function chosen(request: Request, balancer: Balancer, tried: ReadonlySet<Member>): Promise<Member | string> {
  let member = choose(request, balancer, tried);
  const { timeout = 0 } = balancer.parameters;
  const { signal } = request.connection;
  for (const end = performance.now() + timeout; typeof member === "string" && performance.now() < end;) {
    await pause(Math.max(leastPause, timeout / 100));
    if (signal.aborted) break;
    member = choose(request, balancer, tried);
  }
  return member;
}

async function askMember(
  request: Request,
  question: Question,
  { balancer, member }: { readonly balancer: Balancer; readonly member: Member },
): Promise<{ readonly response: Response; readonly stage: Stage | undefined }> {
  const { address } = member.target;
  const scheme = request.providers("proxyScheme").get(address.scheme) as ProxyScheme | undefined;
  if (!scheme) {
    request.log("error", "proxy", `AH01144: no module is loaded for ${member.url}`);
    return { response: refuse(500), stage: undefined };
  }
  let stage: Stage | undefined;
  let isTimeout = false;
  member.begin();
  const mapping = mappingTo(member, question.mapping);
  const response = await ask(
    request,
    { ...question, mapping, scheme },
    {
      failed: (at, error) => {
        stage = at;
        isTimeout = /timeout specified/.test(error.message);
      },
      over: (sent, read) => member.end(sent, read),
    },
  );
  const { failOnStatus, failOnTimeout } = balancer.parameters;
  if (stage === "connect" || (failOnTimeout && isTimeout) || failOnStatus?.includes(response.status)) {
    if (stage !== "connect") {
      request.log(
        "error",
        "proxy_balancer",
        `AH01174: ${balancer.name}: Forcing worker (${member.url}) into error state`,
      );
    }
    member.fail();
  } else if (stage === undefined) member.recover();
  return { response, stage };
}

/** Where the request goes with this member: its path, then that of the request. */
function mappingTo({ target, parameters, url }: Member, { path, decoded }: Mapping): Mapping {
  const front = target.path.endsWith("/") && path.startsWith("/") ? target.path.slice(0, -1) : target.path;
  return {
    filename: `proxy:${url}`,
    address: target.address,
    path: front + path,
    decoded: front + decoded,
    parameters,
  };
}
