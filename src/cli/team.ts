/**
 * `meridian team`: users who have rights together.
 */
import { z } from 'zod';
import { team } from '../access/record.ts';
import { apiOptions, asker } from './access/ask.ts';
import { day, show } from './access/shown.ts';
import { command } from './command.ts';
import { exit, UsageError } from './exit.ts';
import { jsonOption } from './settings.ts';

const options = {
  what: { choices: ['list', 'add', 'remove', 'join', 'leave'], describe: 'What to do', demandOption: true },
  name: { type: 'string', describe: 'Which team' },
  user: { type: 'string', array: true, describe: 'Who joins or leaves' },
  ...apiOptions,
  ...jsonOption,
} as const;

export default command(options, async (values) => {
  const { what, name, user: users = [], json } = values;
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  if (what === 'list') {
    const teams = z.array(team).parse(await ask('GET', '/teams'));
    const rows = teams.map((each) => [each.name, day(each.createdMs), each.members.join(' ') || '-']);
    show(json, teams, ['name', 'since', 'members'], rows);
    return exit.ok;
  }
  if (name === undefined) throw new UsageError(`Which team? meridian team ${what} NAME`);
  const path = `/teams/${encodeURIComponent(name)}`;
  if (what === 'join' || what === 'leave') {
    if (users.length === 0) throw new UsageError(`Who? meridian team ${what} ${name} USER`);
    const method = what === 'join' ? 'PUT' : 'DELETE';
    for (const each of users) await ask(method, `${path}/members/${encodeURIComponent(each)}`);
  } else if (what === 'add') await ask('POST', '/teams', { name });
  else await ask('DELETE', path);
  if (json) console.log(JSON.stringify({ name }));
  else
    console.log(
      `${name}: ${{ add: 'added', remove: 'removed', join: 'joined', leave: 'left' }[what]} ${users.join(' ')}`.trimEnd(),
    );
  return exit.ok;
});
