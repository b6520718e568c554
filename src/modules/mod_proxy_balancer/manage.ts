// A request for the balancer-manager → its page, behind the changes that a form of that page asks for.
import { createHmac, timingSafeEqual } from "node:crypto";
import {
  answer,
  Headers,
  readBody,
  refuse,
  RequestBodyError,
  unescapeUrl,
  type ProxyBalancer,
  type ProxyMember,
  type Request,
  type Response,
} from "../../api/index.js";
import { changeBalancer, changeMember } from "./change.js";
import { nonceOf, type Managed } from "./managed.js";
import { pageOf } from "./page.js";
import { xmlOf } from "./xml.js";

/** Bytes of a form; Apache's are shorter. */
const mostBytes = 8192;
/** What a GET may say: it changes nothing. */
const asked = new Set(["w", "b", "nonce", "xml"]);

/** Answers. */
export async function manage(request: Request, managed: Managed): Promise<Response> {
  let parameters: ReadonlyMap<string, string>;
  try {
    parameters = await parametersOf(request);
  } catch (error) {
    if (error instanceof RequestBodyError) return refuse(error.status);
    throw error;
  }
  const balancer = managed.balancers.find(({ name }) => name === `balancer://${parameters.get("b")?.toLowerCase()}`);
  const member = memberNamed(parameters.get("w"), balancer);
  if (balancer && mayChange(balancer, parameters.get("nonce"), managed.secret)) {
    if (member) changeMember(member, parameters, { request, health: managed.health });
    const fault = changeBalancer(balancer, parameters, request);
    if (fault !== undefined) {
      request.log("error", "proxy_balancer", `AH10163: ${balancer.name}: failed to add worker: ${fault}`);
      return refuse(400);
    }
  }
  const isXml = parameters.has("xml");
  const text = isXml ? xmlOf(managed) : pageOf(request, managed, { balancer, member });
  const headers = new Headers([["Content-Type", isXml ? "text/xml" : "text/html; charset=ISO-8859-1"]]);
  return answer(200, headers, Buffer.from(text, "latin1"));
}

function mayChange(balancer: ProxyBalancer, given: string | undefined, secret: Buffer): boolean {
  const nonce = nonceOf(balancer, secret);
  if (nonce === "" || given === undefined) return false;
  const digest = (text: string): Buffer => createHmac("sha256", secret).update(text, "latin1").digest();
  return timingSafeEqual(digest(nonce), digest(given));
}

/** Query or form; nothing where it does not come from a page of this server. */
async function parametersOf(request: Request): Promise<ReadonlyMap<string, string>> {
  const isForm = request.method === "POST";
  const text = isForm ? (await readBody(request.body, mostBytes)).toString("latin1") : (request.query ?? "");
  const parameters = new Map<string, string>();
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const key = unescapeUrl(equals < 0 ? pair : pair.slice(0, equals));
    // Twice, as Apache: some values are escaped already where the form is made.
    const value = equals < 0 ? "" : unescapeUrl(unescapeUrl(pair.slice(equals + 1)));
    if (isForm || asked.has(key)) parameters.set(key, value);
  }
  if (parameters.size > 0 && !comesFromHere(request)) {
    request.log("error", "proxy_balancer", "AH10187: ignoring params in balancer-manager cross-site access");
    return new Map();
  }
  return parameters;
}

function comesFromHere({ headers, serverName }: Request): boolean {
  const referer = headers.get("referer");
  const { host } =
    /^[a-z][a-z0-9+.-]*:\/\/(?:[^/@?#]*@)?(?<host>\[[^\]]*\]|[^/:?#]*)/i.exec(referer ?? "")?.groups ?? {};
  return host !== undefined && host !== "" && host.toLowerCase() === serverName.toLowerCase();
}

/** A member by its name, with or without its socket in front. */
function memberNamed(name: string | undefined, balancer: ProxyBalancer | undefined): ProxyMember | undefined {
  if (name === undefined || !balancer) return undefined;
  const { members } = balancer;
  return (
    members.find(({ url }) => url === name) ?? members.find(({ url }) => url.replace(/^unix:[^|]*\|/, "") === name)
  );
}
