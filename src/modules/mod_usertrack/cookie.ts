// The rules of a section and a value → the text of Set-Cookie; and the value in a Cookie field.

/** What the directives of this module say. */
export interface CookieRules {
  readonly enabled?: boolean;
  readonly name?: string;
  /** Seconds; 0 or absent: as long as the client runs. */
  readonly expires?: number;
  readonly domain?: string;
  readonly style?: "Netscape" | "Cookie" | "Cookie2";
  readonly sameSite?: "Strict" | "Lax" | "None";
  readonly secure?: boolean;
  readonly httpOnly?: boolean;
}

/** The value of the cookie in a request's Cookie field; undefined where it has none. */
export function findCookie(field: string | undefined, name: string): string | undefined {
  if (field === undefined) return undefined;
  for (const piece of field.split(/[;,]/)) {
    const text = piece.replace(/^[ \t]+/, "");
    if (text.startsWith(`${name}=`) && text.length > name.length + 1) return text.slice(name.length + 1);
  }
  return undefined;
}

/** The value of the Set-Cookie field; `now` in milliseconds. */
export function cookieText(cookie: CookieRules, value: string, now: number): string {
  const { name = "Apache", expires = 0, domain, style = "Netscape", sameSite, secure, httpOnly } = cookie;
  const parts = [`${name}=${value}`, "path=/"];
  if (expires > 0) parts.push(style === "Netscape" ? `expires=${dateOf(now + expires * 1000)}` : `max-age=${expires}`);
  if (domain !== undefined) parts.push(`domain=${domain}`);
  if (domain !== undefined && style === "Cookie2") parts.push("version=1");
  if (sameSite !== undefined) parts.push(`SameSite=${sameSite}`);
  if (secure) parts.push("Secure");
  if (httpOnly) parts.push("HttpOnly");
  return parts.join("; ");
}

/** "Sat, 21-Nov-26 09:19:50 GMT", the date of Netscape's cookies. */
function dateOf(milliseconds: number): string {
  const [, day = "", date = "", month = "", year = "", clock = ""] =
    /^(\w+), (\d+) (\w+) \d\d(\d\d) ([\d:]+)/.exec(new Date(milliseconds).toUTCString()) ?? [];
  return `${day}, ${date}-${month}-${year} ${clock} GMT`;
}
