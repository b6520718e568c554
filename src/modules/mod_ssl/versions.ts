// SSLProtocol's words → the least and the highest version of TLS.
import { tlsVersions as versions } from "../../api/index.js";

export type Version = (typeof versions)[number];

export interface Versions {
  readonly least: Version;
  readonly most: Version;
}

/** Reads the words; a text says what is wrong with them. */
export function readVersions(words: readonly string[]): Versions | string {
  const chosen = new Set<Version>();
  for (const word of words) {
    const [, sign = "", name = ""] = /^([+-]?)(.*)$/.exec(word) ?? [];
    const lower = name.toLowerCase();
    if (lower === "sslv2") {
      if (sign === "-") continue;
      return "SSLv2 is not supported any more by anybody; leave it out";
    }
    if (lower === "sslv3") {
      if (sign === "-") continue;
      return "SSLv3 is broken and not supported; write TLSv1.2 or TLSv1.3";
    }
    const meant = lower === "all" ? versions : versions.filter((version) => version.toLowerCase() === lower);
    if (meant.length === 0) return `must be of all, ${versions.join(", ")} (SSLv3 may be taken away), found "${word}"`;
    if (sign === "") chosen.clear();
    for (const version of meant) {
      if (sign === "-") chosen.delete(version);
      else chosen.add(version);
    }
  }
  const kept = versions.filter((version) => chosen.has(version));
  const [least] = kept;
  const most = kept.at(-1);
  if (!least || !most) return "leaves no version of the protocol";
  if (versions.indexOf(most) - versions.indexOf(least) + 1 !== kept.length) {
    return `leaves a hole between ${least} and ${most}, which cannot be had; name versions that follow each other`;
  }
  return { least, most };
}
