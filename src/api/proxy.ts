// What a module that teaches mod_proxy a scheme of back ends says of it.

/** A scheme of back ends, registered as `provides: { proxyScheme: { NAME: scheme } }` (mod_proxy_http: "http"). */
export interface ProxyScheme {
  /** The port of URLs that name none. */
  readonly defaultPort: number;
}
