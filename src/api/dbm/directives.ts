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

const dbmTypeArgument = arg.custom(
  "type",
  "default|DB|GDBM|SDBM",
  (text, place): DbmType => dbmType(text) ?? place.refuse("must be one of default, DB, GDBM, SDBM"),
);

const dbmTypesDoc =
  "`DB` is a hash of Berkeley DB, what Debian's tools write, `GDBM` a file of GDBM (with offsets of 64 bits), `SDBM` the pair of " +
  "files ending in `.pag` and `.dir` of Apache's own format; `default` is the one the file is in. `NDBM`, which Debian's Apache " +
  "cannot read either, is refused.";

/** The record of AuthDBMType and AuthzDBMType: what kind of file another directive names; `area` are lines of its example. */
export const dbmTypeDirective = (name: string, { file, area }: { readonly file: string; readonly area: string }) =>
  ({
    args: [dbmTypeArgument],
    contexts: ["directory", ".htaccess"],
    override: "AuthConfig",
    summary: `Says what kind of file ${file} names`,
    doc: `${dbmTypesDoc} As in Apache a section with one of these two lines takes neither over from those around it.`,
    example: `<Location /private>\n  ${area}\n  ${name} SDBM\n</Location>`,
    default: "default",
    set: ([type]: readonly [DbmType]): { readonly source: DbmSource } => ({ source: { type } }),
  }) as const;
