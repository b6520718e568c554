// The path a tool was called by → its name, and the instance that a suffix names, as Debian's tools have it.
import { basename } from "node:path";

/**
 * "a2ensite" of "/usr/local/sbin/a2ensite-shop", after APACHE_CONFDIR was set to /etc/apache2-shop in the environment,
 * unless it named another server root. Links with such names are what Debian's setup-instance makes.
 */
export function programName(path: string, environment: NodeJS.ProcessEnv = process.env): string {
  const [, name = basename(path), suffix] = /^([^-]+)-(.+)$/.exec(basename(path)) ?? [];
  if (suffix !== undefined) environment["APACHE_CONFDIR"] ||= `/etc/apache2-${suffix}`;
  return name;
}
