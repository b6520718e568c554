// What the keeper and the workers tell each other of certificates and proofs: records of a table they share.
import type { Credential, OcspStatus, SharedRecord, SharedTable, WorkerView } from "../../api/index.js";
import type { Proof } from "./authority.js";

/** A certificate that was renewed, for the workers to use. */
const certificateKey = (name: string): string => `certificate ${name}`;
const proofKey = (kind: string, name: string): string => `${kind} ${name}`;
const jobKey = (name: string): string => `job ${name}`;

/** A managed domain's certificates follow each other in one record. */
const ocspKey = (name: string, id: string): string => (name === "other" ? `ocsp ${name} ${id}` : `ocsp ${name}`);

/** What a job comes to, for the status. */
export interface JobState {
  readonly finished: boolean;
  readonly errors: number;
  /** Milliseconds since the epoch; 0: never. */
  readonly lastRun: number;
  readonly nextRun: number;
  readonly renewAt: number;
  readonly problem: string;
  readonly detail: string;
}

/** The table; kept when the configuration is read again, since what was got goes on being good. */
export function tableOf({ sharedTable }: WorkerView): SharedTable | undefined {
  return sharedTable?.("md", "kept");
}

export function publishCertificates(table: SharedTable, name: string, credentials: readonly Credential[]): void {
  const set: Record<string, string | number> = { count: credentials.length };
  credentials.forEach(({ certificate, key }, index) => {
    set[`certificate${index}`] = certificate;
    set[`key${index}`] = key;
  });
  table.change({ key: certificateKey(name), set });
}

export function publishedCertificates(table: SharedTable, name: string): readonly Credential[] {
  const record = table.get(certificateKey(name));
  const count = typeof record?.["count"] === "number" ? record["count"] : 0;
  return Array.from({ length: count }, (_, index) => ({
    certificate: String(record?.[`certificate${index}`]),
    key: String(record?.[`key${index}`]),
  }));
}

/** The managed domain whose certificate changed with a record, if one did. */
export function renewedDomain(key: string): string | undefined {
  return key.startsWith("certificate ") ? key.slice("certificate ".length) : undefined;
}

/** What is shown for http-01: a file's name and contents. */
export function showFile(table: SharedTable, { name, token, authorization }: Proof): void {
  table.change({ key: proofKey("http-01", name), set: { token, authorization } });
}

export function hideFile(table: SharedTable, name: string): void {
  table.change({ key: proofKey("http-01", name), set: { token: "", authorization: "" } });
}

/** What is shown for a host, if anything is. */
export function shownFile(
  table: SharedTable,
  name: string,
): { readonly token: string; readonly authorization: string } | undefined {
  const record = table.get(proofKey("http-01", name));
  const token = String(record?.["token"] ?? "");
  return token === "" ? undefined : { token, authorization: String(record?.["authorization"]) };
}

/** What answers tls-alpn-01. */
export function showHandshake(table: SharedTable, name: string, { certificate, key }: Credential): void {
  table.change({ key: proofKey("tls-alpn-01", name), set: { certificate, key } });
}

export function hideHandshake(table: SharedTable, name: string): void {
  table.change({ key: proofKey("tls-alpn-01", name), set: { certificate: "", key: "" } });
}

/** The names and credentials of handshakes that are expected. */
export function* shownHandshakes(table: SharedTable): Iterable<readonly [string, Credential]> {
  for (const [key, { certificate, key: secret }] of table) {
    if (!key.startsWith("tls-alpn-01 ") || typeof certificate !== "string" || certificate === "") continue;
    yield [key.slice("tls-alpn-01 ".length), { certificate, key: String(secret) }];
  }
}

/** Proofs that were being shown when a keeper ended. */
export function hideAll(table: SharedTable): void {
  for (const [key] of [...table]) {
    if (key.startsWith("http-01 ")) hideFile(table, key.slice("http-01 ".length));
    if (key.startsWith("tls-alpn-01 ")) hideHandshake(table, key.slice("tls-alpn-01 ".length));
  }
}

/** A certificate that OCSP is asked about: its managed domain, or "other", and the hash of it. */
export interface AskedAbout {
  readonly name: string;
  readonly id: string;
}

/** An answer about it. */
export interface KeptAnswer extends AskedAbout, OcspStatus {
  readonly bytes: Buffer;
}

/** An answer for all workers; undefined: the responder has failed, and what it said before stands. */
export function publishOcsp(
  table: SharedTable,
  { name, id }: AskedAbout,
  answer: (OcspStatus & { readonly bytes: Buffer }) | undefined,
): void {
  const key = ocspKey(name, id);
  if (!answer) return table.change({ key, set: { hasFailed: true } });
  const { state, thisUpdate, nextUpdate = 0, bytes } = answer;
  table.change({
    key,
    set: { hasFailed: false, id, state, thisUpdate, nextUpdate, response: bytes.toString("base64") },
  });
}

export function publishedOcsp(table: SharedTable, { name, id }: AskedAbout): KeptAnswer | undefined {
  const record = table.get(ocspKey(name, id));
  return record?.["id"] === id ? answerIn(name, record) : undefined;
}

function answerIn(name: string, record: SharedRecord): KeptAnswer {
  const { id, response, ...status } = record;
  return { ...(status as unknown as OcspStatus), name, id: String(id), bytes: Buffer.from(String(response), "base64") };
}

/** What was heard of a responder, where a record is of that: whose certificate it is about, and the answer if there was one. */
export function heardOcsp(
  table: SharedTable,
  key: string,
): { readonly name: string; readonly answer: KeptAnswer | undefined } | undefined {
  const [kind, name] = key.split(" ");
  const record = kind === "ocsp" ? table.get(key) : undefined;
  if (!record || name === undefined) return undefined;
  return { name, answer: record["hasFailed"] === true ? undefined : answerIn(name, record) };
}

export function publishJob(table: SharedTable, name: string, job: JobState): void {
  table.change({ key: jobKey(name), set: { ...job } });
}

export function publishedJob(table: SharedTable, name: string): JobState | undefined {
  return table.get(jobKey(name)) as JobState | undefined;
}
