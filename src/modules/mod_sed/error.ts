// What is wrong with a script of sed.

/** Why a script cannot be read; the message is what Apache says, without the line. */
export class SedError extends Error {
  override readonly name = "SedError";
}
