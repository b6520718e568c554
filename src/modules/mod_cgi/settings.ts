// What the modules mod_cgi and mod_cgid remember: the log of scripts that fail, and how long one may be silent.
import { value, type SettingsOf } from "../../api/index.js";

/** Each of the two modules has these for itself. */
export const settings = {
  /** Absolute path. */
  scriptLog: value<string | undefined>(undefined),
  /** Bytes beyond which nothing is added to the log. */
  scriptLogLength: value<number>(10_385_760),
  /** Bytes of a request's body that the log shows. */
  scriptLogBuffer: value<number>(1024),
  /** Milliseconds; undefined: as Timeout. */
  scriptTimeout: value<number | undefined>(undefined),
};

export type CgiSettings = SettingsOf<typeof settings>;

/** The words by which a module logs, and the texts that it marks by numbers of its own in Apache. */
export interface CgiModule {
  readonly name: "cgi" | "cgid";
  readonly codes: Readonly<
    Record<"notAllowed" | "included" | "missing" | "directory" | "pathInfo" | "writing" | "body" | "silent", string>
  >;
}
