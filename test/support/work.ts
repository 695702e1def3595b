/** Long work of an origin, ordered as the commands order it. */
import { type Order, type Work, work } from '../../src/access/api/order.ts';
import type { TestNode } from './network.ts';
import { eventually } from './wait.ts';

/** What became of it, when it is over. */
export async function workedThrough(origin: TestNode, order: Order): Promise<Work> {
  const { id } = work.parse(await origin.api('POST', '/work', order));
  return eventually(
    `the work to ${order.do} to be over`,
    async () => {
      const now = work.parse(await origin.api('GET', `/work/${id}`));
      return now.state !== 'running' && now;
    },
    { withinMs: 30_000 },
  );
}
