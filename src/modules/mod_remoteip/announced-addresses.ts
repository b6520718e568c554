// RemoteIPProxyProtocol lines → which connections begin with an announcement.
import { isIPv6 } from "node:net";
import type { Ends, ServerView, Subnet, VirtualHost } from "../../api/index.js";
import type { remoteIp } from "./settings.js";

/** Where announcements are expected on one server. */
export interface Expectation {
  readonly on: readonly LocalAddress[];
  readonly off: readonly LocalAddress[];
  /** Clients that never begin with one. */
  readonly exceptions: readonly Subnet[];
}

/** An address of a virtual host; the main server's is any. */
interface LocalAddress {
  /** "*" for any. */
  readonly host: string;
  /** 0 for any. */
  readonly port: number;
  readonly from: VirtualHost;
}

/**
 * As Apache has it: On and Off hold for the addresses of the virtual host they stand in, for all virtual hosts there; of
 * two lines about the same address the later counts; otherwise an address that any line takes out is out.
 */
export function expectationOf(server: ServerView, definition: typeof remoteIp): Expectation | undefined {
  let on: LocalAddress[] = [];
  let off: LocalAddress[] = [];
  const exceptions: Subnet[] = [];
  for (const { virtualHost, settings, origin } of server.everywhere(definition)) {
    exceptions.push(...(settings.announcementExceptions ?? []));
    const { announced } = settings;
    if (announced === undefined) continue;
    const own = localAddresses(virtualHost);
    const isOwn = ({ host, port }: LocalAddress): boolean =>
      own.some((each) => each.host === host && each.port === port);
    const overruled = (announced ? off : on).find(isOwn);
    if (overruled) {
      const text = `AH03491: RemoteIPProxyProtocol: overrides what ${overruled.from.serverName} says for the same address`;
      server.warn(text, origin("announced"));
    }
    if (announced) [on, off] = [[...on, ...own], off.filter((each) => !isOwn(each))];
    else [on, off] = [on.filter((each) => !isOwn(each)), [...off, ...own]];
  }
  return on.length > 0 ? { on, off, exceptions } : undefined;
}

/** Whether a connection between those ends begins with an announcement. */
export function isAnnounced({ on, off, exceptions }: Expectation, ends: Ends): boolean {
  const isHere = (local: LocalAddress): boolean =>
    (local.host === "*" || local.host === ends.localAddress) && (local.port === 0 || local.port === ends.localPort);
  return on.some(isHere) && !off.some(isHere) && !exceptions.some((within) => within(ends.remoteAddress));
}

function localAddresses(from: VirtualHost): LocalAddress[] {
  if (from.isMain) return [{ host: "*", port: 0, from }];
  return from.addresses.map((text) => {
    const { host = "", port } = /^(?<host>\[[^\]]*\]|[^:]*)(?::(?<port>\d+|\*))?$/.exec(text)?.groups ?? {};
    const plain = host.replace(/^\[|\]$/g, "").toLowerCase();
    const isAny = ["", "*", "_default_", "0.0.0.0", "::"].includes(plain);
    return { host: isAny ? "*" : isIPv6(plain) ? plain : host, port: Number(port) || 0, from };
  });
}
