// A folder and a name that is not in it → the names it may have been meant for.
import { opendir } from "node:fs/promises";
import { byteString, fileSystemPath } from "../../api/index.js";

/** How a name differs, the smallest difference first. */
export const differences = [
  "identical",
  "miscapitalized",
  "transposed characters",
  "character missing",
  "extra character",
  "mistyped character",
  "common basename",
] as const;

/** A name that may have been meant; `rank` counts in `differences`. */
export interface Candidate {
  readonly name: string;
  readonly rank: number;
}

/** The rank of names that only begin alike. */
export const commonBasename = 6;

/** Most names that are gathered. */
const most = 1000;

/**
 * The names of a folder that are like `wrong`, the closest first; latin1 strings of bytes. Undefined where the folder
 * cannot be read; empty too where the very name is there, as that of a link that leads nowhere.
 */
export async function candidatesFor(
  folder: string,
  wrong: string,
  { caseOnly, basename }: { readonly caseOnly: boolean; readonly basename: boolean },
): Promise<readonly Candidate[] | undefined> {
  const found: Candidate[] = [];
  const bare = lower(basenameOf(wrong));
  const wanted = lower(wrong);
  try {
    // In the order of the folder, which is that of a list of equals.
    for await (const { name: entry } of await opendir(fileSystemPath(folder === "" ? "/" : folder))) {
      const name = byteString(entry);
      if (name === wrong) return [];
      const lowered = lower(name);
      const rank = rankOf(wanted, lowered);
      if (rank === 1 || (rank !== undefined && !caseOnly)) found.push({ name, rank });
      else if (basename && basenameOf(lowered) === bare) found.push({ name, rank: commonBasename });
      if (found.length >= most) break;
    }
  } catch {
    return undefined;
  }
  return found.sort((a, b) => a.rank - b.rank);
}

/** How a name in lower case differs from the one that was asked for; undefined: by more than one slip. */
function rankOf(wanted: string, name: string): number | undefined {
  if (wanted === name) return 1;
  let at = 0;
  while (at < wanted.length && wanted[at] === name[at]) at++;
  const s = wanted.slice(at);
  const t = name.slice(at);
  if (s !== "" && t !== "") {
    const isSwapped = s.length > 1 && t.length > 1 && s[0] === t[1] && s[1] === t[0];
    if (isSwapped && s.slice(2) === t.slice(2)) return 2;
    if (s.slice(1) === t.slice(1)) return 5;
  }
  if (s !== "" && s.slice(1) === t) return 4;
  if (t !== "" && s === t.slice(1)) return 3;
  return undefined;
}

function basenameOf(name: string): string {
  const dot = name.indexOf(".");
  return dot < 0 ? name : name.slice(0, dot);
}

/** In lower case, ASCII alone: what is beyond it is bytes. */
function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
