/**
 * What it costs the origin to look after many tokens: a page of them, those of one owner, the removal of a user. The records are made once, and kept
 * in the folder that is given: `bun bench/access/register.ts make FOLDER`, then `bun bench/access/register.ts measure FOLDER`.
 */
import type { ApiServices } from '../../src/access/api/endpoint.ts';
import { serveApi } from '../../src/access/api/serve.ts';
import { tokenEndpoints } from '../../src/access/api/tokens.ts';
import { openRegister, type Register } from '../../src/access/register/register.ts';
import { openBus } from '../../src/bus/open.ts';
import { systemClock } from '../../src/clock.ts';
import { openSqlite } from '../../src/origin/metadata/sqlite.ts';
import { silentLog } from '../../src/telemetry/log.ts';

const OWNERS = 20_000;
const TOKENS = 200_000;
/** Who has far more than others. */
const HOARDER = { name: 'hoarder', tokens: 10_000 };
const AT_ONCE = 500;
const ROUNDS = 20;
const actor = { by: 'operator', token: null, from: null };

async function open(folder: string) {
  const clock = systemClock;
  const metadata = await openSqlite({ path: `${folder}/metadata.db`, clock });
  const keep = { events: 1_000, ageMs: 3600_000 };
  const settings = { driver: 'local' as const, path: `${folder}/bus.db`, keep, publishMs: 5_000 };
  const bus = await openBus(settings, { clock, log: silentLog, publisher: 'origin' });
  const warn = (message: string, fields: Record<string, unknown>) => console.error(message, fields);
  const register = openRegister({ metadata, bus, clock, openRoutes: () => [], warn });
  return {
    register,
    async close() {
      await register.close();
      await bus.close();
      await metadata.close();
    },
  };
}

/** So many, some at a time. */
async function each(count: number, work: (number: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE)
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, at) => work(from + at)));
}

async function make(register: Register): Promise<void> {
  await each(OWNERS, (number) => register.addUser(actor, { name: `u${number}` }));
  await register.addUser(actor, { name: HOARDER.name });
  await each(TOKENS, (number) => register.makeToken(actor, { owner: `user:u${number % OWNERS}` }));
  await each(HOARDER.tokens, () => register.makeToken(actor, { owner: `user:${HOARDER.name}` }));
  await register.told(600_000);
}

/** ms, the median. */
async function timed(rounds: number, work: (round: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const begunMs = performance.now();
    await work(round);
    times.push(performance.now() - begunMs);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
}

async function measure(register: Register): Promise<void> {
  const get = async (target: string) => {
    const request = { method: 'GET', target, body: new Uint8Array(), actor, nowMs: Date.now() };
    const services = { register } as ApiServices;
    const answer = await serveApi(tokenEndpoints, services, { ...request, identity: 'operator' });
    if (answer.status !== 200) throw new Error(`the API answers ${answer.status}`);
    return JSON.stringify(answer.body);
  };
  const [first] = await register.tokens({ limit: 1 });
  const figures = {
    fill: await timed(1, () => register.fillHolders()),
    page: await timed(ROUNDS, () => get('/tokens')),
    'tokens of one owner': await timed(ROUNDS, (round) => get(`/tokens?owner=user:u${round * 7}`)),
    'one token': await timed(ROUNDS, () => get(`/tokens/${first?.id}`)),
    'removal of a user with 10 tokens': await timed(ROUNDS, (round) =>
      register.removeUser(actor, `u${OWNERS - 1 - round}`),
    ),
    [`removal of a user with ${HOARDER.tokens}`]: await timed(1, () =>
      register.removeUser(actor, HOARDER.name),
    ),
  };
  for (const [what, ms] of Object.entries(figures)) console.log(`${what}: ${ms.toFixed(2)} ms`);
}

const [what = '', folder = ''] = process.argv.slice(2);
if (folder === '' || (what !== 'make' && what !== 'measure'))
  throw new Error('make FOLDER, or measure FOLDER');
const { register, close } = await open(folder);
await (what === 'make' ? make(register) : measure(register));
await close();
