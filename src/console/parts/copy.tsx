/** A button that puts a text on the clipboard, and says that it has. */
import { useEffect, useState } from 'preact/hooks';
import { Icon } from './icon.tsx';

/** For which it says so. */
const saidMs = 2_000;

export function Copy({
  text,
  label,
}: {
  readonly text: string;
  /** What is copied: `Copy the token`. */
  readonly label: string;
}) {
  const [state, setState] = useState<'ready' | 'copied' | 'failed'>('ready');
  useEffect(() => {
    if (state === 'ready') return;
    const timer = setTimeout(() => setState('ready'), saidMs);
    return () => clearTimeout(timer);
  }, [state]);
  const said = { ready: '', copied: 'Copied', failed: 'Select and copy it yourself' }[state];
  return (
    <span class="copy">
      <button
        type="button"
        class="plain"
        aria-label={label}
        title={label}
        onClick={(event) =>
          void copied(text, event.currentTarget).then((is) => setState(is ? 'copied' : 'failed'))
        }
      >
        <Icon name={state === 'copied' ? 'done' : 'copy'} />
      </button>
      <span role="status" class="note">
        {said}
      </span>
    </span>
  );
}

async function copied(text: string, near: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelection(text, near); // no clipboard without TLS, but on loopback
  }
}

/** Beside the button, since what is outside of an open dialog cannot be selected. */
function copiedBySelection(text: string, near: HTMLElement): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'unseen';
  near.after(area);
  area.select();
  const is = document.execCommand('copy');
  area.remove();
  near.focus();
  return is;
}
