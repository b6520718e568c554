// Paths of the server → the same as a daemon group sees them that is shut in a chroot.
import type { DaemonProcess } from "./daemon-process.js";

/** The path as seen from inside; undefined for one that is outside. A group without chroot sees all as they are. */
export function insidePath({ chroot }: Pick<DaemonProcess, "chroot">, path: string): string | undefined {
  if (chroot === undefined || chroot === "/") return path;
  return path.startsWith(`${chroot}/`) ? path.slice(chroot.length) : undefined;
}

/** As Apache shows paths to applications: what is outside stays as it is. */
export function shownPath(chroot: string | undefined, path: string): string {
  return insidePath({ chroot }, path) ?? path;
}
