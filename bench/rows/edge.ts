// Rows of the edge: TLS, HTTP/2, reverse proxying.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apache, modhost, nginx, type Contestant, type NginxSite, type Site } from "../contestants.js";
import type { Row } from "./row.js";

/** A certificate for localhost, and its key. */
function certificate(): Readonly<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), "modhost-bench-"));
  try {
    const [key, pem] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    spawnSync("openssl", ["req", "-x509", ...kind, "-keyout", key, "-out", pem, "-subj", "/CN=localhost"]);
    return { "key.pem": readFileSync(key, "utf8"), "cert.pem": readFileSync(pem, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const files = certificate();

const tls = (modules: string, lines: string): Site => ({
  modules: `socache_shmcb ssl ${modules}`,
  files,
  lines: ({ folder }) => `SSLEngine On
SSLCertificateFile ${folder}/cert.pem
SSLCertificateKeyFile ${folder}/key.pem
SSLSessionCache none
${lines}`,
});

const nginxTls = (listen: string): NginxSite => ({
  listen,
  files,
  server: ({ folder }) => `ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;`,
});

const encrypted: readonly Contestant[] = [
  modhost(tls("", "")),
  apache("Apache", tls("", "")),
  nginx("nginx", nginxTls("ssl")),
];

const overHttp2: readonly Contestant[] = [
  modhost(tls("http2", "Protocols h2 http/1.1")),
  apache("Apache", tls("http2", "Protocols h2 http/1.1")),
  nginx("nginx", nginxTls("ssl http2")),
];

const proxying: Site = {
  modules: "proxy proxy_http",
  lines: ({ backendPort }) => `ProxyPass / http://127.0.0.1:${backendPort}/
ProxyPassReverse / http://127.0.0.1:${backendPort}/`,
};

const proxies: readonly Contestant[] = [
  modhost(proxying),
  apache("Apache", proxying),
  nginx("nginx", {
    http: ({ backendPort }) => `upstream backend { server 127.0.0.1:${backendPort}; keepalive 64; }`,
    server: () => `location / { proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; }`,
  }),
];

const backend = nginx("nginx", { server: () => "access_log off;", files: { "htdocs/100k.bin": "x".repeat(102_400) } });

export const edgeRows: readonly Row[] = [
  { name: "reverse proxy, 1 KiB", path: "/1k.txt", backend, contestants: proxies },
  { name: "reverse proxy, 100 KiB", path: "/100k.bin", backend, contestants: proxies },
  { name: "TLS, static file of 1 KiB", path: "/1k.txt", scheme: "https", contestants: encrypted },
  {
    name: "TLS, a connection for each request",
    path: "/1k.txt",
    scheme: "https",
    headers: ["Connection: close"],
    contestants: encrypted,
  },
  { name: "HTTP/2, static file of 1 KiB", path: "/1k.txt", scheme: "https", load: "h2load", contestants: overHttp2 },
];
