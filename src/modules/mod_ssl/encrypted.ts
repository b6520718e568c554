// A virtual host → whether its connections are encrypted: by SSLEngine, or by the Listen line of its address.
import { core, type CertificateProvider, type Listen, type ServerView, type VirtualHost } from "../../api/index.js";
import type { SslSettings } from "./settings.js";

/** Modules that look after certificates. */
export function certificateProviders(server: ServerView): CertificateProvider[] {
  return [...server.providers("certificates").values()] as CertificateProvider[];
}

/** Whether a virtual host's certificates are looked after by a module. */
export function isManaged(server: ServerView, host: VirtualHost): boolean {
  return certificateProviders(server).some((provider) => provider.manages(server, host));
}

/**
 * Whether a virtual host speaks TLS. Without an SSLEngine line it does, as in Apache, when it has a certificate and one of its
 * addresses is that of a Listen line for https: the very same address, "*" standing for a Listen line without one.
 */
export function isEncrypted(server: ServerView, host: VirtualHost, { engine, certificates }: SslSettings): boolean {
  if (engine !== undefined) return engine;
  if (certificates.length === 0 && !isManaged(server, host)) return false;
  const [main] = server.virtualHosts;
  const listens = main ? server.settings(core, main).listens : [];
  const keys = new Set(listens.filter(({ protocol }) => protocol === "https").map(keyOf));
  return host.addresses.some((address) => keys.has(plain(address)));
}

function keyOf({ address, port }: Listen): string {
  return plain(`${address.includes(":") && !address.startsWith("[") ? `[${address}]` : address}:${port}`);
}

/** All addresses as "*". */
function plain(address: string): string {
  return address.toLowerCase().replace(/^(?:|_default_|0\.0\.0\.0|\[::\])(?=:\d+$)/, "*");
}
