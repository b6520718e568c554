// What proves that a name is ours → shown by all workers, or by the program that makes records of DNS.
import { core, type ServerView, type SharedTable, type WorkerView } from "../../api/index.js";
import type { Proof, Proofs } from "./authority.js";
import { makeProof } from "./certificates.js";
import { runCommand } from "./commands.js";
import { managedDomains, type ManagedDomain, type ManagedDomains } from "./domains.js";
import type { DnsRecord } from "./job.js";
import { challengeNames } from "./record.js";
import type { ChallengeKind } from "./settings.js";
import { hideFile, hideHandshake, showFile, showHandshake } from "./shared.js";

/** What proofs need beside the managed domain. */
export interface ProofSurroundings {
  readonly domains: ManagedDomains;
  readonly table: SharedTable;
  /** Hears of a proof that is shown, before the authority does. */
  readonly shown: (proof: Proof) => Promise<void>;
  /** Keeps in mind which records of DNS there are, whatever becomes of this process. */
  readonly recorded: (records: readonly DnsRecord[]) => void;
  /** Those of before. */
  readonly records: readonly DnsRecord[];
}

/** The ways of one managed domain. */
export function proofsFor(
  domain: ManagedDomain,
  { server, settled }: WorkerView,
  { domains, table, shown, recorded, records }: ProofSurroundings,
): Proofs {
  const made = [...records];
  return {
    kindsFor: possibleKinds(server, domain),
    async show(proof) {
      if (proof.kind === "dns-01") {
        const record = recordFor(proof);
        made.push(record);
        recorded(made);
        await runDns(record, "setup", { domain, domains });
      } else {
        if (proof.kind === "http-01") showFile(table, proof);
        else showHandshake(table, proof.name, await makeProof(proof.name, proof.digest));
        // Whichever worker the authority comes to, it has to know.
        await settled?.();
      }
      await shown(proof);
    },
    async remove(proof) {
      if (proof.kind === "http-01") hideFile(table, proof.name);
      else if (proof.kind === "tls-alpn-01") hideHandshake(table, proof.name);
      else {
        const record = recordFor(proof);
        await runDns(record, "teardown", { domain, domains }).catch(() => undefined);
        made.splice(
          made.findIndex(({ name, value }) => name === record.name && value === record.value),
          1,
        );
        recorded(made);
      }
    },
  };
}

/** How a name can be proved, the preferred way first; wildcards are asked for without what is in front, by dns-01 alone. */
export function possibleKinds(server: ServerView, domain: ManagedDomain): Proofs["kindsFor"] {
  const speaking = challengeNames(server, domain);
  const able = ableKinds(server, managedDomains(server), domain);
  return (name) =>
    domain.challenges.filter(
      (kind) =>
        able[kind] &&
        (kind !== "tls-alpn-01" || speaking.includes(name)) &&
        (kind === "dns-01" || !name.startsWith("*.")),
    );
}

function ableKinds(
  server: ServerView,
  { settings }: ManagedDomains,
  domain: ManagedDomain,
): Record<ChallengeKind, boolean> {
  const { port80, port443 } = settings;
  return {
    "http-01": port80 > 0 && listensOn(server, port80),
    "tls-alpn-01": port443 > 0 && listensOn(server, port443),
    "dns-01": domain.dnsCommand !== undefined,
  };
}

function listensOn(server: ServerView, port: number): boolean {
  const [main] = server.virtualHosts;
  const listens = main ? server.settings(core, main).listens : [];
  return listens.some((listen) => listen.port === port);
}

const recordFor = ({ name, digest }: Proof): DnsRecord => ({ name, value: digest.toString("base64url") });

/** Removes records that a keeper before this one has made and not come to remove. */
export async function removeRecords(
  records: readonly DnsRecord[],
  surroundings: { readonly domain: ManagedDomain; readonly domains: ManagedDomains },
): Promise<void> {
  for (const record of records) await runDns(record, "teardown", surroundings).catch(() => undefined);
}

async function runDns(
  { name, value }: DnsRecord,
  action: "setup" | "teardown",
  { domain, domains }: { readonly domain: ManagedDomain; readonly domains: ManagedDomains },
): Promise<void> {
  if (!domain.dnsCommand) throw new Error("MDChallengeDns01 names no program");
  const isWhole = action === "setup" || domains.settings.dnsVersion === 2;
  await runCommand(domain.dnsCommand, [action, name, ...(isWhole ? [value] : [])]);
}
