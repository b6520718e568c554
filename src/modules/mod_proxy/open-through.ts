// Another proxy and the server behind it → a connection to that server, by CONNECT.
import { connect, type Socket } from "node:net";
import { ProxyError, type ConnectWay } from "../../api/index.js";
import { mostHeadBytes } from "./limits.js";

/** The way there. */
export type Way = Pick<ConnectWay, "host" | "port" | "localAddress" | "connectTimeout"> & {
  readonly remote: NonNullable<ConnectWay["remote"]>;
  /** One side may end while the other still speaks. */
  readonly allowHalfOpen?: boolean;
};

/** Opens it; fails with a ProxyError where the other proxy is not reached, or refuses. */
export function openThrough(way: Way): Promise<Socket> {
  const { host, port, remote, localAddress, connectTimeout, allowHalfOpen = false } = way;
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...{ host: remote.host, port: remote.port, allowHalfOpen },
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    let head = "";
    const fail = (stage: ProxyError["stage"], message: string): void => {
      clearTimeout(timer);
      socket.removeAllListeners().on("error", () => undefined);
      socket.destroy();
      reject(new ProxyError(stage, message));
    };
    const timer = setTimeout(() => fail("connect", "no connection through the other proxy in time"), connectTimeout);
    socket.on("error", (error) => fail("connect", error.message));
    socket.on("close", () => fail("response", "the other proxy closed the connection"));
    socket.on("connect", () => socket.write(connectHead(host, port, remote.credentials), "latin1"));
    socket.on("data", (bytes: Buffer) => {
      head += bytes.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) {
        if (head.length > mostHeadBytes) fail("response", "the answer of the other proxy is too long");
        return;
      }
      if (!/^HTTP\/1\.[01] 2\d\d[ \r]/.test(head)) {
        return fail("response", `the other proxy refuses: ${head.slice(0, head.indexOf("\r\n")).slice(0, 100)}`);
      }
      clearTimeout(timer);
      socket.removeAllListeners("data").removeAllListeners("error").removeAllListeners("close");
      socket.pause();
      const rest = Buffer.from(head.slice(end + 4), "latin1");
      if (rest.length > 0) socket.unshift(rest);
      resolve(socket);
    });
  });
}

/** The request for a tunnel. */
function connectHead(host: string, port: number, credentials: string | undefined): string {
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const secret = credentials === undefined ? "" : `Proxy-Authorization: ${credentials}\r\n`;
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${secret}\r\n`;
}
