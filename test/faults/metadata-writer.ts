/**
 * A process that writes documents until it is killed, or has written 50,000 pairs: `bun metadata-writer.ts <engine> <path or url> <name>`, with the password in
 * `PGPASSWORD`. Each transaction writes a pair, and its number is printed once it has been acknowledged.
 */
import { systemClock } from '../../src/clock.ts';
import { openPostgres } from '../../src/origin/metadata/postgres.ts';
import { openSqlite } from '../../src/origin/metadata/sqlite.ts';

const [engine, place = '', name = ''] = process.argv.slice(2);
const clock = systemClock;
const store =
  engine === 'sqlite'
    ? await openSqlite({ path: place, clock })
    : openPostgres({ url: place, connections: 4, clock, random: Math.random });

let next = 0;
async function writeOn(): Promise<void> {
  // Bounded, so that a writer that outlives its test fills no disk.
  while (next < 50_000) {
    const number = next++;
    await store.transact(async (transaction) => {
      await transaction.put([name, 'left', String(number)], number);
      await transaction.put([name, 'right', String(number)], number);
    });
    process.stdout.write(`${number}\n`);
  }
}
await Promise.all(Array.from({ length: 4 }, writeOn));
