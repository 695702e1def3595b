/** How the launcher fails: with a sentence that says what to put right, and an exit code that scripts can tell. */

/** EX_UNAVAILABLE of sysexits.h: something that has to be there is not. */
const EXIT_UNAVAILABLE = 69;

/** Something that the user has to put right. The message says what and how; a stack trace would not help. */
export class CannotStart extends Error {}

/**
 * Runs `start`; a `CannotStart` becomes a message and exit code 69.
 *
 * @param {() => Promise<void>} start
 */
export async function orExplain(start) {
  try {
    await start();
  } catch (error) {
    if (!(error instanceof CannotStart)) throw error;
    console.error(`meridian: ${error.message}`);
    process.exitCode = EXIT_UNAVAILABLE;
  }
}
