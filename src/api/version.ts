// The version of what modules may import.

/** Raised when a module written for the one before might not work; a module says what it was written for by a constant of that name. */
export const apiVersion = 1;
