// What MDCertificateAuthority names → the address of an authority's directory.

const known: Readonly<Record<string, string>> = {
  LetsEncrypt: "https://acme-v02.api.letsencrypt.org/directory",
  "LetsEncrypt-Test": "https://acme-staging-v02.api.letsencrypt.org/directory",
  Buypass: "https://api.buypass.com/acme/directory",
  "Buypass-Test": "https://api.test4.buypass.no/acme/directory",
};

export const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory";

/** The URL a name stands for, or the URL itself; undefined where it is neither. */
export function authorityUrl(name: string): string | undefined {
  const found = Object.entries(known).find(([each]) => each.toLowerCase() === name.toLowerCase());
  if (found) return found[1];
  return isWebUrl(name) ? name : undefined;
}

/** "LetsEncrypt", else the host. */
export function authorityName(url: string): string {
  const found = Object.entries(known).find(([, each]) => each === url);
  return found?.[0] ?? new URL(url).hostname;
}

/** Names that are known, for errors. */
export const authorityNames: readonly string[] = Object.keys(known);

/** Whether it is an absolute URL of http or https, without a name and password. */
export function isWebUrl(text: string): boolean {
  try {
    const { protocol, hostname, username, password } = new URL(text);
    return /^https?:$/.test(protocol) && hostname !== "" && username === "" && password === "";
  } catch {
    return false;
  }
}
