// Responses as no good back end sends them, by mod_proxy_http of both servers: what the client gets.
import { writeFileSync } from "node:fs";
import type { Case, Suite } from "./harness.js";
import { responses } from "./http-proxy-table.js";
import { startBackEnd } from "../modules/mod_proxy/front.js";

const configuration = `LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
DocumentRoot "@ROOT@/htdocs"
Include "@ROOT@/back-end.conf"
`;

const targetOf = (name: string): string => `/${name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;

const cases: readonly Case[] = responses.map(({ name, differs }): Case => ({
  name,
  target: targetOf(name),
  ...(differs === undefined ? {} : { differs }),
}));

/** Says what is said on the path of each request without a body. */
async function startRaw(root: string): Promise<{ end(): Promise<void> }> {
  const backEnd = await startBackEnd((connection) => {
    const { received, socket } = connection;
    for (const [head, target = ""] of received.matchAll(/^[A-Z]+ (\/[^ ?]*)[^]*?\r\n\r\n/gm)) {
      connection.received = connection.received.slice(head.length);
      const row = responses.find(({ name }) => targetOf(name) === target);
      const { text, then } = row ?? { text: "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", then: "keep" };
      if (text !== "") socket.write(text, "latin1");
      if (then === "end") socket.end();
      // A reset at once would take away what is still under way.
      if (then === "reset") setTimeout(() => socket.resetAndDestroy(), 20);
    }
  });
  writeFileSync(`${root}/back-end.conf`, `ProxyPass / http://127.0.0.1:${backEnd.port}/\n`);
  return { end: () => Promise.resolve(backEnd.close()) };
}

export const suite: Suite = {
  name: "responses of back ends",
  configuration,
  files: { "htdocs/x": "x" },
  cases,
  beside: startRaw,
};
