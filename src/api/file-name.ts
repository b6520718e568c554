// File names as the strings of bytes requests carry → what the file system takes.

const ascii = /^[\x20-\x7e]*$/;

/**
 * A file name for node:fs. Requests carry names as latin1 strings of bytes, since URLs are bytes; a plain ASCII name is
 * itself, any other becomes the Buffer of its bytes.
 */
export function fileSystemPath(name: string): string | Buffer {
  return ascii.test(name) ? name : Buffer.from(name, "latin1");
}

/** A path from the configuration (UTF-8 text) as the latin1 string of its bytes, as requests carry names. */
export function byteString(text: string): string {
  return ascii.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}
