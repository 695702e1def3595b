/**
 * `meridian token`: makes tokens, lists them, and takes them back.
 */
import { z } from 'zod';
import { shownToken, tokensInPage } from '../access/api/tokens.ts';
import { type Ask, apiOptions, asker } from './access/ask.ts';
import { secondsIn } from './access/duration.ts';
import { rightIn, rightOptions } from './access/right.ts';
import { day, rightText, show } from './access/shown.ts';
import { command } from './command.ts';
import { exit, UsageError } from './exit.ts';
import { jsonOption } from './settings.ts';

const options = {
  what: { choices: ['list', 'create', 'show', 'revoke'], describe: 'What to do', demandOption: true },
  id: { type: 'string', describe: 'Which one, as `list` calls it' },
  owner: {
    type: 'string',
    requiresArg: true,
    describe: 'Whose token it is: user:NAME, or machine:NAME for what is no person (list: only those)',
  },
  label: { type: 'string', requiresArg: true, describe: 'What it is for' },
  expires: {
    type: 'string',
    requiresArg: true,
    describe: 'For how long it is good, such as 90d (default: for ever)',
  },
  address: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'Good for requests from this address or block alone; may be repeated',
  },
  own: { type: 'boolean', describe: 'Those of the token that this is done with alone (list, revoke)' },
  ...rightOptions,
  ...apiOptions,
  ...jsonOption,
} as const;

const made = shownToken.extend({ token: z.string() });
const told = z.object({ told: z.boolean() });

export default command(options, async (values) => {
  const { what, id, owner, label, expires, address, own = false, json } = values;
  const ask = await asker(values);
  if (ask === undefined) return exit.failure;
  if (what === 'list') {
    const tokens = own
      ? z.array(shownToken).parse(await ask('GET', '/own/tokens'))
      : await listed(ask, owner);
    show(json, tokens, heading, tokens.map(rowOf));
    return exit.ok;
  }
  if (what === 'create') {
    if (owner === undefined)
      throw new UsageError('Whose token? Give --owner user:NAME or --owner machine:NAME');
    const limit = rightIn(values);
    const body = {
      ...{ owner, label, addresses: address },
      ...(expires === undefined ? {} : { expiresS: secondsIn(expires) }),
      ...(limit === undefined ? {} : { limit: [limit] }),
    };
    const token = made.parse(await ask('POST', '/tokens', body));
    if (json) console.log(JSON.stringify(token, null, 2));
    else {
      console.error(`The token ${token.id} of ${token.owner}. Keep it well: it is shown this once.`);
      console.log(token.token);
    }
    return exit.ok;
  }
  if (id === undefined)
    throw new UsageError(`Which token? \`meridian token list\` says what they are called`);
  const path = `/tokens/${encodeURIComponent(id)}`;
  if (what === 'show') {
    const token = shownToken.parse(await ask('GET', path));
    show(json, token, heading, [rowOf(token)]);
    return exit.ok;
  }
  const answer = told.parse(await ask('DELETE', own ? `/own${path}` : path));
  if (json) console.log(JSON.stringify(answer));
  else if (answer.told) console.log(`${id}: revoked, and every node that hears the bus knows`);
  else console.log(`${id}: revoked, but the bus cannot be reached: nodes will hear of it when it is back`);
  return answer.told ? exit.ok : exit.degraded;
});

/** Page by page. */
async function listed(ask: Ask, owner: string | undefined): Promise<z.output<typeof shownToken>[]> {
  const tokens: z.output<typeof shownToken>[] = [];
  const query = new URLSearchParams(owner === undefined ? {} : { owner });
  for (;;) {
    const page = z.array(shownToken).parse(await ask('GET', `/tokens?${query}`));
    for (const token of page) tokens.push(token);
    const last = page.at(-1);
    if (last === undefined || page.length < tokensInPage) return tokens;
    query.set('after', last.id);
  }
}

const heading = ['id', 'owner', 'label', 'made', 'expires', 'used', 'from', 'limited to'];

function rowOf(token: z.output<typeof shownToken>): string[] {
  const { id, owner, label, createdMs, expiresMs, usedMs, addresses, limit } = token;
  return [
    ...[id, owner, label === '' ? '-' : label, day(createdMs), expiresMs === null ? 'never' : day(expiresMs)],
    ...[usedMs === null ? 'never' : day(usedMs), addresses.join(' ') || 'anywhere'],
    limit === null ? '-' : limit.map(rightText).join('; '),
  ];
}
