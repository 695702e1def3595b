/**
 * `meridian user`: who has an account.
 */
import { z } from 'zod';
import { user } from '../access/record.ts';
import { apiOptions, asker } from './access/ask.ts';
import { day, show } from './access/shown.ts';
import { command } from './command.ts';
import { exit, UsageError } from './exit.ts';
import { jsonOption } from './settings.ts';

const options = {
  what: {
    choices: ['list', 'add', 'remove', 'disable', 'enable', 'password'],
    describe: 'What to do',
    demandOption: true,
  },
  name: { type: 'string', describe: 'Who' },
  email: { type: 'string', requiresArg: true, describe: 'Address of a new user' },
  'password-stdin': { type: 'boolean', describe: 'Reads the password from standard input (add, password)' },
  ...apiOptions,
  ...jsonOption,
} as const;

export default command(options, async (values) => {
  const { what, name, email, json } = values;
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  if (what === 'list') {
    const users = z.array(user).parse(await ask('GET', '/users'));
    const rows = users.map(({ name: who, email: at, createdMs, disabled }) => [
      ...[who, at ?? '-', day(createdMs), disabled ? 'disabled' : 'well'],
    ]);
    show(json, users, ['name', 'email', 'since', 'state'], rows);
    return exit.ok;
  }
  if (name === undefined) throw new UsageError(`Who? meridian user ${what} NAME`);
  const path = `/users/${encodeURIComponent(name)}`;
  const password = values['password-stdin'] ? (await Bun.stdin.text()).replace(/\r?\n$/, '') : undefined;
  if (what === 'password' && password === undefined)
    throw new UsageError('The password is read from standard input: add --password-stdin');
  const answer = await {
    add: () => ask('POST', '/users', { name, email, password }),
    remove: () => ask('DELETE', path),
    disable: () => ask('PUT', path, { disabled: true }),
    enable: () => ask('PUT', path, { disabled: false }),
    password: () => ask('PUT', path, { password }),
  }[what]();
  if (json) console.log(JSON.stringify(answer, null, 2));
  else console.log(`${name}: ${done[what]}`);
  return exit.ok;
});

const done = {
  add: 'added',
  remove: 'removed, with his tokens and rights',
  disable: 'disabled: his tokens are good for nothing now',
  enable: 'enabled again',
  password: 'has another password',
} as const;
