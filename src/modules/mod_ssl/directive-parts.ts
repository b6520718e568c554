// What the files of directives have in common: where lines may stand, files they name, and how examples begin.
import type { Context, DirectiveMaker, Place } from "../../api/index.js";
import type { ssl } from "./settings.js";

export type Settings = typeof ssl.settings;
export type Make = DirectiveMaker<Settings>;

export const hosts: readonly Context[] = ["server config", "virtual host"];
export const sections: readonly Context[] = ["directory", ".htaccess"];
export const override = "AuthConfig";
/** The first lines of an example. */
export const engine = "SSLEngine On\nSSLCertificateFile cert.pem\n";

/** A file with the line that names it. */
export const named = (path: string, { origin }: Place) => ({ path, origin });
