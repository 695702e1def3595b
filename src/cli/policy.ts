/**
 * `meridian policy`: what a route's supply-chain policy says of one version, and what it has refused lately.
 */
import { z } from 'zod';
import { explanation, policyState } from '../access/api/policy.ts';
import { shownRoute } from '../messages/route.ts';
import { type Ask, apiOptions, asker } from './access/ask.ts';
import { day } from './access/shown.ts';
import { command } from './command.ts';
import { exit, UsageError } from './exit.ts';
import { jsonOption } from './settings.ts';
import { table } from './table.ts';

const options = {
  what: { choices: ['explain', 'list'], describe: 'What to do', demandOption: true },
  subject: {
    type: 'string',
    describe:
      'explain: route:package@version, such as npm:lodash@4.17.20, or route:image, such as oci:docker.io/library/alpine:3; list: the route (default: the one that has a policy)',
  },
  ...apiOptions,
  ...jsonOption,
} as const;

export default command(options, async (values) => {
  const { what, subject, json = false } = values;
  const asked = what === 'explain' ? readSubject(subject) : null;
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  if (asked === null) return list(ask, subject ?? (await routeWithPolicy(ask)), json);
  return explain(ask, asked, json);
});

/** The one that there is; of several, somebody has to say which. */
async function routeWithPolicy(ask: Ask): Promise<string> {
  const routes = z.array(shownRoute).parse(await ask('GET', '/routes'));
  const [one, ...others] = routes.filter(({ hasPolicy }) => hasPolicy).map(({ name }) => name);
  if (one === undefined) throw new UsageError('No route has a policy.');
  if (others.length === 0) return one;
  throw new UsageError(`Of which route? These have a policy: ${[one, ...others].join(', ')}.`);
}

interface Subject {
  readonly route: string;
  readonly version: string;
}

function readSubject(subject = ''): Subject {
  const [, route, version] = /^([a-z0-9-]+):(.+[@:/].+)$/.exec(subject) ?? [];
  if (route === undefined || version === undefined)
    throw new UsageError(
      'Explain what? Give route:package@version, such as npm:lodash@4.17.20, or route:image, such as oci:docker.io/library/alpine:3',
    );
  return { route, version };
}

async function explain(ask: Ask, { route, version }: Subject, json: boolean) {
  const answer = await ask('GET', `/policies/${route}/${encodeURIComponent(version)}`);
  const { subject, verdict, why, untilMs, rules } = explanation.parse(answer);
  if (json) {
    console.log(JSON.stringify(answer, null, 2));
    return exit.ok;
  }
  const until = untilMs === null ? '' : `, until ${day(untilMs)} UTC`;
  console.log(`${subject}: ${verdict}${until}. It ${why}.`);
  const rows = rules.map((each) => [each.passes ? 'pass' : 'REFUSE', each.rule, each.why]);
  if (rows.length > 0) process.stdout.write(`\n${table(['verdict', 'rule', 'why'], rows)}`);
  return exit.ok;
}

async function list(ask: Ask, route: string, json: boolean) {
  const answer = await ask('GET', `/policies/${encodeURIComponent(route)}`);
  const { terms, refused, sources } = policyState.parse(answer);
  if (json) {
    console.log(JSON.stringify(answer, null, 2));
    return exit.ok;
  }
  for (const term of terms) console.log(inWords(term));
  for (const source of sources) console.log(described(source));
  if (refused.length === 0) {
    console.log('nothing was refused lately');
    return exit.ok;
  }
  const rows = refused.slice(0, SHOWN).map((each) => [day(each.lastMs), each.times, each.subject, each.why]);
  process.stdout.write(table(['last', 'times', 'what', 'why'], rows));
  if (refused.length > SHOWN) console.log(`and ${refused.length - SHOWN} more, which --json shows`);
  return exit.ok;
}

/** Rows for people. */
const SHOWN = 100;

type Term = z.output<typeof policyState>['terms'][number];

function inWords({ rule, says, about, except }: Term): string {
  const whom = about.length === 0 ? '' : ` (${about.join(', ')})`;
  return `${rule}: what may be used ${says}${whom}${except.length === 0 ? '' : `; except ${except.join(', ')}`}`;
}

type Source = z.output<typeof policyState>['sources'][number];

function described({ path, readMs, records, error }: Source): string {
  const read = readMs === null ? 'never read' : `${records} advisories, read ${day(readMs)} UTC`;
  return `${path}: ${read}${error === null ? '' : `; as it is now it cannot be read: ${error}`}`;
}
