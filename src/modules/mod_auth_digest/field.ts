// The Authorization field of the scheme Digest → what it says.

/** What a field says; latin1 strings of bytes. */
export interface DigestField {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly algorithm: string | undefined;
  readonly opaque: string | undefined;
  readonly qop: string | undefined;
  readonly cnonce: string | undefined;
  /** The count of uses of the nonce, as written. */
  readonly nc: string | undefined;
}

/** Reads a field; the scheme where it is another, undefined where something is missing. */
export function readField(text: string): DigestField | { readonly scheme: string } | undefined {
  const [, scheme = "", rest = ""] = /^\s*(\S*)\s*(.*)$/s.exec(text) ?? [];
  if (scheme.toLowerCase() !== "digest") return { scheme };
  const found = new Map<string, string>();
  // A key, a quoted or bare value, and whatever else stands in front of the next comma.
  const pattern = /\s*([^=,\s]*)\s*(?:=\s*(?:"((?:[^"\\]|\\[^]?)*)"?|([^,\s]*)))?[^,]*(?:,|$)/y;
  while (pattern.lastIndex < rest.length) {
    const match = pattern.exec(rest);
    if (!match || match[0] === "") break;
    const [, key = "", quoted, bare = ""] = match;
    found.set(key.toLowerCase(), quoted?.replace(/\\([^])/g, "$1") ?? bare);
  }
  const [username, realm, nonce, uri, response] = ["username", "realm", "nonce", "uri", "response"].map((key) =>
    found.get(key),
  );
  const [algorithm, opaque, qop, cnonce, nc] = ["algorithm", "opaque", "qop", "cnonce", "nc"].map((key) =>
    found.get(key),
  );
  if (username === undefined || realm === undefined || nonce === undefined) return undefined;
  if (uri === undefined || response === undefined) return undefined;
  if (qop !== undefined && (cnonce === undefined || nc === undefined)) return undefined;
  return { username, realm, nonce, uri, response, algorithm, opaque, qop, cnonce, nc };
}
