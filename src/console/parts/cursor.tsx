/** The moment that is looked at, which all charts of a page share. */
import { type ComponentChildren, createContext } from 'preact';
import { useContext, useMemo, useState } from 'preact/hooks';

export interface Cursor {
  /** Which step; `null`: none. */
  readonly at: number | null;
  move(at: number | null): void;
}

const CursorContext = createContext<Cursor>({ at: null, move: () => undefined });

export function SharedCursor({ children }: { readonly children: ComponentChildren }) {
  const [at, move] = useState<number | null>(null);
  const cursor = useMemo(() => ({ at, move }), [at]);
  return <CursorContext.Provider value={cursor}>{children}</CursorContext.Provider>;
}

export function useCursor(): Cursor {
  return useContext(CursorContext);
}
