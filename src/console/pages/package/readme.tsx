/** What the package says of itself: text of whoever has published it, shown without any of its powers (`markdown.ts`). */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { PackagePage } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { Notice } from '../../parts/notice.tsx';
import { Panel } from '../../parts/panel.tsx';

export function Readme({ page: { route, name, readme } }: { readonly page: PackagePage }) {
  const { ask } = useSession();
  const [whole, setWhole] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const text = whole ?? readme?.text ?? '';

  async function read(): Promise<void> {
    try {
      const { text: all } = await ask('GET', at('/packages/:route/:name/readme', { route, name }));
      setWhole(all);
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
    }
  }

  return (
    <Panel title="Readme">
      {text.trim() === '' ? (
        <p class="none">The package says nothing of itself.</p>
      ) : (
        <Markdown text={text} />
      )}
      {error !== null && <Notice kind="bad">{error}</Notice>}
      {readme?.isWhole === false && whole === null && (
        <p class="note">
          This is its beginning.{' '}
          <button type="button" onClick={() => void read()}>
            Show all of it
          </button>
        </p>
      )}
    </Panel>
  );
}

function Markdown({ text }: { readonly text: string }) {
  const place = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<'reading' | 'shown' | 'failed'>('reading');
  useEffect(() => {
    let isOver = false;
    import('./markdown.ts')
      .then(({ elementsOf }) => {
        if (isOver) return;
        place.current?.replaceChildren(elementsOf(text));
        setState('shown');
      })
      .catch(() => {
        if (!isOver) setState('failed');
      });
    return () => {
      isOver = true;
    };
  }, [text]);
  return (
    <>
      {state === 'reading' && <p class="waiting">Reading …</p>}
      {state === 'failed' && <Notice kind="bad">This readme cannot be shown. Load the page again.</Notice>}
      <div class="readme" ref={place} />
    </>
  );
}
