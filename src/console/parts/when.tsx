/** A moment as its day, and to the second for whoever points at it. */
import { time } from './format.ts';

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });

export function When({ ms }: { readonly ms: number | null }) {
  if (ms === null) return <>–</>;
  return (
    <time dateTime={new Date(ms).toISOString()} title={time(ms)}>
      {day.format(ms)}
    </time>
  );
}
