// An ACME account and an order → a certificate; with acme-client.
import { createHash } from "node:crypto";
import type { Authorization, Client, Order } from "acme-client";
import { belongTogether, factsOf, keyText, makeKeys, requestFor } from "./certificates.js";
import type { KeyKind } from "./key-kinds.js";
import type { AccountBinding, ChallengeKind } from "./settings.js";
import { exchange, type Route } from "./transport.js";

/** Why there is no certificate. */
export class AcmeFault extends Error {
  override readonly name = "AcmeFault";
  /** "urn:ietf:params:acme:error:rateLimited", where the authority gave one. */
  readonly problem: string | undefined;
  /** Milliseconds the authority wants to be left alone. */
  readonly retryAfter: number | undefined;

  constructor(message: string, { problem, retryAfter }: Partial<Pick<AcmeFault, "problem" | "retryAfter">> = {}) {
    super(message);
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/** An account, as it is kept; `url` is empty before it has been registered. */
export interface Account {
  /** PEM. */
  readonly key: string;
  readonly url: string | undefined;
  readonly contacts: readonly string[];
}

/** Shows and takes away what proves that a name is ours. */
export interface Proofs {
  /** How that can be done for a name, the preferred way first. */
  kindsFor(name: string): readonly ChallengeKind[];
  show(proof: Proof): Promise<void>;
  remove(proof: Proof): Promise<void>;
}

/** What is to be shown. */
export interface Proof {
  readonly kind: ChallengeKind;
  readonly name: string;
  readonly token: string;
  /** The token with the account's thumbprint: the contents of the file of http-01. */
  readonly authorization: string;
  /** SHA-256 of it. */
  readonly digest: Buffer;
}

/** What is wanted of an authority. */
export interface Wish {
  readonly directory: string;
  readonly account: Account;
  readonly binding: AccountBinding | undefined;
  readonly contacts: readonly string[];
  readonly agrees: boolean;
  readonly names: readonly string[];
  readonly keys: readonly KeyKind[];
  readonly profile: string | undefined;
  readonly profileMandatory: boolean;
  readonly mustStaple: boolean;
  /** How the certificates in use are called that these are to replace (RFC 9773, 5), by kind of key. */
  readonly replaces: readonly (string | undefined)[];
  readonly proofs: Proofs;
  /** Hears of the account before anything is ordered with it. */
  readonly registered: (account: Account) => void;
  /** Hears of each step. */
  readonly progress: (text: string) => void;
  readonly route: Route;
}

/** A certificate with its key. */
export interface Obtained {
  readonly kind: KeyKind;
  readonly certificate: string;
  readonly key: string;
}

/** How often it is asked whether something is done, and the milliseconds between: from `backoffMin` on, doubled. */
const patience = { backoffAttempts: 24, backoffMin: 250, backoffMax: 15_000 };
/** Characters of tokens; nothing else gets into paths or commands (RFC 8555, 8.3). */
const goodToken = /^[A-Za-z0-9_-]{1,512}$/;

/** What the authority's directory says of itself. */
export interface Directory {
  readonly meta?: { readonly termsOfService?: string; readonly profiles?: Readonly<Record<string, string>> };
  readonly renewalInfo?: string;
}

/** Gets a certificate for each kind of key. Rejects with an AcmeFault. */
export async function obtain(wish: Wish): Promise<readonly Obtained[]> {
  const last: LastProblem = {};
  try {
    wish.progress(`contacting the authority at ${wish.directory}`);
    const client = await clientFor(wish, last);
    const directory = await readDirectory(wish.directory, wish.route);
    await register(client, { wish, directory, last });
    const obtained: Obtained[] = [];
    for (const [index, kind] of wish.keys.entries()) {
      const replaces = directory.renewalInfo === undefined ? undefined : wish.replaces[index];
      obtained.push(await order(client, { kind, replaces }, { wish, directory, last }));
    }
    return obtained;
  } catch (error) {
    if (error instanceof AcmeFault) throw error;
    throw new AcmeFault(error instanceof Error ? error.message : String(error), last);
  }
}

/** The last answer of the authority that was a refusal. */
interface LastProblem {
  problem?: string;
  retryAfter?: number;
}

interface Run {
  readonly wish: Wish;
  readonly directory: Directory;
  readonly last: LastProblem;
}

async function clientFor({ directory, account, binding, route }: Wish, last: LastProblem): Promise<Client> {
  const { axios, Client } = await import("acme-client");
  // The library's own attempts wait for as long as the authority likes; ours are counted and kept in the job.
  Object.assign(axios.defaults, { acmeSettings: { retryMaxAttempts: 0, retryDefaultDelay: 0 } });
  const isSecure = directory.startsWith("https:");
  axios.defaults.adapter = async (config) => {
    const url = config.url ?? "";
    if (isSecure && !url.startsWith("https:"))
      throw new AcmeFault(`the authority names an address without TLS: ${url}`);
    const headers = { "User-Agent": "modhost", "Content-Type": "application/jose+json" };
    const method = (config.method ?? "get").toUpperCase();
    const body = typeof config.data === "string" ? config.data : undefined;
    const answered = await exchange({ method, url, headers, body }, route);
    note(answered, last);
    return { data: answered.text, status: answered.status, statusText: "", headers: answered.headers, config };
  };
  return new Client({
    ...patience,
    directoryUrl: directory,
    accountKey: account.key,
    ...(account.url === undefined ? {} : { accountUrl: account.url }),
    ...(binding ? { externalAccountBinding: { kid: binding.keyId, hmacKey: binding.secret } } : {}),
  });
}

function note({ status, headers, text }: Awaited<ReturnType<typeof exchange>>, last: LastProblem): void {
  if (status < 400) return;
  delete last.problem;
  delete last.retryAfter;
  try {
    const { type } = JSON.parse(text) as { readonly type?: unknown };
    if (typeof type === "string") last.problem = type;
  } catch {
    last.problem = `HTTP ${status}`;
  }
  const after = headers["retry-after"];
  if (after === undefined) return;
  const milliseconds = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.now();
  if (milliseconds > 0) last.retryAfter = milliseconds;
}

/** What stands at the address of an authority. Rejects where that is no directory. */
export async function readDirectory(url: string, route: Route): Promise<Directory> {
  const { status, text } = await exchange(
    { method: "GET", url, headers: { "User-Agent": "modhost" }, body: undefined },
    route,
  );
  if (status !== 200) throw new AcmeFault(`the directory at ${url} answered with status ${status}`);
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw new AcmeFault(`what is at ${url} is no directory of ACME: it is not JSON`);
  }
  if (typeof read !== "object" || read === null || !("newOrder" in read)) {
    throw new AcmeFault(`what is at ${url} is no directory of ACME: it names no newOrder`);
  }
  return read as Directory;
}

async function register(client: Client, { wish, directory, last }: Run): Promise<void> {
  const terms = directory.meta?.termsOfService;
  if (terms !== undefined && !wish.agrees) {
    throw new AcmeFault(
      `the authority wants its terms of service accepted, ${terms}: read them, and if you agree write "MDCertificateAgreement accepted"`,
    );
  }
  const contact = wish.contacts.map((address) => `mailto:${address}`);
  const { account } = wish;
  const isKnown = account.url !== undefined && account.contacts.join() === wish.contacts.join();
  if (isKnown) return;
  try {
    await (account.url === undefined
      ? client.createAccount({ contact, termsOfServiceAgreed: true })
      : client.updateAccount({ contact }));
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new AcmeFault(`the account was not taken: ${text}`, last);
  }
  wish.registered({ key: account.key, url: client.getAccountUrl(), contacts: wish.contacts });
}

/** Orders one certificate, proves what is asked for, and fetches it. */
async function order(
  client: Client,
  { kind, replaces }: { readonly kind: KeyKind; readonly replaces: string | undefined },
  { wish, directory }: Run,
): Promise<Obtained> {
  const { names, progress } = wish;
  const profile = profileFor(wish, directory);
  const identifiers = names.map((value) => ({ type: "dns", value }));
  const wanted = { identifiers, ...(profile === undefined ? {} : { profile }) };
  progress(`ordering a certificate for ${names.join(", ")}`);
  // An authority may not know what is to be replaced, or have it replaced already.
  const ordered =
    replaces === undefined
      ? await client.createOrder(wanted)
      : await client.createOrder({ ...wanted, replaces } as typeof wanted).catch(() => client.createOrder(wanted));
  const authorizations = await client.getAuthorizations(ordered);
  for (const each of authorizations) {
    if (each.status === "valid") continue;
    await prove(client, each, { wish, ordered });
  }
  progress("all names are proved; the certificate is asked for");
  const keys = await makeKeys(kind);
  const request = await requestFor(names, keys, { kind, mustStaple: wish.mustStaple });
  const finalized = await client.finalizeOrder(ordered, pemOf(request));
  const certificate = await client.getCertificate(finalized);
  const key = await keyText(keys);
  const facts = factsOf(certificate);
  if (!facts || !belongTogether(certificate, key)) {
    throw new AcmeFault("what the authority gave is no certificate of the key it was asked for");
  }
  const missing = names.find((name) => !facts.names.includes(name));
  if (missing !== undefined) throw new AcmeFault(`the authority's certificate is not for ${missing}`);
  return { kind, certificate, key };
}

/** The library takes PEM and sends what is in it. */
function pemOf(request: Buffer): string {
  const lines = request.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE REQUEST-----", ...lines, "-----END CERTIFICATE REQUEST-----", ""].join("\n");
}

function profileFor({ profile, profileMandatory, progress }: Wish, { meta }: Directory): string | undefined {
  if (profile === undefined) return undefined;
  if (meta?.profiles && Object.hasOwn(meta.profiles, profile)) return profile;
  const offered = Object.keys(meta?.profiles ?? {}).join(", ") || "none";
  if (profileMandatory)
    throw new AcmeFault(`the authority does not offer the profile ${profile}; it offers ${offered}`);
  progress(`the authority does not offer the profile ${profile}, but ${offered}: it is asked without`);
  return undefined;
}

async function prove(
  client: Client,
  authorization: Authorization,
  { wish, ordered }: { readonly wish: Wish; readonly ordered: Order },
): Promise<void> {
  const { proofs, progress } = wish;
  const name = authorization.identifier.value.toLowerCase();
  const offered = authorization.challenges.map(({ type }) => type as string);
  const able = proofs.kindsFor(name);
  const challenge = able.map((kind) => authorization.challenges.find(({ type }) => type === kind)).find(Boolean);
  if (!challenge) {
    throw new AcmeFault(
      `none of the ways in which the authority wants ${name} to be proved can be gone: it offers ${offered.join(", ")}, ` +
        `and possible are ${able.join(", ") || "none"} (see MDCAChallenges, MDPortMap, Protocols acme-tls/1, MDChallengeDns01)`,
      { problem: "challenge-mismatch" },
    );
  }
  if (!goodToken.test(challenge.token))
    throw new AcmeFault(`the authority's token for ${name} has characters it must not have`);
  const given = await client.getChallengeKeyAuthorization({
    ...challenge,
    type: "http-01",
    status: "pending",
  } as never);
  const digest = createHash("sha256").update(given).digest();
  const proof: Proof = { kind: challenge.type, name, token: challenge.token, authorization: given, digest };
  progress(`${name} is being proved by ${challenge.type}`);
  try {
    await proofs.show(proof);
    await client.completeChallenge(challenge);
    await client.waitForValidStatus(authorization);
  } catch (error) {
    throw await explained(error, client, { ordered, authorization, kind: proof.kind });
  } finally {
    await proofs.remove(proof);
  }
}

/** The reason stands in the challenge, and the library looks for it elsewhere. */
async function explained(
  error: unknown,
  client: Client,
  { ordered, authorization, kind }: { ordered: Order; authorization: Authorization; kind: ChallengeKind },
): Promise<AcmeFault> {
  const name = authorization.identifier.value;
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof AcmeFault) return error;
  let reason: { readonly type?: string; readonly detail?: string } | undefined;
  try {
    const now = (await client.getAuthorizations(ordered)).find(({ url }) => url === authorization.url);
    const failed = now?.challenges.map((each) => each).find((each) => each.error);
    reason = failed?.error;
  } catch {
    // What is known already has to do.
  }
  const { type: problem } = reason ?? {};
  return new AcmeFault(
    `${name} could not be proved by ${kind}: ${reason?.detail ?? text}`,
    problem === undefined ? {} : { problem },
  );
}
