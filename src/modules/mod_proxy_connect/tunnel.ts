// The way of a CONNECT request → the connection at its end, joined with the client.
import { connect, type Socket } from "node:net";
import {
  connectTunnel,
  ProxyError,
  serverBanner,
  type ConnectWay,
  type Request,
  type Response,
} from "../../api/index.js";

/** Opens the connection and answers; another proxy on the way answers itself. Fails with a ProxyError. */
export async function openTunnel(request: Request, way: ConnectWay): Promise<Response> {
  const { remote, timeout } = way;
  const socket = await open(request, way);
  if (remote) {
    const secret = remote.credentials === undefined ? "" : `Proxy-Authorization: ${remote.credentials}\r\n`;
    socket.write(
      `CONNECT ${request.target} HTTP/1.0\r\nProxy-agent: ${serverBanner("Prod")}\r\n${secret}\r\n`,
      "latin1",
    );
  }
  return connectTunnel(socket, { idleTimeout: timeout, isAnswer: remote !== undefined });
}

function open(
  { connection }: Request,
  { host, port, remote, connectTimeout, localAddress }: ConnectWay,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...(remote ? { host: remote.host, port: remote.port } : { host, port }),
      // One side may end while the other still speaks.
      allowHalfOpen: true,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    const fail = (error: ProxyError): void => {
      leave();
      socket.on("error", () => undefined);
      socket.destroy();
      reject(error);
    };
    const broken = (error: NodeJS.ErrnoException): void =>
      fail(new ProxyError(error.syscall === "getaddrinfo" ? "name" : "connect", error.message));
    const left = (): void => fail(new ProxyError("connect", "the client has gone"));
    const timer = setTimeout(
      () => fail(new ProxyError("connect", "the connection was not accepted in time")),
      connectTimeout,
    );
    const leave = (): void => {
      clearTimeout(timer);
      socket.off("error", broken).off("connect", connected);
      connection.signal.removeEventListener("abort", left);
    };
    const connected = (): void => {
      leave();
      socket.setNoDelay(true);
      resolve(socket);
    };
    socket.on("error", broken).on("connect", connected);
    connection.signal.addEventListener("abort", left);
  });
}
