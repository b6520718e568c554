// The body of a response in memory that is used again → pieces that its one reader gives back.
import { Readable } from "node:stream";

/**
 * A stream that lends its pieces. Whoever reads it alone, and has no more use for a piece, gives it back once, and must not
 * look at it again; a piece that is not given back is collected as any other buffer.
 */
export abstract class LendingStream extends Readable {
  abstract giveBack(piece: Buffer): void;
}
