/**
 * A phase of the members of a ring: what another member keeps is asked for there, in one hop. When that member cannot
 * be asked, the next one on the ring is, until it is this one's own turn.
 */
import { asMeridianError } from '../errors.ts';
import type { Account, Node } from './node.ts';
import { reply } from './reply.ts';
import type { NodeRing } from './ring.ts';

/** The owner's answer; `null` when this worker has to see to it itself. */
export async function relay(
  node: Node,
  ring: NodeRing,
  account: Account,
  key: string,
): Promise<Response | null> {
  const { exchange } = account;
  const { method, request } = exchange;
  if (exchange.relayed === true || request.body !== null || (method !== 'GET' && method !== 'HEAD'))
    return null;
  for (const member of ring.before(key)) {
    try {
      const answer = await ring.ask(member, exchange);
      const { status, headers } = answer;
      const response = await reply(node, account, {
        outcome: 'relayed',
        source: { from: 'parent', answer },
        forwarding: {
          status,
          detail: member,
          cacheStatus: headers.get('cache-status'),
          serverTiming: headers.get('server-timing'),
        },
      });
      ring.counts.relayed++;
      return response;
    } catch (thrown) {
      if (request.signal.aborted) throw thrown;
      ring.counts.failed++;
      const error = asMeridianError(thrown);
      node.log.debug('a member of the ring could not be asked', { member, error });
    }
  }
  return null;
}
