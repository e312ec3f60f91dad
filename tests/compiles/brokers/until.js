// Waits for what is about to happen.

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Asks again and again, and fails with what it waited for where that does not happen. */
export const until = async (what, done) => {
  for (const end = Date.now() + 60_000; !(await done()); await pause(20)) {
    if (Date.now() > end) throw new Error(`${what}, which does not happen`);
  }
};
