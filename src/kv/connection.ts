/**
 * One connection that is made when somebody needs it, and made anew when it has been lost.
 */

export interface Connection<Connected> {
  /** What there is, or a new one; those who come at the same time wait for the same. */
  open(): Promise<Connected>;
  /** Whoever comes next gets a new one. */
  reset(): void;
  close(): Promise<void>;
}

/** @param connect calls `lost` when what it has made is of no use any more. */
export function connectionOf<Connected extends { close(): void | Promise<void> }>(
  connect: (lost: () => void) => Promise<Connected>,
): Connection<Connected> {
  let current: Promise<Connected> | null = null;
  let isClosed = false;

  function open(): Promise<Connected> {
    if (isClosed) return Promise.reject(new Error('the connection has been closed'));
    if (current !== null) return current;
    const forget = () => {
      if (current === made) current = null;
    };
    const made: Promise<Connected> = connect(() => forget());
    current = made;
    made.catch(forget);
    return made;
  }

  async function leave(): Promise<void> {
    const last = current;
    current = null;
    // One that could not be made has nothing to close.
    const connected = await last?.catch(() => null);
    await connected?.close();
  }

  return {
    open,
    reset() {
      // Nobody uses it any more, so nobody minds how it ends.
      leave().catch(() => undefined);
    },
    close() {
      isClosed = true;
      return leave();
    },
  };
}
