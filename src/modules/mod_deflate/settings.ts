// What mod_deflate remembers.
import { defineSettings, map, value } from "../../api/index.js";

export const deflate = defineSettings("mod_deflate", {
  level: value<number>(-1),
  windowBits: value<number>(15),
  memLevel: value<number>(9),
  bufferSize: value<number>(8096),
  etag: value<"AddSuffix" | "NoChange" | "Remove">("AddSuffix"),
  /** Names of the notes for what went in, what came out, and their ratio. */
  notes: map<string>(),
  /** Bytes an inflated request body may have; undefined: what LimitRequestBody allows. */
  inflateLimit: value<number | undefined>(undefined),
  ratioLimit: value<number>(200),
  ratioBurst: value<number>(3),
});
