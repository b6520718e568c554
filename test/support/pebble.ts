// Pebble, the ACME server of Let's Encrypt for tests, with a server of DNS that sends every name here.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts, runProgram, until, type Running } from "./running.js";

/** An authority that runs. */
export interface Pebble {
  /** URL of its directory. */
  readonly directory: string;
  /** A file with the certificate that its own server is trusted by. */
  readonly trusted: string;
  /** The certificate that those it signs are trusted by, in PEM. */
  root(): Promise<string>;
  /** Everything it has written. */
  output(): string;
  /** URL of the management of the server of DNS, for records. */
  readonly records: string;
  /** Ends the authority, and begins anew with nothing known of before. */
  stop(): Promise<void>;
  start(): Promise<void>;
  end(): Promise<void>;
}

/** Skips the tests of a suite where Pebble is missing; fails under CI=true. */
export function needPebble(context: Mocha.Context): void {
  if (existsSync("/usr/bin/pebble")) return;
  const remedy = "pebble is missing: apt-get install pebble";
  if (process.env["CI"] === "true") throw new Error(`nothing may be skipped here; ${remedy}`);
  console.log(`      skipped, ${remedy}`);
  context.skip();
}

/** Starts it: proofs are looked for at these ports of the loopback address. */
export async function startPebble({
  http,
  https,
  environment = {},
  bindingKeys,
  validity,
  responder,
  refused,
}: {
  readonly http: number;
  readonly https: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly bindingKeys?: Readonly<Record<string, string>>;
  /** Seconds its certificates are good. */
  readonly validity?: number;
  /** Names it signs nothing for. */
  readonly refused?: readonly string[];
  /** URL of a responder of OCSP that its certificates name. */
  readonly responder?: string;
}): Promise<Pebble> {
  const folder = mkdtempSync(join(tmpdir(), "pebble-"));
  mkdirSync(folder, { recursive: true });
  const [port = 0, management = 0, dns = 0, records = 0] = await freePorts(4);
  const [certificate, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const make = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  execFileSync("openssl", [...make, "-subj", "/CN=localhost", ...names, "-keyout", key, "-out", certificate], {
    stdio: "ignore",
  });
  const settings = {
    pebble: {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate,
      privateKey: key,
      httpPort: http,
      tlsPort: https,
      externalAccountBindingRequired: bindingKeys !== undefined,
      ...(validity === undefined ? {} : { certificateValidityPeriod: validity }),
      ...(refused ? { domainBlocklist: refused } : {}),
      ...(responder === undefined ? {} : { ocspResponderURL: responder }),
      ...(bindingKeys ? { externalAccountMACKeys: bindingKeys } : {}),
    },
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify(settings));
  const off = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", ""].filter((word) => word !== "-doh");
  const names4 = ["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""];
  const server = runProgram([
    ...["pebble-challtestsrv", "-dns01", `127.0.0.1:${dns}`, "-management", `127.0.0.1:${records}`],
    ...[...off.slice(0, 6), ...names4],
  ]);
  let pebble: Running | undefined;
  const start = async (): Promise<void> => {
    pebble = runProgram(["pebble", "-config", join(folder, "config.json"), "-dnsserver", `127.0.0.1:${dns}`], {
      PEBBLE_VA_NOSLEEP: "1",
      ...environment,
    });
    await until("pebble answers", () =>
      get(`https://127.0.0.1:${port}/dir`).then(
        () => true,
        () => false,
      ),
    );
  };
  await start();
  await until("its server of DNS answers", () =>
    fetch(`http://127.0.0.1:${records}/`).then(
      () => true,
      () => false,
    ),
  );
  return {
    directory: `https://127.0.0.1:${port}/dir`,
    trusted: certificate,
    records: `http://127.0.0.1:${records}`,
    root: () => get(`https://127.0.0.1:${management}/roots/0`),
    output: () => (pebble?.output() ?? "") + server.output(),
    start,
    stop: async () => void (await pebble?.end()),
    end: async () => {
      await Promise.all([pebble?.end(), server.end()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function get(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { rejectUnauthorized: false, agent: false }, (response) => {
      let text = "";
      response.on("data", (bytes: Buffer) => (text += bytes.toString()));
      response.on("end", () => resolve(text));
      response.on("error", reject);
    })
      .on("error", reject)
      .end();
  });
}
