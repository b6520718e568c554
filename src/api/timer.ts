// What timers of Node.js can be set for.

/** The longest, in milliseconds; what is set for more ends at once. */
export const longestTimer = 2 ** 31 - 1;
