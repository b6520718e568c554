// Lines of a configuration with managed domains → certificates that clients see, and answers by name.
import { execFileSync } from "node:child_process";
import { request } from "node:http";
import { connect, type PeerCertificate } from "node:tls";
import type { Pebble } from "./pebble.js";

/** The certificate that is shown for a name. */
export function certificateFor(port: number, servername: string, ciphers?: string): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const older = ciphers === undefined ? {} : { ciphers, maxVersion: "TLSv1.2" as const };
    const socket = connect({ port, host: "127.0.0.1", servername, rejectUnauthorized: false, ...older }, () => {
      const certificate = socket.getPeerCertificate();
      socket.destroy();
      resolve(certificate);
    });
    socket.on("error", reject);
  });
}

/** Whether it is one of Pebble's; no worker may listen at the port yet. */
export async function isIssued(port: number, name: string, ciphers?: string): Promise<boolean> {
  return certificateFor(port, name, ciphers).then(
    ({ issuer }) => String(issuer.CN).startsWith("Pebble Intermediate"),
    () => false,
  );
}

export interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

/** What is answered to a host's name. */
export function askHost(port: number, host: string, path: string, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ port, host: "127.0.0.1", path, method, agent: false, headers: { Host: host } }, (response) => {
      let text = "";
      response.on("data", (bytes: Buffer) => (text += bytes.toString()));
      const { statusCode: status = 0, headers } = response;
      response.on("end", () => resolve({ status, location: headers.location, text }));
    })
      .on("error", reject)
      .end();
  });
}

/** Makes certificates of one's own for own.test, by file name and days they are good, in a root that both servers may read. */
export function makeOwnCertificates(root: string, days: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(days)) {
    const kind = name === "other" ? ["rsa:2048"] : ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    const names = ["-subj", "/CN=own.test", "-addext", "subjectAltName=DNS:own.test,DNS:www.own.test"];
    const files = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
    const make = ["req", "-x509", "-nodes", "-days", String(count), ...names, ...files, "-newkey", ...kind];
    execFileSync("openssl", make, { cwd: root, stdio: "ignore" });
  }
  execFileSync("chmod", ["-R", "a+rX", root]);
}

/** Ports that authorities look for proofs at. */
export interface Ports {
  readonly http: number;
  readonly https: number;
}

/** A server whose certificates come from Pebble. */
export function managedLines(
  { http, https }: Ports,
  pebble: Pick<Pebble, "directory" | "trusted">,
  lines: string,
): string {
  return `
Listen 127.0.0.1:${http}
Listen 127.0.0.1:${https}
MDCertificateAuthority ${pebble.directory}
MDCACertificateFile ${pebble.trusted}
MDPortMap http:${http} https:${https}
MDCertificateAgreement accepted
MDContactEmail admin@example.org
MDRetryDelay 1s
${lines}
`;
}

/** An encrypted virtual host. */
export function encryptedHost({ https }: Ports, name: string, more = ""): string {
  return `
<VirtualHost *:${https}>
    ServerName ${name}
    SSLEngine On
    ${more}
</VirtualHost>`;
}
