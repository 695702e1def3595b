/** Asks for the next page of a list. */
import { useState } from 'preact/hooks';
import { Notice } from './notice.tsx';

export function More({ more, does }: { readonly more: () => Promise<void>; readonly does: string }) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);

  async function ask(): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      await more();
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
    } finally {
      setBusy(false);
    }
  }

  return (
    <div class="more">
      {error !== null && <Notice kind="bad">{error}</Notice>}
      <button type="button" disabled={isBusy} onClick={() => void ask()}>
        {does}
      </button>
    </div>
  );
}
