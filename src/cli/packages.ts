/** `meridian packages`: what lives here and what is kept of other registries, by the words that describe it. */
import { type PackageList, packageList } from '../access/api/packages-message.ts';
import { packageKinds } from '../catalogue.ts';
import { readableSize } from '../telemetry/readable.ts';
import { apiOptions, asker } from './access/ask.ts';
import { day, oneLine, show } from './access/shown.ts';
import { command } from './command.ts';
import { exit, UsageError } from './exit.ts';
import { jsonOption } from './settings.ts';

const mostAtOnce = 100;

const options = {
  text: {
    type: 'string',
    array: true,
    describe: 'Words, all of which have to be found (default: everything)',
  },
  route: { type: 'string', requiresArg: true, describe: 'Of this route (default: all of them)' },
  kind: {
    choices: [...packageKinds, 'all'],
    default: 'all',
    describe: 'hosted: lives here; cached: something of it is kept here',
  },
  limit: { type: 'number', requiresArg: true, default: 25, describe: 'How many: 1 to 100' },
  cursor: { type: 'string', requiresArg: true, describe: 'Go on where the page before has ended' },
  ...apiOptions,
  ...jsonOption,
} as const;

export default command(options, async (values) => {
  const { text = [], route, kind, limit, cursor, json } = values;
  if (!Number.isInteger(limit) || limit < 1 || limit > mostAtOnce)
    throw new UsageError(`--limit has to be a number from 1 to ${mostAtOnce}`);
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  const query = new URLSearchParams({
    ...{ text: text.join(' '), kind, limit: String(limit) },
    ...(route !== undefined && { route }),
    ...(cursor !== undefined && { cursor }),
  });
  const answer = await ask('GET', `/packages?${query}`);
  const { packages, total, next } = packageList.parse(answer);
  show(json, answer, heading, packages.map(rowOf));
  if (!json && next !== null) console.log(`${packages.length} of ${total}; go on with --cursor ${next}`);
  return exit.ok;
});

const heading = ['route', 'package', 'kind', 'latest', 'published', 'versions', 'bytes', 'description'];

function rowOf(found: PackageList['packages'][number]): (string | number)[] {
  const { route, name, kind, access, latest, publishedMs, description, kept } = found;
  const { hosted, mirrored, cached } = kept;
  const [most] = [hosted, mirrored, cached].sort((a, b) => b.versions - a.versions);
  return [
    ...[route, oneLine(name, 214), access === 'restricted' ? `${kind}, restricted` : kind],
    ...[oneLine(latest ?? '-', 40), day(publishedMs), most?.versions ?? 0],
    ...[readableSize(hosted.bytes + mirrored.bytes + cached.bytes), oneLine(description, 60)],
  ];
}
