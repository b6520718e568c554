// Debian's package apache2 → a server root as it leaves one, in a folder of its own.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const debian = "/etc/apache2";

/** What is missing on this machine for a copy. */
export function missingDebianRoot(): string | undefined {
  const there = existsSync("/usr/sbin/apache2ctl") && existsSync(join(debian, "mods-available"));
  return there ? undefined : "Debian's apache2 is missing: apt-get install apache2";
}

/** What the package enables: by dependence and by its own script. */
const enabled: Readonly<Record<"mods" | "conf" | "sites", string>> = {
  mods:
    "mpm_event authz_core authz_host authn_core auth_basic access_compat authn_file authz_user alias dir autoindex env mime " +
    "negotiation setenvif filter deflate status reqtimeout",
  conf: "charset localized-error-pages other-vhosts-access-log security serve-cgi-bin",
  sites: "000-default",
};

/** A copy, whatever is enabled on this machine. */
export interface DebianRoot {
  readonly root: string;
  /** Replaces text in one of its files. */
  edit(file: string, change: (text: string) => string): void;
  remove(): void;
}

/** Makes one. Its run and log folders are below it; all else is as in the package. */
export function makeDebianRoot(): DebianRoot {
  const root = mkdtempSync(join(tmpdir(), "modhost-debian-"));
  for (const name of ["apache2.conf", "ports.conf", "envvars", "magic"]) cpSync(join(debian, name), join(root, name));
  for (const [kind, names] of Object.entries(enabled)) {
    cpSync(join(debian, `${kind}-available`), join(root, `${kind}-available`), { recursive: true });
    mkdirSync(join(root, `${kind}-enabled`));
    for (const file of names.split(" ").flatMap((name) => [`${name}.load`, `${name}.conf`])) {
      if (!existsSync(join(root, `${kind}-available/${file}`))) continue;
      symlinkSync(`../${kind}-available/${file}`, join(root, `${kind}-enabled/${file}`));
    }
  }
  const edit: DebianRoot["edit"] = (file, change) => {
    const path = join(root, file);
    writeFileSync(path, change(readFileSync(path, "utf8")));
  };
  for (const folder of ["run", "log", "lock"]) mkdirSync(join(root, folder));
  edit("envvars", (text) => text.replace(/\/var\/(run|log|lock)\/apache2(\$SUFFIX)?/g, `${root}/$1`));
  return { root, edit, remove: () => rmSync(root, { recursive: true, force: true }) };
}
