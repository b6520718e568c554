// Managed domains, what they use and what is done about them → JSON for programs and lines of server-status, as Apache's.
import {
  answer,
  escapeHtml,
  Headers,
  refuse,
  type Credential,
  type Request,
  type Response,
  type ServerView,
} from "../../api/index.js";
import { accountFolder } from "./accounts.js";
import { inUse, sharedWithKeeper, storeOf } from "./active.js";
import { authorityName } from "./authorities.js";
import { commonTime, date, publicRecord, recordsOf, wholeRecord, type NamedFacts } from "./certificate-record.js";
import { factsOf, type CertificateFacts } from "./certificates.js";
import { managedDomains, type ManagedDomain } from "./domains.js";
import { certificateName, kindNames, lackOf, recordOf } from "./record.js";
import { renewalRecord, stagedRecord } from "./renewal.js";
import { isExpiring, windowOf } from "./schedule.js";
import { publishedJob, publishedOcsp, type JobState } from "./shared.js";

/** What anybody may read of the certificate of the host that is asked. */
export const certificateStatusPath = "/.httpd/certificate-status";

/** The certificates in use that an authority has signed, by kind of key. */
function certificatesOf(server: ServerView, domain: ManagedDomain): readonly NamedFacts[] {
  const found = inUse(server, domain);
  if (!found || found.isTemporary) return [];
  return found.credentials.flatMap(({ certificate }: Credential, index) => {
    const facts = factsOf(certificate);
    return facts ? [[certificateName(domain, index), facts] as const] : [];
  });
}

function jobOf({ name }: ManagedDomain): JobState | undefined {
  const table = sharedWithKeeper();
  return table && publishedJob(table, name);
}

/** When the certificates in use are to be renewed: now, where they lack something. The keeper knows what the authority wants. */
function renewalTime(domain: ManagedDomain, facts: readonly CertificateFacts[], job: JobState | undefined): number {
  if (lackOf(domain, facts) !== undefined) return Date.now();
  return job && job.renewAt > 0 ? job.renewAt : windowOf(domain, facts);
}

/** Whether anything is done or watched for it, as Apache has it. */
function isWatched({ renewMode, certificateFiles, hosts }: ManagedDomain): boolean {
  return renewMode !== "auto" || certificateFiles.length > 0 || hosts.length > 0;
}

/** Whether a certificate is being got. */
function isRenewing({ isRenewed }: ManagedDomain, job: JobState | undefined): boolean {
  return isRenewed && (job === undefined || job.renewAt <= Date.now());
}

/** All that is known of a managed domain; keys and accounts are not. */
function domainJson(server: ServerView, domain: ManagedDomain, withLog: boolean): object {
  const certificates = certificatesOf(server, domain);
  const all = certificates.map(([, facts]) => facts);
  const job = jobOf(domain);
  const table = sharedWithKeeper();
  const renewAt = renewalTime(domain, all, job);
  const lack = lackOf(domain, all);
  const directory = all.length > 0 && domain.certificateFiles.length === 0 ? domain.authorities[0] : undefined;
  const store = storeOf(server);
  const account = store && directory !== undefined ? accountFolder(store, directory, domain.binding) : undefined;
  return {
    ...recordOf(server, domain, { isComplete: lack === undefined, lack, directory, account }),
    cert: recordsOf(certificates, (facts) =>
      wholeRecord(facts, table && publishedOcsp(table, { name: domain.name, id: facts.ocspId })),
    ),
    "renew-at": date(renewAt),
    watched: isWatched(domain),
    renew: renewAt <= Date.now() || undefined,
    renewal: isRenewing(domain, job) ? renewalRecord(server, domain, withLog) : undefined,
  };
}

const byName = (one: ManagedDomain, other: ManagedDomain): number => (one.name < other.name ? -1 : 1);

function json(value: object): Response {
  const headers = new Headers();
  headers.set("Content-Type", "application/json");
  return answer(200, headers, Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`));
}

/** `SetHandler md-status`: all managed domains, or the one whose name stands behind the path. */
export function statusAnswer(request: Request, server: ServerView): Response {
  if (request.method !== "GET") return refuse(501);
  const domains = managedDomains(server);
  const { all } = domains;
  const name = request.pathInfo.slice(request.pathInfo.lastIndexOf("/") + 1);
  const one = name === "" ? undefined : (all.find((each) => each.name === name) ?? domains.ofName(name));
  if (one) return json(domainJson(server, one, true));
  return json({
    version: "2.6.10",
    "managed-domains": [...all].sort(byName).map((each) => domainJson(server, each, false)),
  });
}

/** What anybody may know of the certificate of a host; undefined where nothing is said of it. */
export function certificateStatus(request: Request, server: ServerView): Response | undefined {
  const domains = managedDomains(server);
  const domain = domains.settings.certificateStatus ? domains.ofName(request.hostname) : undefined;
  if (!domain) return undefined;
  if (request.method !== "GET") return refuse(501);
  const certificates = certificatesOf(server, domain);
  // Nothing of files of one's own but how long they are good, as Apache.
  const valid = commonTime(certificates);
  const shown = domain.certificateFiles.length > 0 ? [] : certificates;
  return json({
    ...(valid ? { valid } : {}),
    ...Object.fromEntries(kindNames(domain).map((kind) => [kind, {}])),
    ...recordsOf(shown, publicRecord),
    ...(jobOf(domain) && isRenewing(domain, jobOf(domain)) ? { renewal: { cert: stagedRecord(server, domain) } } : {}),
  });
}

interface Row {
  readonly domain: ManagedDomain;
  readonly certificates: readonly NamedFacts[];
  readonly job: JobState | undefined;
}

/** Managed domains in the page of server-status; lines for programs where it is a text. */
export function statusSection(server: ServerView, isText: boolean): string {
  const { all, settings } = managedDomains(server);
  if (!settings.serverStatus || all.length === 0) return "";
  const rows = [...all].sort(byName).map((domain): Row => {
    return { domain, certificates: certificatesOf(server, domain), job: jobOf(domain) };
  });
  return isText ? textOf(rows) : tableOf(rows);
}

function textOf(rows: readonly Row[]): string {
  const count = (holds: (row: Row) => boolean): number => rows.filter(holds).length;
  const lines = [
    `ManagedCertificatesTotal: ${rows.length}`,
    `ManagedCertificatesOK: ${count(({ certificates }) => certificates.length > 0)}`,
    `ManagedCertificatesRenew: ${count(({ domain, job }) => isRenewing(domain, job))}`,
    `ManagedCertificatesErrored: ${count(({ job }) => (job?.errors ?? 0) > 0)}`,
    `ManagedCertificatesReady: ${count(({ job }) => job?.finished === true)}`,
  ];
  return `${lines.join("\n")}\n`;
}

function tableOf(rows: readonly Row[]): string {
  const heads = ["Domain", "Names", "Status", "Valid", "CA", "Activity"].map((each) => `<th>${each}</th>`).join("");
  const lines = rows.map(
    (row) =>
      `<tr>${cellsOf(row)
        .map((each) => `<td>${escapeHtml(each)}</td>`)
        .join("")}</tr>`,
  );
  return [
    "<hr>",
    "<h3>Managed Certificates</h3>",
    `<table class='md_status'><thead><tr>${heads}</tr></thead><tbody>`,
    ...lines,
    "</tbody></table>",
    "",
  ].join("\n");
}

function cellsOf({ domain, certificates, job }: Row): readonly string[] {
  const valid = commonTime(certificates);
  const [authority = ""] = domain.authorities;
  const status =
    certificates.length === 0
      ? "incomplete"
      : isExpiring(
            domain,
            certificates.map(([, facts]) => facts),
          )
        ? "expiring"
        : "good";
  return [
    domain.name,
    domain.names.join(" "),
    status,
    valid ? `until ${valid.until}` : "-",
    authorityName(authority),
    activityOf(domain, job),
  ];
}

function activityOf(domain: ManagedDomain, job: JobState | undefined): string {
  if (!domain.isRenewed) return "not renewed";
  if (!job) return "about to be looked at";
  if (job.errors > 0) return `failed ${job.errors} times, next try ${date(job.nextRun)}: ${job.detail}`;
  return job.renewAt > Date.now() ? `renewed at ${date(job.renewAt)}` : "being renewed";
}
