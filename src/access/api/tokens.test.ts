import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { hub } from '../../../test/support/bus.ts';
import { temporary } from '../../../test/support/index.ts';
import { systemClock } from '../../clock.ts';
import { openSqlite } from '../../origin/metadata/sqlite.ts';
import type { MetadataStore } from '../../store.ts';
import { openRegister, type Register } from '../register/register.ts';
import type { ApiServices } from './endpoint.ts';
import { serveApi } from './serve.ts';
import { shownToken, tokenEndpoints } from './tokens.ts';

const actor = { by: 'operator', token: null, from: null };
const page = shownToken.array();

describe('tokens by the API', () => {
  const folder = temporary('api-tokens');
  let metadata: MetadataStore;
  let register: Register;
  beforeAll(async () => {
    metadata = await openSqlite({ path: `${folder.path}/metadata.db`, clock: systemClock });
    const around = { clock: systemClock, openRoutes: () => [], warn: () => undefined };
    register = openRegister({ metadata, bus: hub().join('origin'), ...around });
    await register.fillHolders();
    for (let number = 0; number < 25; number++)
      await register.makeToken(actor, { owner: number % 5 === 0 ? 'machine:deploy' : 'machine:ci' });
  });
  afterAll(async () => {
    await register.close();
    await metadata.close();
    folder[Symbol.dispose]();
  });

  function get(target: string) {
    const request = { method: 'GET', target, body: new Uint8Array(), actor, nowMs: 0 };
    return serveApi(tokenEndpoints, { register } as ApiServices, { ...request, identity: 'operator' });
  }

  async function walk(query: string): Promise<string[][]> {
    const pages: string[][] = [];
    for (let after = ''; ; ) {
      const { body } = await get(`/tokens?limit=10${query}${after}`);
      const ids = page.parse(body).map(({ id }) => id);
      pages.push(ids);
      if (ids.length < 10) return pages;
      after = `&after=${ids.at(-1)}`;
    }
  }

  test('come page by page, each once, in the order of their ids', async () => {
    const pages = await walk('');
    expect(pages.map((each) => each.length)).toEqual([10, 10, 5]);
    const ids = pages.flat();
    expect(ids).toEqual([...new Set(ids)].toSorted());
  });

  test('of one owner, too', async () => {
    const pages = await walk('&owner=machine:ci');
    expect(pages.map((each) => each.length)).toEqual([10, 10, 0]);
    const answer = await get('/tokens?owner=machine:deploy');
    expect(page.parse(answer.body).map(({ owner }) => owner)).toEqual(new Array(5).fill('machine:deploy'));
    expect((await get('/tokens?owner=machine:nobody')).body).toEqual([]);
  });

  test('one by one, with when it was used last, and never its hash', async () => {
    const [first] = await register.tokens({ limit: 1 });
    await register.noteUse(new Map([[first?.id ?? '', 77]]));
    const { hash: _, ...shown } = first!;
    expect(await get(`/tokens/${first?.id}`)).toEqual({ status: 200, body: { ...shown, usedMs: 77 } });
    expect((await get('/tokens/000000000000')).status).toBe(404);
  });

  test('a page that cannot be is told so', async () => {
    expect((await get('/tokens?after=../x')).status).toBe(400);
    expect((await get('/tokens?limit=many')).status).toBe(400);
    expect(page.parse((await get('/tokens?limit=0')).body)).toHaveLength(1);
  });
});
