/**
 * What it costs a PoP to know who may have what: a replica of very many tokens, over each bus, and a decision by it; and how long
 * a token that is revoked is still good somewhere.
 */
import { join } from 'node:path';
import { viewName } from '../../src/access/register/news.ts';
import { type BusSettings, openBus } from '../../src/bus/open.ts';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import type { Measured } from '../access/measure.ts';
import { revocations } from '../access/revoke.ts';
import { newsAt, people } from '../access/tokens.ts';
import { number } from '../figures.ts';
import { capture } from '../process.ts';
import { type Driver, drivers, startBus } from '../purge-network/buses.ts';
import type { Run, Suite, SuiteReport } from '../suite.ts';

const ENTRIES = 1_000_000;
const AT_ONCE = 1000;
const MIB = 1024 * 1024;
/** Whose replicas have to hear of it. */
const NODES = 10;
const REVOKED = 500;

export const access: Suite = {
  name: 'access',
  about:
    'Who may have what: a replica of very many tokens (`--entries N`), a decision by it, and a revocation. Goals: a decision within 3 µs, a revocation within 1 s.',
  cases: [...drivers],
  peers: [],
  defaults: { rounds: 1, seconds: 1 },
  run: runAccess,
};

interface Result {
  readonly driver: Driver;
  readonly tellMs: number;
  readonly measured: Measured;
  readonly revoked: readonly number[];
}

async function runAccess(run: Run): Promise<SuiteReport> {
  const entries = run.entries ?? ENTRIES;
  const results: Result[] = [];
  for (const driver of drivers.filter((name) => name.includes(run.only))) {
    const server = await startBus(driver, 0, run.scratch);
    try {
      const settings = server.settings(false);
      run.progress(`${driver}: revoking`);
      const folder = run.scratch.directory(`access-${driver}`, 'disk');
      const revoked = await revocations(apart(settings), folder, {
        nodes: NODES,
        tokens: REVOKED,
      });
      run.progress(`${driver}: telling ${entries} tokens`);
      const tellMs = await tell(settings, entries);
      run.progress(`${driver}: starting a replica`);
      // A process of its own, whose memory holds nothing of the telling.
      const script = join(import.meta.dirname, '../access/measure.ts');
      const line = await capture(process.execPath, script, JSON.stringify(settings), String(entries));
      results.push({ driver, tellMs, measured: JSON.parse(line) as Measured, revoked });
    } finally {
      await server.close();
    }
  }
  return {
    suite: access.name,
    about: access.about,
    versions: {
      Bun: Bun.version,
      NATS: (await capture('nats-server', '--version')).trim(),
      Redis: (await capture('redis-server', '--version')).trim(),
    },
    proofs: [`Every replica knew all ${number(entries, 0)} tokens, and none that was revoked.`],
    subjects: [],
    rounds: 1,
    seconds: run.seconds,
    figures: [],
    rows: [],
    tables: [ofReplicas(results, entries), ofRevocations(results)],
  };
}

/** Another bus on the same server, so that a few tokens do not wait for very many. */
function apart(settings: BusSettings): BusSettings {
  return settings.driver === 'local'
    ? { ...settings, path: `${settings.path}.few` }
    : { ...settings, prefix: 'few' };
}

async function tell(settings: BusSettings, entries: number): Promise<number> {
  const bus = await openBus(settings, { clock: systemClock, log: silentLog, publisher: 'origin' });
  while (bus.state !== 'connected') await Bun.sleep(10);
  const view = bus.view(viewName);
  const started = performance.now();
  await view.putAll(people());
  for (let at = 0; at < entries; at += AT_ONCE) {
    const count = Math.min(AT_ONCE, entries - at);
    await view.putAll(new Map(Array.from({ length: count }, (_, n) => newsAt(at + n))));
  }
  const tookMs = performance.now() - started;
  await bus.close();
  return tookMs;
}

function ofReplicas(results: readonly Result[], entries: number) {
  return {
    title: `A replica of ${number(entries, 0)} tokens`,
    remarks: [
      'Ready: a PoP begins with nothing and reads all from the bus, page by page; beside it, processor time of the PoP alone. Nothing of it is kept on disk.',
      'To decide: processor time, of a request to an open route; of one with a token to a closed route (credential, SHA-256, look-up among all, right), a thousand tokens time and again; and of a token picked at random from all (without reading the field).',
      'Bytes per token: of the table, and of the process, as what it has more than before, just after the start and a second later.',
    ],
    names: 1,
    head: [
      'bus',
      'told in, s',
      'ready in, s',
      'processor, s',
      'bytes per token',
      'resident',
      'at the start',
      'open route, ns',
      'with a token, ns',
      'any token, ns',
    ],
    body: results.map(({ driver, tellMs, measured: of }) => [
      driver,
      number(tellMs / 1000, 1),
      number(of.startMs / 1000, 1),
      number(of.startCpuMs / 1000, 1),
      number(of.tableBytes / entries, 0),
      number((of.residentMib * MIB) / entries, 0),
      number((of.peakMib * MIB) / entries, 0),
      number(of.openNanos, 0),
      number(of.closedNanos, 0),
      number(of.anyNanos, 0),
    ]),
  };
}

function ofRevocations(results: readonly Result[]) {
  return {
    title: `From the answer that a token is revoked to its refusal at the last of ${NODES} PoPs`,
    remarks: [`${REVOKED} tokens, one after the other; looked at every millisecond.`],
    names: 1,
    head: ['bus', 'p50, ms', 'p99, ms', 'longest, ms'],
    body: results.map(({ driver, revoked }) => {
      const sorted = revoked.toSorted((one, other) => one - other);
      const at = (share: number) =>
        sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
      return [driver, number(at(0.5), 1), number(at(0.99), 1), number(at(1), 1)];
    }),
  };
}
