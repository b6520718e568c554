// A member and how it is checked → whether it is in order: a connection, or one request and its answer.
import { connect, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { HealthCheck, ProxyMember, ProxyScheme, ProxyTls } from "../../api/index.js";
import { AnswerReader, type Answer } from "./answer.js";

/** What a check needs beside the member. */
export interface AskParts {
  readonly check: HealthCheck;
  readonly scheme: ProxyScheme;
  /** For schemes that are encrypted. */
  readonly tls: ProxyTls | undefined;
}

/** Asks; undefined where nothing but a connection was wanted. Rejects with what is wrong. */
export function ask(member: ProxyMember, parts: AskParts): Promise<Answer | undefined> {
  const { check, scheme, tls } = parts;
  if (scheme.secure && !tls) return Promise.reject(new Error("SSLProxyEngine is not on"));
  return new Promise((resolve, reject) => {
    const socket = tls ? openTls(member, parts, tls) : openPlain(member, scheme);
    const limit = setTimeout(() => end(new Error("it did not accept in time")), member.connectTimeout);
    let timer: NodeJS.Timeout | undefined = limit;
    const reader = new AnswerReader(check.method.startsWith("GET"));
    const end = (error?: Error, answer?: Answer): void => {
      clearTimeout(timer);
      timer = undefined;
      socket.destroy();
      if (error) reject(error);
      else resolve(answer);
    };
    const take = (bytes: Buffer | "end"): void => {
      if (!timer) return;
      try {
        const answer = reader.take(bytes);
        if (answer) end(undefined, answer);
      } catch (error) {
        end(error instanceof Error ? error : new Error(String(error)));
      }
    };
    socket.on("error", (error) => end(error));
    socket.on("close", () => timer && end(new Error("the connection was closed")));
    socket.once(tls ? "secureConnect" : "connect", () => {
      const fault = tls?.check(socket as TLSSocket, member.address.host);
      if (fault !== undefined) return end(new Error(fault));
      if (check.method === "TCP") return end();
      clearTimeout(timer);
      // The whole answer has the time of one pause: a check is small.
      timer = setTimeout(() => end(new Error("it did not answer in time")), member.timeout);
      socket.write(requestOf(member, parts), "latin1");
      socket.on("data", take);
      socket.on("end", () => take("end"));
    });
  });
}

function openPlain({ address }: ProxyMember, { defaultPort }: ProxyScheme): Socket {
  const { host, port = defaultPort, socketPath } = address;
  return socketPath === undefined ? connect({ host, port }) : connect({ path: socketPath });
}

function openTls({ address }: ProxyMember, { scheme }: AskParts, tls: ProxyTls): Socket {
  const { host, port = scheme.defaultPort, socketPath } = address;
  return connectTls({
    ...tls.options,
    ...(socketPath === undefined ? { host, port } : { path: socketPath }),
    ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    // Looked at once it is made.
    rejectUnauthorized: false,
  });
}

/** The bytes of the request, which are Apache's: HTTP/1.0 with Host alone, unless the method's name ends with 11. */
export function requestOf({ address, path }: ProxyMember, { check, scheme }: Omit<AskParts, "tls">): string {
  const method = check.method.replace("11", "");
  const protocol = check.method.endsWith("11") ? "HTTP/1.1" : "HTTP/1.0";
  const { host, port = scheme.defaultPort } = address;
  const name = host.includes(":") ? `[${host}]` : host;
  const target = method === "OPTIONS" ? "*" : targetOf(path, check.uri);
  return `${method} ${target} ${protocol}\r\nHost: ${name}:${port}\r\n\r\n`;
}

/** The path of the member, and behind it that of the check, with one slash between. */
function targetOf(path: string, uri: string): string {
  const joined = uri === "" ? path : `${path.replace(/\/+$/, "")}/${uri.replace(/^\/+/, "")}`;
  return joined === "" ? "/" : joined;
}
