import { describe } from 'bun:test';
import { join } from 'node:path';
import { available } from '../../../test/support/needs.ts';
import { postgresProblem, startPostgres } from '../../../test/support/postgres.ts';
import { temporary } from '../../../test/support/temporary.ts';
import { systemClock as clock } from '../../clock.ts';
import { openPostgres } from '../metadata/postgres.ts';
import { openSqlite } from '../metadata/sqlite.ts';
import { usageContract } from './usage.contract.ts';

usageContract('SQLite', async () => {
  const folder = temporary('usage');
  return {
    open: () => openSqlite({ path: join(folder.path, 'metadata.db'), clock }),
    stop: async () => folder[Symbol.dispose](),
  };
});

describe.skipIf(!available('PostgreSQL', postgresProblem))('', () => {
  usageContract('PostgreSQL', async () => {
    const server = await startPostgres();
    const { url, password, stop } = server;
    return {
      open: async () => openPostgres({ url, password, connections: 8, clock, random: Math.random }),
      stop,
    };
  });
});
