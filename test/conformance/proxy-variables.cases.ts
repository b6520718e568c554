// Variables of the environment that change how requests go to back ends, by what a raw back end receives.
import type { Case, Suite } from "./harness.js";
import { serveRaw } from "./raw-server.js";

const variables = [
  "force-proxy-request-1.0",
  "proxy-nokeepalive",
  "proxy-initial-not-pooled",
  "proxy-sendcl",
  "proxy-sendchunked",
  "proxy-sendchunks",
  "proxy-interim-response=Suppress",
  "proxy-interim-response=RFC",
  "no-proxy",
] as const;

const configuration = `LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
</Directory>
${variables.map((variable) => `SetEnvIf X-Set "(^|,)${variable.replaceAll(".", "\\.")}(,|$)" ${variable}`).join("\n")}
ProxyAddHeaders Off
ProxyPass / unix:@ROOT@/raw.sock|http://raw.test/
`;

const large = "0123456789".repeat(10_000);
const chunked = `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`;

const bodies: readonly (readonly [string, Partial<Case>])[] = [
  ["no body", {}],
  ["a body", { method: "POST", body: "hello" }],
  ["a large body in chunks", { method: "POST", body: chunked, headers: ["Transfer-Encoding: chunked"] }],
  ["an expectation", { method: "POST", body: "hello", headers: ["Expect: 100-continue", "Content-Length: 5"] }],
];

const sets: readonly string[] = [
  "",
  ...variables,
  "proxy-sendcl,proxy-sendchunked",
  "force-proxy-request-1.0,proxy-sendchunked",
];

/** Where the two servers differ, and why. */
const differences: Readonly<Record<string, string>> = {
  "an expectation, with proxy-interim-response=Suppress":
    "the client is told to go on by this server, when its body is read",
};

const cases: readonly Case[] = sets.flatMap((set) =>
  bodies.map(([name, one]): Case => {
    const title = `${name}, with ${set === "" ? "nothing set" : set}`;
    const differs = differences[title];
    return {
      ...one,
      name: title,
      target: "/x",
      headers: [...(one.headers ?? []), `X-Set: ${set}`],
      ...(name === "an expectation" ? { answers: ["POST"] } : {}),
      ...(differs === undefined ? {} : { differs }),
    };
  }),
);

/** Answers each request with its head and how its body was framed, after an interim response. */
function startEcho(root: string): Promise<{ end(): Promise<void> }> {
  return serveRaw(`${root}/raw.sock`, (socket) => {
    let received = "";
    let asked = false;
    socket.on("data", (bytes: Buffer) => {
      received += bytes.toString("latin1");
      for (;;) {
        const end = received.indexOf("\r\n\r\n");
        if (end < 0) return;
        const head = received.slice(0, end);
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
        const isChunked = /\r\ntransfer-encoding: chunked/i.test(head);
        if (/\r\nexpect:/i.test(head) && !asked) {
          asked = true;
          socket.write("HTTP/1.1 100 Continue\r\n\r\n");
        }
        const rest = received.slice(end + 4);
        const stop = isChunked ? rest.indexOf("0\r\n\r\n") + 5 : length;
        if (rest.length < stop || (isChunked && stop === 4)) return;
        received = rest.slice(stop);
        asked = false;
        const lines = head.split("\r\n");
        const text = [
          lines[0],
          ...lines
            .slice(1)
            .map((line) => line.replace(/keep-alive/i, "keep-alive"))
            .sort(),
        ].join("\n");
        socket.write(
          `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
          "latin1",
        );
      }
    });
  });
}

export const suite: Suite = {
  name: "variables for back ends",
  configuration,
  files: { "htdocs/x": "x" },
  cases,
  beside: startEcho,
};
