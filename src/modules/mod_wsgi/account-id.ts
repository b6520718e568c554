// The name of a user or group, or "#number" → its number.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The number of a user ("passwd") or group; undefined when there is none of that name. */
export function idOf(database: "passwd" | "group", name: string): number | undefined {
  const [, number] = /^#(\d+)$/.exec(name) ?? [];
  if (number !== undefined) return Number(number);
  return numberIn(local(database), name) ?? numberIn(fromElsewhere(database, name), name);
}

function local(database: string): string {
  try {
    return readFileSync(`/etc/${database}`, "utf8");
  } catch {
    return "";
  }
}

function numberIn(lines: string, name: string): number | undefined {
  const line = lines.split("\n").find((each) => each.startsWith(`${name}:`));
  const number = Number(line?.split(":")[2] || NaN);
  return Number.isNaN(number) ? undefined : number;
}

/** Accounts from elsewhere are known to getent alone. */
function fromElsewhere(database: string, name: string): string {
  try {
    return execFileSync("getent", [database, name], {
      encoding: "utf8",
      timeout: 5000,
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return "";
  }
}
