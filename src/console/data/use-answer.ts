/** What the API says, kept up to date while somebody looks. */
import { useEffect, useState } from 'preact/hooks';

export interface Known<Value> {
  /** The last that was heard, also while a later question failed. */
  readonly value: Value | undefined;
  /** Why the last question failed. */
  readonly error: string | undefined;
  readonly atMs: number | undefined;
  /** Asks at once. */
  again(): void;
}

/**
 * @param ask called again every `everyMs` while the page is visible, and whenever one of `by` changes.
 * @param everyMs 0: once.
 */
export function useAnswer<Value>(
  ask: () => Promise<Value>,
  by: readonly unknown[],
  everyMs = 0,
): Known<Value> {
  const [known, setKnown] = useState<Omit<Known<Value>, 'again'>>({
    value: undefined,
    error: undefined,
    atMs: undefined,
  });
  const [round, setRound] = useState(0);

  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;

    async function look(): Promise<void> {
      try {
        const value = await ask();
        if (!isOver) setKnown({ value, error: undefined, atMs: Date.now() });
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (!isOver) setKnown((before) => ({ ...before, error: reason }));
      }
      if (!isOver && everyMs > 0) timer = setTimeout(whenVisible, everyMs);
    }

    function whenVisible(): void {
      if (document.visibilityState === 'visible') void look();
      else document.addEventListener('visibilitychange', whenVisible, { once: true });
    }

    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', whenVisible);
    };
  }, [...by, round, everyMs]);

  return { ...known, again: () => setRound((before) => before + 1) };
}
