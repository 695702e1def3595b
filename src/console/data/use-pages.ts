/** A long list, page by page: the first at once, others when somebody asks for them. */
import { useEffect, useState } from 'preact/hooks';
import { type Known, useAnswer } from './use-answer.ts';

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Where the next page begins; `null`: there is none. */
  readonly next: string | null;
}

export interface Pages<Row> {
  /** All that has been fetched, as one page. */
  readonly known: Known<Page<Row>>;
  /** Fetches the next one. @throws what is shown as a sentence. */
  more(): Promise<void>;
}

/** @param by whatever makes another list of it. */
export function usePages<Row>(
  ask: (after: string | undefined) => Promise<Page<Row>>,
  by: readonly unknown[],
): Pages<Row> {
  const first = useAnswer(() => ask(undefined), by);
  const [others, setOthers] = useState<Page<Row> | null>(null);
  useEffect(() => setOthers(null), [first.value]);

  const value =
    first.value && others ? { rows: [...first.value.rows, ...others.rows], next: others.next } : first.value;

  return {
    known: { ...first, value },
    async more() {
      const after = value?.next;
      if (after === null || after === undefined) return;
      const page = await ask(after);
      setOthers((before) => ({ rows: [...(before?.rows ?? []), ...page.rows], next: page.next }));
    },
  };
}
