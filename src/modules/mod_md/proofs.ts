// What proves that a name is ours → shown by all workers, or by the program that makes records of DNS.
import { core, type ServerView, type SharedTable, type VirtualHost, type WorkerView } from "../../api/index.js";
import type { Proof, Proofs } from "./authority.js";
import { makeProof } from "./certificates.js";
import { runCommand } from "./commands.js";
import { covers, type ManagedDomain, type ManagedDomains } from "./domains.js";
import type { ChallengeKind } from "./settings.js";
import { hideFile, hideHandshake, showFile, showHandshake } from "./shared.js";

/** The ways of one managed domain. */
export function proofsFor(
  domain: ManagedDomain,
  { server, settled }: WorkerView,
  { domains, table }: { readonly domains: ManagedDomains; readonly table: SharedTable },
): Proofs {
  const able = ableKinds(server, domains, domain);
  return {
    kindsFor: (name) =>
      domain.challenges.filter(
        (kind) => able[kind] && (kind !== "tls-alpn-01" || speaksChallenges(server, domain, name)),
      ),
    async show(proof) {
      if (proof.kind === "dns-01") return runDns(proof, "setup", { domain, domains });
      if (proof.kind === "http-01") showFile(table, proof);
      else showHandshake(table, proof.name, await makeProof(proof.name, proof.digest));
      // Whichever worker the authority comes to, it has to know.
      await settled?.();
    },
    async remove(proof) {
      if (proof.kind === "http-01") hideFile(table, proof.name);
      else if (proof.kind === "tls-alpn-01") hideHandshake(table, proof.name);
      else await runDns(proof, "teardown", { domain, domains }).catch(() => undefined);
    },
  };
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

/** As in Apache, `Protocols` of the virtual host must name acme-tls/1: something else may stand in front of it. */
function speaksChallenges(server: ServerView, { hosts }: ManagedDomain, name: string): boolean {
  const isOf = ({ serverName, aliases }: VirtualHost): boolean =>
    [serverName, ...aliases].some((each) => covers(each.toLowerCase(), name));
  return hosts.some((host) => isOf(host) && server.settings(core, host).protocols.includes("acme-tls/1"));
}

async function runDns(
  { name, digest }: Proof,
  action: "setup" | "teardown",
  { domain, domains }: { readonly domain: ManagedDomain; readonly domains: ManagedDomains },
): Promise<void> {
  if (!domain.dnsCommand) throw new Error("MDChallengeDns01 names no program");
  const record = digest.toString("base64url");
  const isWhole = action === "setup" || domains.settings.dnsVersion === 2;
  await runCommand(domain.dnsCommand, [action, name, ...(isWhole ? [record] : [])]);
}
