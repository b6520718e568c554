// The Cookie fields of a request → the value of one cookie, and the fields without it.

/** What the fields hold of a cookie. */
export interface FoundCookie {
  /** Undefined where it is not there; of several the last. */
  readonly value: string | undefined;
  /** Whether it is there more than once with different values: nobody knows which is meant. */
  readonly isDoubtful: boolean;
  /** The fields without it and what belongs to it; those that hold nothing else are left out. */
  readonly others: readonly string[];
}

/** Finds a cookie by its name. */
export function findCookie(name: string, fields: readonly string[]): FoundCookie {
  let value: string | undefined;
  let isDoubtful = false;
  const others: string[] = [];
  for (const field of fields) {
    let left = "";
    let separator = "";
    let count = 0;
    let eats = false;
    for (const [index, part] of field.split(/([,;]+)/).entries()) {
      if (index % 2 === 1) separator = part.charAt(part.length - 1);
      if (index % 2 === 1 || part === "") continue;
      const cookie = part.trimStart();
      if (cookie.startsWith(`${name}=`)) {
        const found = cookie.slice(name.length + 1);
        if (value !== undefined && value !== found) isDoubtful = true;
        value = found;
        eats = true;
        continue;
      }
      if (!cookie.startsWith("$")) {
        count++;
        eats = false;
      }
      if (!eats) left += separator + part;
    }
    if (count > 0) others.push(left);
  }
  return { value, isDoubtful, others };
}
