/** `meridian hot`: what the nodes of the network are asked for most. */
import { z } from 'zod';
import { hotObject } from '../messages/cached.ts';
import { apiOptions, asker } from './access/ask.ts';
import { show } from './access/shown.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';
import { jsonOption } from './settings.ts';

export default command({ ...apiOptions, ...jsonOption } as const, async (values) => {
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  const objects = z.array(hotObject).parse(await ask('GET', '/hot'));
  const rows = objects.map(({ key, perSecond, uses, why, replicas, at }) => [
    key,
    perSecond === null ? '-' : perSecond.toFixed(1),
    uses ?? '-',
    why,
    replicas.length > 0 ? replicas.join(' ') : '-',
    at.map(({ node, worker }) => (worker === 0 ? node : `${node}.${worker}`)).join(' '),
  ]);
  show(values.json, objects, ['key', 'per s', 'uses', 'why', 'copies', 'at'], rows);
  return exit.ok;
});
