// Why a server does not start.

/** Why the server could not start; lines for the terminal. */
export class StartError extends Error {
  override readonly name = "StartError";
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join("\n"));
    this.lines = lines;
  }
}
