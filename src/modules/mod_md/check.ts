// The managed domains of a configuration → what is wrong with them, said before anything is served.
import { existsSync } from "node:fs";
import type { ServerView } from "../../api/index.js";
import { assign, covers, isEncrypted, managedDomains, type ManagedDomain } from "./domains.js";
import { possibleKinds } from "./proofs.js";

/** Says what is wrong with the managed domains of a configuration. */
export function checkDomains(server: ServerView): void {
  const { all, settings } = managedDomains(server);
  const { authorityCertificates } = settings;
  if (authorityCertificates && !existsSync(authorityCertificates.path)) {
    server.error(`MDCACertificateFile: file not found: ${authorityCertificates.path}`, authorityCertificates.origin);
  }
  const assigned = assign(server);
  all.forEach((domain, index) => {
    checkFiles(server, domain);
    checkProofs(server, domain);
    if (settings.matches === "all") checkOverlap(server, domain, all.slice(0, index));
    checkUse(server, domain);
    checkStapling(server, domain);
  });
  for (const [host, lines] of assigned) {
    if (lines.length > 1 && isEncrypted(server, host)) {
      server.error(
        `AH10238: ${lines.length} managed domains match the virtual host ${host.serverName}, which is encrypted: there can be at most one`,
        host.origin,
        { related: lines.map(({ origin, names }) => ({ origin, text: `the managed domain ${names[0] ?? ""}` })) },
      );
    }
  }
}

function checkFiles(server: ServerView, { name, certificateFiles, keyFiles, origin }: ManagedDomain): void {
  for (const [directive, files] of Object.entries({
    MDCertificateFile: certificateFiles,
    MDCertificateKeyFile: keyFiles,
  })) {
    for (const { path, origin: at } of files) {
      if (!existsSync(path)) server.error(`${directive}: file not found: ${path}`, at);
    }
  }
  if (certificateFiles.length === keyFiles.length) return;
  const reason =
    certificateFiles.length === 0
      ? `AH10171: the managed domain ${name} has MDCertificateKeyFile but no MDCertificateFile`
      : `AH10170: the managed domain ${name} needs one MDCertificateKeyFile for each MDCertificateFile`;
  server.error(reason, origin);
}

/** What no authority would take is said before it is asked. */
function checkProofs(server: ServerView, domain: ManagedDomain): void {
  if (!domain.isRenewed) return;
  const { name, names, contacts, challenges, origin } = domain;
  const possible = possibleKinds(server, domain);
  const unproved = names.find((each) => possible(each).length === 0);
  if (unproved !== undefined) {
    const remedy = unproved.startsWith("*.")
      ? "a wildcard needs dns-01, with a program in MDChallengeDns01"
      : "http-01 needs a Listen on port 80, tls-alpn-01 one on port 443 and acme-tls/1 in Protocols (MDPortMap: other ports), dns-01 a program in MDChallengeDns01";
    server.warn(
      `the managed domain ${name} gets no certificate: ${unproved} can be proved in none of the ways of MDCAChallenges (${challenges.join(", ")}): ${remedy}`,
      origin,
    );
  }
  const wrong = contacts.find((each) => !each.includes("@"));
  if (wrong !== undefined) {
    server.warn(
      `the managed domain ${name} gets no certificate: MDContactEmail "${wrong}" is no address of mail`,
      origin,
    );
  }
}

function checkStapling(server: ServerView, { name, mustStaple, stapling, origin }: ManagedDomain): void {
  if (mustStaple && !stapling) {
    server.warn(
      `MDMustStaple: clients refuse the certificate of ${name} without a stapled answer of OCSP: write MDStapling on, or SSLUseStapling on`,
      origin,
    );
  }
}

function checkOverlap(server: ServerView, domain: ManagedDomain, earlier: readonly ManagedDomain[]): void {
  for (const other of earlier) {
    const shared = domain.names.find((name) => other.names.includes(name));
    if (shared === undefined) continue;
    server.error(`AH10038: two managed domains have an overlap in domain "${shared}"`, domain.origin, {
      related: [{ origin: other.origin, text: "the first of them" }],
    });
    return;
  }
}

function checkUse(server: ServerView, { name, names, hosts, requireHttps, renewMode, origin }: ManagedDomain): void {
  if (hosts.length === 0 && renewMode !== "always") {
    server.warn(`AH10045: no virtual host has a name of the managed domain ${name}: nothing is done for it`, origin);
  }
  for (const host of hosts) {
    for (const each of [host.serverName, ...host.aliases]) {
      if (/[*?]/.test(each) || names.some((one) => covers(one, each)) || !isEncrypted(server, host)) continue;
      server.warn(
        `AH10040: the virtual host ${host.serverName} is served with the certificate of the managed domain ${name}, which will not be good for its name ${each}`,
        host.origin,
      );
    }
  }
  if (requireHttps !== "off" && !hosts.some((host) => isEncrypted(server, host))) {
    server.warn(
      `AH10105: MDRequireHttps sends clients of ${name} to https, and no virtual host of it is encrypted`,
      origin,
    );
  }
}
