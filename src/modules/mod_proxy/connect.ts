// A CONNECT request → the tunnel that mod_proxy_connect opens, where the host and port may be reached.
import {
  connectTunnel,
  core,
  ProxyError,
  refuse,
  type ConnectWay,
  type ProxyConnect,
  type Request,
  type Response,
} from "../../api/index.js";
import { isBlockedAddress, isBlockedName } from "./blocked.js";
import { proxyError } from "./failure.js";
import { connectTarget } from "./forward.js";
import { openThrough, type Way } from "./open-through.js";
import { remoteFor } from "./remote.js";
import type { ProxySettings } from "./settings.js";

/** Opens a tunnel, through another proxy where ProxyRemote says so. */
export async function connectThrough(request: Request, settings: ProxySettings): Promise<Response> {
  const provider = request.providers("proxyConnect").get("connect") as ProxyConnect | undefined;
  if (!provider) {
    request.log(
      "warn",
      "proxy",
      `AH01144: No protocol handler was valid for the URL ${request.target}: a2enmod proxy_connect`,
    );
    return refuse(500);
  }
  const target = connectTarget(request);
  if (!target) return proxyError(request, 400, `URI cannot be parsed: ${request.target}`);
  const { host, port } = target;
  const { blocked, sourceAddress } = settings;
  const remote = await remoteFor(request.target, host, settings);
  const isBlocked =
    !provider.allows(request, port) ||
    isBlockedName(host, blocked) ||
    (!remote && blocked.length > 0 && (await isBlockedAddress(host, blocked)));
  if (isBlocked) return proxyError(request, 403, "Connect to remote machine blocked");
  if (request.rehearsal) return request.rehearsal.insteadOf(`opens a tunnel to ${host}:${port}`);
  const timeout = settings.timeout ?? request.settings(core).timeout;
  const way: ConnectWay = { host, port, remote, timeout, connectTimeout: timeout, localAddress: sourceAddress };
  try {
    // On a stream of HTTP/2 the other proxy's answer cannot go on as it comes.
    if (remote && request.protocol.startsWith("HTTP/2")) return await throughRemote(request, { ...way, remote });
    return await provider.open(request, way);
  } catch (error) {
    return failed(request, remote?.host ?? host, error);
  }
}

async function throughRemote({ connection }: Request, way: Way & ConnectWay): Promise<Response> {
  const socket = await openThrough({ ...way, allowHalfOpen: true });
  if (connection.signal.aborted) socket.destroy();
  return connectTunnel(socket, { idleTimeout: way.timeout });
}

function failed(request: Request, host: string, error: unknown): Response {
  if (error instanceof ProxyError && error.stage === "name") {
    return proxyError(request, 502, `DNS lookup failure for: ${host}`);
  }
  const reason = error instanceof Error ? error.message : String(error);
  request.log("error", "proxy_connect", `AH00957: CONNECT: attempt to connect to ${host} failed: ${reason}`);
  return refuse(503);
}
