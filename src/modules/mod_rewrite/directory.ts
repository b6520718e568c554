// The section around a directive → what its rules call their directory.
import { posix } from "node:path";
import { byteString, type Place } from "../../api/index.js";

/**
 * The directory of rules, with a slash at its end: that of `<Directory>`, and for the other sections, as in Apache, what
 * is written behind their name. Undefined outside of sections.
 */
export function directoryAround(place: Place): string | undefined {
  const section = place.sections.at(-1);
  if (place.context === ".htaccess" && !section) return place.directory;
  if (place.context === "server config" || place.context === "virtual host" || !section) return undefined;
  const name = section.name.toLowerCase();
  if (name === "limit" || name === "limitexcept") {
    return place.fail(`cannot stand in <${section.name}>`, "write RewriteCond %{REQUEST_METHOD} in front of the rule");
  }
  const [, tilde, double, single, plain] = /^\s*(~\s+)?(?:"([^"]*)"|'([^']*)'|(\S+))/.exec(section.argument) ?? [];
  const text = double ?? single ?? plain ?? "";
  const path = name === "directory" && !tilde ? posix.normalize(place.resolve(text)) : text;
  return byteString(path.endsWith("/") ? path : `${path}/`);
}
