// PROFILE=SYSTEM in a list of ciphers, as Red Hat's ssl.conf has it → the ciphers the system's policy names.
import { readFileSync } from "node:fs";

const profile = "PROFILE=SYSTEM";
/** Where Red Hat's systems keep what their policy means for OpenSSL. */
const policyFile = "/etc/crypto-policies/back-ends/openssl.config";

/** A list of ciphers that every OpenSSL reads; without a policy in `file` the profile means what OpenSSL takes by default. */
export function withSystemProfile(ciphers: string, file = policyFile): string {
  if (!ciphers.includes(profile)) return ciphers;
  const named = readPolicy(file);
  return ciphers
    .split(":")
    .map((each) => (each === profile ? named : each))
    .join(":");
}

function readPolicy(file: string): string {
  try {
    const [line = ""] = readFileSync(file, "utf8").split("\n");
    return line.trim() || "DEFAULT";
  } catch {
    return "DEFAULT";
  }
}
