/**
 * From the word that a token is revoked to its refusal at the last of several nodes. The nodes share a process and have each a
 * connection to the bus and a replica of their own.
 */
import { join } from 'node:path';
import { openRegister } from '../../src/access/register/register.ts';
import { type BusSettings, openBus } from '../../src/bus/open.ts';
import { systemClock } from '../../src/clock.ts';
import { openSqlite } from '../../src/origin/metadata/sqlite.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { replicaOf } from './tokens.ts';

/** Longer than any node may take. */
const LATEST_MS = 10_000;
const operator = { by: 'bench', token: null, from: null };

/** @returns milliseconds, one for each of so many tokens. */
export async function revocations(
  settings: BusSettings,
  folder: string,
  { nodes, tokens }: { readonly nodes: number; readonly tokens: number },
): Promise<number[]> {
  const open = (publisher: string) => openBus(settings, { clock: systemClock, log: silentLog, publisher });
  const metadata = await openSqlite({ path: join(folder, 'metadata.db'), clock: systemClock });
  const buses = await Promise.all(Array.from({ length: nodes + 1 }, (_, at) => open(`node-${at}`)));
  const [own, ...others] = buses;
  if (own === undefined) throw new Error('there is no bus');
  const register = openRegister({
    metadata,
    bus: own,
    clock: systemClock,
    openRoutes: () => [],
    warn: console.error,
  });
  const replicas = others.map(replicaOf);
  await Promise.all(replicas.map(({ ready }) => ready));
  await register.addUser(operator, { name: 'alice' });
  const took: number[] = [];
  for (let at = 0; at < tokens; at++) {
    const { text, token } = await register.makeToken(operator, { owner: 'user:alice' });
    const refused = () =>
      replicas.every((replica) => replica.identify(text, Date.now(), () => '') === 'unknown');
    const known = () =>
      replicas.every((replica) => typeof replica.identify(text, Date.now(), () => '') === 'object');
    await until(known);
    await register.revokeToken(operator, token.id);
    const answeredMs = performance.now();
    await until(refused);
    took.push(performance.now() - answeredMs);
  }
  for (const replica of replicas) replica.close();
  await register.close();
  await Promise.all(buses.map((bus) => bus.close()));
  await metadata.close();
  return took;
}

async function until(holds: () => boolean): Promise<void> {
  const startedMs = performance.now();
  while (!holds()) {
    if (performance.now() - startedMs > LATEST_MS) throw new Error(`not within ${LATEST_MS} ms`);
    await Bun.sleep(1);
  }
}
