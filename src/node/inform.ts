/**
 * Interim responses (102, 103) on their way from a parent to whoever asked: in the order in which they come, each
 * without what belongs to the connection that it came on. They are never stored, and those who only wait for the same
 * answer do not see them.
 */
import type { ClientRequest } from '../http/client.ts';
import { endToEnd } from '../http/fields.ts';
import type { Ask } from '../parent.ts';

/** What a request to a parent does with them; nothing when no client waits. */
export function informing({ exchange, background }: Ask): ClientRequest['inform'] {
  if (background || !exchange.inform) return undefined;
  return (status, headers) => {
    const fields = endToEnd(headers, ofContent);
    for (const name of [...fields.keys()]) if (name.startsWith('meridian-')) fields.delete(name);
    exchange.inform?.(status, fields);
  };
}

/** An interim response has none. */
const ofContent: ReadonlySet<string> = new Set(['content-length', 'content-range']);
