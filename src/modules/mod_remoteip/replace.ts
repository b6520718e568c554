// A request with the field its proxies filled in → the address of the client behind them.
import { isIP } from "node:net";
import { parseSubnet, type Request } from "../../api/index.js";
import type { Proxy } from "./proxy.js";

interface RemoteIpSettings {
  readonly header: string | undefined;
  readonly proxiesHeader: string | undefined;
  readonly proxies: readonly Proxy[];
}

const privateRanges = ["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"].map((text) =>
  parseSubnet(text),
);
const globalUnicast = parseSubnet("2000::/3");

/** Goes back through the field from its end, as long as the one who wrote an address is believed. */
export function replaceAddress(request: Request, { header, proxiesHeader, proxies }: RemoteIpSettings): undefined {
  const field = header === undefined ? undefined : request.headers.get(header);
  if (header === undefined || field === undefined) return undefined;
  let left: string | undefined = field;
  let address = request.clientAddress;
  let internal = proxies.length > 0;
  const passed: string[] = [];
  while (left !== undefined) {
    const proxy = proxies.find(({ within }) => within(address));
    if (proxies.length > 0 && !proxy) break;
    // One that is internal may name one that is not, never the other way round.
    if (internal && proxy) internal = proxy.internal;
    const comma = left.lastIndexOf(",");
    const said = plain(left.slice(comma + 1).replace(/^ +| +$/g, ""));
    if (isIP(said) === 0 || (!internal && isPrivate(said))) {
      request.log("debug", "remoteip", `AH01569: Header ${header} value of ${said} is no address to be taken. Ignored`);
      break;
    }
    if (!internal) passed.push(address);
    address = said;
    left = comma < 0 ? undefined : left.slice(0, comma);
  }
  if (left === field) return undefined;
  request.clientAddress = address;
  request.clientPort = 0;
  if (left === undefined) request.headers.delete(header);
  else request.headers.set(header, left);
  if (passed.length > 0) {
    request.notes.set("remoteip-proxy-ip-list", passed.join(", "));
    if (proxiesHeader !== undefined) request.headers.set(proxiesHeader, passed.join(", "));
  }
  return undefined;
}

function isPrivate(address: string): boolean {
  return isIP(address) === 4 ? privateRanges.some((within) => within(address)) : !globalUnicast(address);
}

/** IPv4 in IPv6 as IPv4. */
function plain(address: string): string {
  return /^::ffff:[\d.]+$/i.test(address) ? address.slice(7) : address;
}
