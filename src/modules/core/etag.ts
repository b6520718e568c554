// What a file is → its entity tag, as Apache writes it.
import type { ETagParts } from "../../api/index.js";

/** The numbers a tag is made of. */
export interface FileFacts {
  readonly inode: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

/**
 * The strong tag of a file, with its quotes; undefined when no part is wanted. Numbers are lower-case hexadecimal, the
 * time in microseconds. `digest` is the SHA-1 of the content in base64, where it is wanted.
 */
export function entityTag(parts: ETagParts, { inode, size, mtimeNs }: FileFacts, digest?: string): string | undefined {
  if (parts.digest && digest !== undefined) return `"${digest}"`;
  const numbers: bigint[] = [];
  if (parts.inode) numbers.push(inode);
  if (parts.size) numbers.push(size);
  if (parts.mtime) numbers.push(mtimeNs / 1000n);
  return numbers.length === 0 ? undefined : `"${numbers.map((number) => number.toString(16)).join("-")}"`;
}
