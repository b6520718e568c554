// Lines that name a DBM file and its type → what a module remembers of them.
import { arg } from "../arguments.js";
import type { Setting } from "../settings.js";
import { dbmType, type DbmType } from "./values.js";

/** A DBM file, and what kind of file it is. */
export interface DbmSource {
  readonly file?: string;
  readonly type?: DbmType;
}

/** Both lines of one section make one source; as in Apache an inner section takes nothing over from those around it. */
export const dbmSource: Setting<DbmSource> = {
  initial: {},
  add: (earlier, later) => ({ ...earlier, ...later }),
  nest: (_outer, inner) => inner,
};

/** The argument of AuthDBMType and AuthzDBMType. */
export const dbmTypeArgument = arg.custom(
  "type",
  "default|DB|GDBM|SDBM",
  (text, place): DbmType => dbmType(text) ?? place.refuse("must be one of default, DB, GDBM, SDBM"),
);

/** What the types are, for reference pages. */
export const dbmTypesDoc =
  "`DB` is a hash of Berkeley DB, what Debian's tools write, `GDBM` a file of GDBM (with offsets of 64 bits), `SDBM` the pair of " +
  "files ending in `.pag` and `.dir` of Apache's own format; `default` is the one the file is in. `NDBM`, which Debian's Apache " +
  "cannot read either, is refused.";
