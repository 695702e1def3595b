/** What nodes are to fetch before anybody asks for it, for a while, by the API: a job of a CI orders it after a push. */
import { z } from 'zod';
import { MeridianError } from '../../errors.ts';
import { prefetchBase, prefetchOrder, prefetchState } from '../../messages/prefetch-order.ts';
import { endpoint } from './endpoint.ts';

export const prefetchEndpoints = [
  endpoint({
    method: 'POST',
    path: '/prefetch',
    audience: 'account',
    summary:
      'Has PoPs and shields fetch versions of packages, images and addresses before anybody asks for them, and have them for a while. Of each, the right to `read` and to `prefetch` is needed; what is not had, and why, is in `refused`. Answers at once; `/prefetch/{id}` tells how far the nodes are.',
    input: prefetchOrder,
    output: prefetchState,
    run: ({ prefetch, input, identity, actor, askedAt }) =>
      prefetch.order({ ...input, bases: basesOf(input.bases, askedAt) }, { identity, actor }),
  }),
  endpoint({
    method: 'GET',
    path: '/prefetch',
    audience: 'account',
    summary: 'What whoever asks has ordered so, the newest first; whoever may administer sees all.',
    input: null,
    output: z.array(prefetchState),
    run: async ({ prefetch, identity }) => [...(await prefetch.all(identity))],
  }),
  endpoint({
    method: 'GET',
    path: '/prefetch/:id',
    audience: 'account',
    summary: 'One of these: what it comes to, what is refused, and how far each node is.',
    input: null,
    output: prefetchState,
    async run({ prefetch, names: { id = '' }, identity }) {
      return (await prefetch.find(id, identity)) ?? absent(id);
    },
  }),
  endpoint({
    method: 'DELETE',
    path: '/prefetch/:id',
    audience: 'account',
    summary: 'Nodes need not have it any more. What they have goes as everything goes that nobody asks for.',
    input: null,
    output: z.object({}),
    async run({ prefetch, names: { id = '' }, identity, actor }) {
      return (await prefetch.remove(id, { identity, actor })) ? {} : absent(id);
    },
  }),
];

/** With the address by which the PoP was asked: others use it, too. */
function basesOf(given: readonly string[], askedAt: string | null): string[] {
  const asked = prefetchBase.safeParse(askedAt).data;
  return [...new Set([...given, ...(asked === undefined ? [] : [asked])])];
}

/** The same for what somebody else has ordered. */
function absent(id: string): never {
  throw new MeridianError('no-such-record', `nothing is prefetched as ${id}, or it has expired`);
}
