// Scripts that want to run → as many as may run at once, the others in a queue.

/** Scripts a worker runs at the same time, and requests that wait for one to end. */
const mostRunning = 128;
const mostWaiting = 512;

let taken = 0;
const waiting: (() => void)[] = [];

/** Takes a place: at once (true), after waiting (a promise of it), or not, as too many wait already. */
export function takePlace(): boolean | Promise<true> {
  if (taken < mostRunning) {
    taken++;
    return true;
  }
  if (waiting.length >= mostWaiting) return false;
  return new Promise((resolve) => waiting.push(() => resolve(true)));
}

/** Gives a place to the next in the queue. */
export function leavePlace(): void {
  const next = waiting.shift();
  if (next) next();
  else taken--;
}
