// The clock → request times in milliseconds, and the Date field once a second.

let offset = Date.now() - performance.now();
let second = 0;
let date = "";

/** Milliseconds since the epoch, with a fraction. */
export function now(): number {
  return offset + performance.now();
}

/** The Date field's value now. */
export function httpDate(): string {
  const milliseconds = Date.now();
  const current = Math.floor(milliseconds / 1000);
  if (current !== second) {
    second = current;
    date = new Date(milliseconds).toUTCString();
    // The wall clock may have been set; a difference of a few milliseconds is the rounding of Date.now.
    if (Math.abs(now() - milliseconds) > 10) offset = milliseconds - performance.now();
  }
  return date;
}
