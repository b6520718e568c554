// The sets of contexts most directives of core stand in, and the type of the maker they are written with.
import type { core, Context, DirectiveMaker } from "../../api/index.js";

export const serverOnly: readonly Context[] = ["server config"];
export const hosts: readonly Context[] = ["server config", "virtual host"];
export const directories: readonly Context[] = ["directory"];
export const hostsAndDirectories: readonly Context[] = ["server config", "virtual host", "directory"];
export const everywhere: readonly Context[] = ["server config", "virtual host", "directory", ".htaccess"];

/** Makes directives that change core's settings. */
export type CoreMaker = DirectiveMaker<typeof core.settings>;
