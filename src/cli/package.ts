/** `meridian package`: one package, with its versions, what the policy says of them, and where they are kept. */
import { type PackagePage, packagePage, packageReadme } from '../access/api/packages-message.ts';
import { readableSize } from '../telemetry/readable.ts';
import { apiOptions, asker } from './access/ask.ts';
import { day, oneLine, plain } from './access/shown.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';
import { jsonOption } from './settings.ts';
import { table } from './table.ts';

/** Versions for people; JSON has all. */
const shownVersions = 30;

const options = {
  name: { type: 'string', describe: 'Of the package, such as @acme/ui', demandOption: true },
  route: { type: 'string', requiresArg: true, default: 'npm', describe: 'Which route' },
  readme: { type: 'boolean', describe: 'Prints its readme, and nothing else' },
  ...apiOptions,
  ...jsonOption,
} as const;

export default command(options, async (values) => {
  const { name, route, readme = false, json = false } = values;
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  const path = `/packages/${encodeURIComponent(route)}/${encodeURIComponent(name)}${readme ? '/readme' : ''}`;
  const answer = await ask('GET', path);
  if (json) console.log(JSON.stringify(answer, null, 2));
  else if (readme) process.stdout.write(`${plain(packageReadme.parse(answer).text ?? 'It has none')}\n`);
  else process.stdout.write(shown(packagePage.parse(answer)));
  return exit.ok;
});

function shown(page: PackagePage): string {
  const { versions, versionCount } = page;
  const rows = versions.slice(0, shownVersions).map(rowOf);
  const more = versionCount - rows.length;
  const rest = more > 0 ? `and ${more} more\n` : '';
  return `${headOf(page).join('\n')}\n${rows.length === 0 ? '' : `\n${table(heading, rows)}${rest}`}`;
}

function headOf(page: PackagePage): string[] {
  const { name, route, kind, access, description, licence, homepage, repository, kept, note, blocked } = page;
  const { hosted, mirrored, cached } = kept;
  const lines = [`${oneLine(name, 214)} (${route}, ${kind}${access === 'restricted' ? ', restricted' : ''})`];
  if (description !== '') lines.push(oneLine(description, 200));
  if (blocked !== null) lines.push(`BLOCKED: ${oneLine(blocked.why, 500)}`);
  if (note !== null) lines.push(oneLine(note, 500));
  const about = [licence, homepage, repository].flatMap((each) =>
    each === null ? [] : [oneLine(each, 200)],
  );
  if (about.length > 0) lines.push(about.join('  '));
  const tags = Object.entries(page.tags).slice(0, 10);
  if (tags.length > 0)
    lines.push(`tags: ${oneLine(tags.map(([tag, version]) => `${tag} ${version}`).join(', '), 500)}`);
  const people = page.maintainers.slice(0, 10).map((each) => each.name);
  if (people.length > 0) lines.push(`maintainers: ${oneLine(people.join(', '), 200)}`);
  const places = Object.entries({ hosted, mirrored, cached }).filter(([, { versions }]) => versions > 0);
  for (const [place, { versions, bytes }] of places)
    lines.push(`${place}: ${versions} ${versions === 1 ? 'version' : 'versions'}, ${readableSize(bytes)}`);
  return [...lines, ...downloadsOf(page)];
}

function downloadsOf({ downloads }: PackagePage): string[] {
  const { fromMs, toMs, requests, nodes } = downloads;
  const where = nodes.slice(0, 5).map((each) => `${each.node} ${each.downloads}`);
  const from = where.length === 0 ? '' : `: ${where.join(', ')}`;
  const days = `${day(fromMs).slice(0, 10)} to ${day(toMs - 1).slice(0, 10)}`;
  return [`${days}: ${downloads.downloads} downloads, ${requests} requests${from}`];
}

const heading = ['version', 'published', 'bytes', 'kept', 'policy', 'remarks'];

function rowOf(each: PackagePage['versions'][number]): string[] {
  const { version, publishedMs, sizeBytes, kept, blocked, deprecated, yanked } = each;
  const remarks = [
    ...(yanked ? ['yanked'] : []),
    ...(deprecated === null ? [] : [`deprecated: ${deprecated}`]),
  ];
  return [
    ...[oneLine(version, 60), day(publishedMs), sizeBytes === null ? '-' : readableSize(sizeBytes), kept],
    ...[blocked === null ? '' : `BLOCKED: ${oneLine(blocked.why, 80)}`, oneLine(remarks.join('; '), 80)],
  ];
}
