// What a virtual host speaks, and what a client offers → the protocol that is spoken.

/** A virtual host's part in the choice. */
export interface Spoken {
  /** In the order of preference. */
  readonly protocols: readonly string[];
  readonly honorsOrder: boolean;
}

/** The names of HTTP/1.1, HTTP/2 over TLS, and HTTP/2 without. */
export const http1 = "http/1.1";

/**
 * The protocol to speak of those a client offers, as Apache chooses: by the server's order, or the client's. HTTP/1.1 is
 * what is left where nothing else is in both lists; undefined where the client does not offer that either.
 */
export function chooseProtocol({ protocols, honorsOrder }: Spoken, offered: readonly string[]): string | undefined {
  const [preferred, others] = honorsOrder ? [protocols, offered] : [offered, protocols];
  return preferred.find((each) => others.includes(each)) ?? (offered.includes(http1) ? http1 : undefined);
}
