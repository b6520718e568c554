// The package chevrotain → what of it is used here, from the one file that the package bundles itself into.
import type * as Chevrotain from "chevrotain";

// Its door imports some 700 small modules, half a second of processor time at each start of each process; the bundle takes a thirtieth.
const bundle = new URL("../chevrotain.mjs", import.meta.resolve("chevrotain"));
const library = (await import(bundle.href).catch(() => import("chevrotain"))) as typeof Chevrotain;

/** Chevrotain's own. */
export const { createToken, EmbeddedActionsParser, Lexer } = library;
