// The environ of a request → the URL below the mount, as it was sent.

/** SCRIPT_NAME, and what is left of the URL below it: encoded, with the query. */
export interface MountedUrl {
  readonly mount: string;
  readonly url: string;
  readonly originalUrl: string;
}

/**
 * Takes the mount off. The rest is as the client sent it, where that names the PATH_INFO the server found; after a
 * rewrite, or where the server cleaned the path, it is PATH_INFO encoded.
 */
export function mountedUrl(environ: (name: string) => string | undefined): MountedUrl {
  const mount = (environ("SCRIPT_NAME") ?? "").replace(/\/$/, "");
  const pathInfo = environ("PATH_INFO") ?? "";
  const query = environ("QUERY_STRING") ?? "";
  const target = environ("REQUEST_URI") ?? mount + pathInfo;
  const path = rest(target, mount, pathInfo) || "/";
  return { mount, url: query === "" ? path : `${path}?${query}`, originalUrl: target };
}

function rest(target: string, mount: string, pathInfo: string): string {
  const end = target.indexOf("?");
  const path = end < 0 ? target : target.slice(0, end);
  if (path.startsWith(mount)) {
    const below = path.slice(mount.length);
    if (below === pathInfo || decoded(below) === pathInfo) return below;
  }
  return encodePath(pathInfo);
}

/** Percent-encoded bytes as latin1 characters. */
function decoded(path: string): string {
  return path.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}

function encodePath(path: string): string {
  return path.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/g, (character) => {
    const code = character.charCodeAt(0) & 0xff;
    return `%${code < 16 ? "0" : ""}${code.toString(16).toUpperCase()}`;
  });
}
