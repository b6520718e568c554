// A base URL → a client that keeps cookies, sends forms, and follows redirects when asked, as a person's browser would.

/** What came back, with its text. */
export interface Page {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** One browser window: cookies live as long as it does. */
export class Browsing {
  readonly cookies = new Map<string, string>();
  readonly #base: string;

  constructor(base: string) {
    this.#base = base;
  }

  /** GETs a path below the base URL, or a whole URL of the same server. */
  get(path: string): Promise<Page> {
    return this.#send(path, {});
  }

  /** POSTs fields as a form does; a Blob among them makes it multipart. */
  post(path: string, fields: Readonly<Record<string, string | Blob>>): Promise<Page> {
    const body = Object.values(fields).some((value) => value instanceof Blob) ? new FormData() : new URLSearchParams();
    for (const [name, value] of Object.entries(fields)) {
      if (body instanceof FormData) body.set(name, value);
      else if (typeof value === "string") body.set(name, value);
    }
    return this.#send(path, { method: "POST", body, headers: { Referer: new URL(path, this.#base).href } });
  }

  /** GETs where a redirect leads. */
  follow({ headers, status }: Page): Promise<Page> {
    const location = headers.get("location");
    if (status < 300 || status > 399 || location === null) throw new Error(`no redirect but ${status}`);
    return this.get(location);
  }

  async #send(path: string, init: RequestInit): Promise<Page> {
    const headers = new Headers(init.headers);
    if (this.cookies.size > 0) {
      headers.set("Cookie", [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    }
    const response = await fetch(new URL(path, this.#base), { ...init, headers, redirect: "manual" });
    for (const cookie of response.headers.getSetCookie()) this.#keep(cookie);
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  #keep(cookie: string): void {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
    const isOver =
      /;\s*max-age=0/i.test(cookie) || Date.parse(/;\s*expires=([^;]+)/i.exec(cookie)?.[1] ?? "") <= Date.now();
    if (isOver) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

/** The value of a field in a form, as it stands in the page. */
export function fieldOf(page: Page, name: string): string {
  const input = new RegExp(`<input[^>]*name="${name}"[^>]*>`).exec(page.text)?.[0] ?? "";
  const value = /value="([^"]*)"/.exec(input)?.[1];
  if (value === undefined) throw new Error(`no field ${name} in the page:\n${page.text}`);
  return value;
}
