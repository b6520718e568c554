// A decoded path → the same path as it stands in a URL.

const unsafe = /[^A-Za-z0-9$\-_.+!*'(),:;@&=/~]/g;

/** Percent-encodes what Apache does in a path, in lower-case hexadecimal. `path` is a latin1 string of bytes. */
export function escapePath(path: string): string {
  return path.replace(unsafe, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** Replaces what HTML would take for its own. */
export function escapeHtml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

const shellCharacters = /[&;`'"|*?~<>^()[\]{}$\\\n\xff]/g;

/** Puts a backslash before what a shell would take for its own, as Apache does. */
export function escapeShell(text: string): string {
  return text.replace(shellCharacters, "\\$&");
}

/** Decodes percent escapes; what is none, and that of a zero byte, stays. Latin1 strings of bytes. */
export function unescapeUrl(text: string): string {
  return text.replace(/%(?!00)([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
