// An authority's folder → certificates, a responder of OCSP that answers for them by OpenSSL, and what a client is shown in handshakes.
import { execFile, execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** Runs `openssl` in a folder. */
export function openssl(folder: string, ...args: string[]): void {
  execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
}

const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/**
 * Makes an authority, "ca", and a certificate of NAME.test for each name, in NAME.pem with the authority's, in NAME.leaf
 * without, with its key in NAME.key. `responder` stands in them. Those named `revoked` are, those named `unknown` are not
 * in the responder's index. "NAME-rsa" is another one of NAME.test, with a key of RSA.
 */
export function makeAuthority(folder: string, names: readonly string[], responder: string): void {
  openssl(folder, "req", "-x509", ...ec, "-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=ca");
  let index = "";
  for (const [at, name] of names.entries()) {
    writeFileSync(
      join(folder, "extension"),
      `authorityInfoAccess=OCSP;URI:${responder}/${name}\nsubjectAltName=DNS:${hostOf(name)}\n`,
    );
    // The number begins with a bit that is a sign.
    const serial = `F${(0x1a0 + at).toString(16)}`.toUpperCase();
    const kind = name.endsWith("-rsa") ? ["-newkey", "rsa:2048", "-nodes"] : ec;
    openssl(folder, "req", ...kind, "-keyout", `${name}.key`, "-out", "request", "-subj", `/CN=${hostOf(name)}`);
    const from = ["-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", `0x${serial}`, "-extfile", "extension"];
    openssl(folder, "x509", "-req", "-in", "request", "-out", `${name}.leaf`, "-days", "30", ...from);
    const chain = readFileSync(join(folder, `${name}.leaf`), "utf8") + readFileSync(join(folder, "ca.pem"), "utf8");
    writeFileSync(join(folder, `${name}.pem`), chain);
    const state = name === "revoked" ? "R\t401231235959Z\t250101000000Z" : "V\t401231235959Z\t";
    if (name !== "unknown") index += `${state}\t${serial}\tunknown\t/CN=${name}.test\n`;
  }
  writeFileSync(join(folder, "index"), index);
}

function hostOf(name: string): string {
  return `${name.replace(/-rsa$/, "")}.test`;
}

/** What `openssl ocsp` answers, as a responder. */
export function answerTo(folder: string, question: Buffer, ...more: string[]): Buffer {
  const name = `question-${process.hrtime.bigint()}`;
  writeFileSync(join(folder, name), question);
  const signer = ["-index", "index", "-CA", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key"];
  const life = more.length > 0 ? more : ["-ndays", "1"];
  openssl(folder, "ocsp", ...signer, ...life, "-reqin", name, "-respout", `${name}.answer`);
  return readFileSync(join(folder, `${name}.answer`));
}

/** Answers by the last part of the path, and counts: `refused`, `garbage` and `broken` are so, `late` never comes. */
export function startResponder(
  folder: string,
  counts: Map<string, number>,
  { port = 0, life = [] }: { readonly port?: number; readonly life?: readonly string[] } = {},
): Promise<Server> {
  const responder = createServer((request, response) => {
    const path = request.url ?? "";
    counts.set(path, (counts.get(path) ?? 0) + 1);
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      response.setHeader("Content-Type", "application/ocsp-response");
      if (path === "/late") return;
      if (path === "/refused") response.end(Buffer.from("30030a0106", "hex"));
      else if (path === "/garbage") response.end("<html>sorry</html>");
      else if (path === "/broken") response.writeHead(500).end();
      else response.end(answerTo(folder, Buffer.concat(chunks), ...life));
    });
  });
  return new Promise((resolve) => void responder.listen(port, "127.0.0.1", () => resolve(responder)));
}

/** "http://127.0.0.1:PORT". */
export function addressOf(responder: Server): string {
  return `http://127.0.0.1:${(responder.address() as AddressInfo).port}`;
}

export function endResponder(responder: Server | undefined): void {
  responder?.closeAllConnections();
  responder?.close();
}

/** What `openssl s_client -status` prints. */
export function statusOf(port: number, name: string, ...more: string[]): Promise<string> {
  return new Promise((resolve) => {
    const args = ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", `${name}.test`, "-status", ...more];
    const child = execFile("openssl", args, { timeout: 30_000 }, (_error, stdout, stderr) => resolve(stdout + stderr));
    child.stdin?.end();
  });
}
