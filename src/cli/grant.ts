/**
 * `meridian grant`: gives rights, lists them, and takes them back.
 */
import { z } from 'zod';
import { grant } from '../access/record.ts';
import { apiOptions, asker } from './access/ask.ts';
import { rightIn, rightOptions } from './access/right.ts';
import { day, show } from './access/shown.ts';
import { command } from './command.ts';
import { exit, UsageError } from './exit.ts';
import { jsonOption } from './settings.ts';

const options = {
  what: { choices: ['list', 'add', 'remove'], describe: 'What to do', demandOption: true },
  whom: {
    type: 'string',
    describe: 'user:NAME, team:NAME, machine:NAME, users or everyone; for `remove`, the id of the grant',
  },
  ...rightOptions,
  ...apiOptions,
  ...jsonOption,
} as const;

export default command(options, async (values) => {
  const { what, whom, json } = values;
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  if (what === 'list') {
    const query = whom === undefined ? '' : `?to=${encodeURIComponent(whom)}`;
    const grants = z.array(grant).parse(await ask('GET', `/grants${query}`));
    show(json, grants, heading, grants.map(rowOf));
    return exit.ok;
  }
  if (whom === undefined)
    throw new UsageError(
      what === 'add'
        ? 'To whom? meridian grant add team:core --action read'
        : 'Which grant? `meridian grant list` says what they are called',
    );
  if (what === 'remove') {
    await ask('DELETE', `/grants/${encodeURIComponent(whom)}`);
    if (json) console.log(JSON.stringify({ id: whom }));
    else console.log(`${whom}: taken back`);
    return exit.ok;
  }
  const right = rightIn(values);
  if (right === undefined)
    throw new UsageError(
      'What may be done? Give --action, and --route and --subject where it is not everything',
    );
  const given = grant.parse(await ask('POST', '/grants', { to: whom, ...right }));
  show(json, given, heading, [rowOf(given)]);
  return exit.ok;
});

const heading = ['id', 'to', 'actions', 'subjects', 'routes', 'since', 'by'];

function rowOf({ id, to, actions, routes, subjects, createdMs, by }: z.output<typeof grant>): string[] {
  return [id, to, actions.join(' '), subjects.join(' '), routes.join(' '), day(createdMs), by];
}
