/**
 * Long work on what an origin keeps: begun with one request, and looked at with others until it is done. An origin does one
 * piece of it at a time, and forgets what it did when it stops; the audit log has what came of it.
 */
import { MeridianError } from '../../errors.ts';
import { endpoint } from './endpoint.ts';
import { order, work } from './order.ts';

export const workEndpoints = [
  endpoint({
    method: 'POST',
    path: '/work',
    audience: 'operator',
    summary:
      'Begins to collect unreferenced blobs, to apply rules of retention, to import a folder, to export to one, to mirror packages, or to count anew what there is; on the machine of the origin alone.',
    input: order,
    output: work,
    run: async ({ works, actor, input }) => works.begin(input, actor),
  }),
  endpoint({
    method: 'GET',
    path: '/work/:id',
    audience: 'operator',
    summary: 'How a piece of work is.',
    input: null,
    output: work,
    async run({ works, names }) {
      const id = names['id'] ?? '';
      const found = works.find(id);
      if (found === null) throw new MeridianError('no-such-record', `there is no work ${id}`);
      return found;
    },
  }),
];
