// ServerTokens → the words of the Server field and of SERVER_SOFTWARE.
import { createRequire } from "node:module";

const { version: packageVersion } = createRequire(import.meta.url)("../../package.json") as {
  readonly version: string;
};

/** This product's version, "0.1.0". */
export const version = packageVersion;

/** How much the server says of itself, by the words of ServerTokens. */
export type ServerTokens = "Prod" | "Major" | "Minor" | "Min" | "OS" | "Full";

/** The server's own name for itself: "modhost", "modhost/0.1.0", "modhost/0.1.0 (Unix)". */
export function serverBanner(tokens: ServerTokens): string {
  const [major, minor] = version.split(".");
  const byTokens: Readonly<Record<ServerTokens, string>> = {
    Prod: "modhost",
    Major: `modhost/${major}`,
    Minor: `modhost/${major}.${minor}`,
    Min: `modhost/${version}`,
    OS: `modhost/${version} (${process.platform === "win32" ? "Windows" : "Unix"})`,
    Full: `modhost/${version} (${process.platform === "win32" ? "Windows" : "Unix"})`,
  };
  return byTokens[tokens];
}
