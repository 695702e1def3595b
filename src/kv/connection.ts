/**
 * One connection that is made when somebody needs it, and made anew when it has been lost.
 */

export interface Connection<Connected> {
  /** What there is, or a new one; those who come at the same time wait for the same. */
  open(): Promise<Connected>;
  /** Whoever comes next gets a new one. One that is just being made is new. */
  reset(): void;
  /** Does not wait for one that is just being made: it is closed when it is there. */
  close(): Promise<void>;
}

/** @param connect calls `lost` when what it has made is of no use any more. */
export function connectionOf<Connected extends { close(): void | Promise<void> }>(
  connect: (lost: () => void) => Promise<Connected>,
): Connection<Connected> {
  let current: Promise<Connected> | null = null;
  let made: Connected | null = null;
  let isClosed = false;

  function open(): Promise<Connected> {
    if (isClosed) return Promise.reject(new Error('the connection has been closed'));
    if (current !== null) return current;
    const forget = () => {
      if (current !== making) return;
      current = null;
      made = null;
    };
    const making: Promise<Connected> = connect(() => forget()).then(async (connected) => {
      if (isClosed) await connected.close();
      else made = connected;
      return connected;
    });
    current = making;
    making.catch(forget);
    return making;
  }

  async function leave(): Promise<void> {
    const last = made;
    current = null;
    made = null;
    await last?.close();
  }

  return {
    open,
    reset() {
      // Nobody uses it any more, so nobody minds how it ends.
      if (made) leave().catch(() => undefined);
    },
    close() {
      isClosed = true;
      return leave();
    },
  };
}
