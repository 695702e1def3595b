/** Shows what the API said, or that it is being asked, or why it cannot be known. What was known stays while a later question fails. */
import type { ComponentChildren } from 'preact';
import type { Known } from '../data/use-answer.ts';
import { Notice } from './notice.tsx';

export function Answered<Value>({
  known,
  children,
}: {
  readonly known: Known<Value>;
  readonly children: (value: Value) => ComponentChildren;
}) {
  const { value, error, again } = known;
  return (
    <>
      {error !== undefined && (
        <Notice kind="bad">
          {error}{' '}
          <button type="button" onClick={again}>
            Ask again
          </button>
        </Notice>
      )}
      {value !== undefined ? (
        children(value)
      ) : error === undefined ? (
        <p class="waiting" role="status">
          Asking …
        </p>
      ) : null}
    </>
  );
}
