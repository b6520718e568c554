// The words of `Listen unix:/path ...` → a Unix socket to listen on.
import type { Listen, Place, UnixSocket } from "../../api/index.js";

/** Longest path of a Unix socket, in bytes: sockaddr_un holds 108 with the NUL. */
const longestPath = 107;
const parameters = "mode=660, user=NAME or group=NAME";

/** Reads a path behind "unix:" and the parameters behind that. Connections count as ones to port 80. */
export function unixListen(text: string, words: readonly string[], place: Place): Omit<Listen, "origin"> {
  const path = text.slice("unix:".length);
  if (!path.startsWith("/"))
    return place.fail(`address: a Unix socket is unix:/path, with an absolute path, found "${text}"`);
  const length = Buffer.byteLength(path);
  if (length > longestPath) {
    return place.fail(`address: the path of a Unix socket may have ${longestPath} bytes, found ${length}`);
  }
  let unix: UnixSocket = { path, mode: 0o660, user: undefined, group: undefined };
  for (const word of words) {
    const [, name, value = ""] = /^(mode|user|group)=(.+)$/i.exec(word) ?? [];
    switch (name?.toLowerCase()) {
      case "mode":
        if (!/^0?[0-7]{3}$/.test(value))
          return place.fail(`mode must be three octal digits like 660, found "${value}"`);
        unix = { ...unix, mode: parseInt(value, 8) };
        break;
      case "user":
        unix = { ...unix, user: value };
        break;
      case "group":
        unix = { ...unix, group: value };
        break;
      default:
        if (word.toLowerCase() === "http") break;
        if (word.toLowerCase() === "https") {
          return place.fail("TLS is not spoken on a Unix socket", "the front end ends TLS, and passes plain HTTP on");
        }
        return place.fail(`behind unix:/path may stand ${parameters}, found "${word}"`);
    }
  }
  return { address: `unix:${path}`, port: 80, protocol: "http", unix };
}
