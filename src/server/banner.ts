// ServerTokens → the Server field, and the signature under error pages.
import { createRequire } from "node:module";
import type { CoreSettings } from "./request.js";

const { version } = createRequire(import.meta.url)("../../package.json") as { readonly version: string };

/** Version of modhost, "0.1.0". */
export const productVersion = version;

const [major = "0", minor = "0"] = version.split(".");

const tokens: Readonly<Record<CoreSettings["serverTokens"], string>> = {
  Prod: "modhost",
  Major: `modhost/${major}`,
  Minor: `modhost/${major}.${minor}`,
  Min: `modhost/${version}`,
  OS: `modhost/${version} (Unix)`,
  Full: `modhost/${version} (Unix)`,
};

/** The Server field for a ServerTokens word. */
export function serverToken(word: CoreSettings["serverTokens"]): string {
  return tokens[word];
}
