// What one worker alone does for all of them → begun when the supervisor chooses this one, ended when it leaves.

/** Begins a duty; gives what ends it. */
export type Duty = () => () => void;

/** The duties of one worker. */
export class Duties {
  readonly #duties: Duty[] = [];
  readonly #ends: (() => void)[] = [];
  #isChosen = false;

  add(duty: Duty): void {
    this.#duties.push(duty);
    if (this.#isChosen) this.#ends.push(duty());
  }

  /** This worker is the one. */
  begin(): void {
    if (this.#isChosen) return;
    this.#isChosen = true;
    for (const duty of this.#duties) this.#ends.push(duty());
  }

  /** It is not any more. */
  end(): void {
    this.#isChosen = false;
    for (const end of this.#ends.splice(0)) end();
  }
}
