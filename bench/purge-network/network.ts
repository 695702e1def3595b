/**
 * A network of simulated nodes. The one that issues purges is alone in the process of the suite; the others share a few processes, so
 * that none of them waits for two hundred others before it is its turn, as none would on a machine of its own.
 */
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { openBus } from '../../src/bus/open.ts';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import type { BusServer } from './buses.ts';
import { absoluteMs, type Order, type Told } from './messages.ts';
import { type SimulatedNode, simulate } from './node.ts';

/** Processes that the nodes but the first are spread over. With more, they hold up the bus's server on a small machine. */
export const processes = 2;
/** The server of the bus, and the node that issues, go before them: they would not share a machine. */
const niceness = 10;
const patienceMs = 60_000;

export interface SimulatedNetwork extends AsyncDisposable {
  readonly issue: SimulatedNode['purging']['issue'];
  /** Call it before the purges are issued. `all` resolves when every node has carried out so many more. */
  expect(purges: number): Promise<{ readonly all: Promise<Applied> }>;
}

export interface Applied {
  /** When the last node had carried out the last one, by `absoluteMs()`. */
  readonly lastMs: number;
}

/** @param nodes at least 1. Every second one is far, but not the one that issues, unless it is alone. */
export async function startNetwork(server: BusServer, nodes: number): Promise<SimulatedNetwork> {
  let left = 0;
  let done = (_atMs: number) => {};
  const settings = server.settings(nodes === 1);
  const bus = await openBus(settings, { clock: systemClock, log: silentLog, publisher: 'node-0' });
  const first = await simulate('node-0', bus, () => {
    if (--left === 0) done(absoluteMs());
  });
  const others = Array.from({ length: nodes - 1 }, (_, at) => ({
    name: `node-${at + 1}`,
    bus: server.settings(at % 2 === 0),
  }));
  const shares = Array.from({ length: Math.min(processes, others.length) }, (_, share) =>
    others.filter((_node, at) => at % processes === share),
  );
  const crowds = await Promise.all(shares.map(startCrowd));

  return {
    issue: first.purging.issue,
    async expect(purges) {
      const own = Promise.withResolvers<number>();
      left = purges;
      done = own.resolve;
      const theirs = await Promise.all(crowds.map((crowd) => crowd.expect(purges)));
      return {
        all: inTime(Promise.all([own.promise, ...theirs.map(({ applied }) => applied)])).then((times) => ({
          lastMs: Math.max(...times),
        })),
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(crowds.map((crowd) => crowd.close()));
      await first.close();
    },
  };
}

async function startCrowd(nodes: Extract<Order, { say: 'open' }>['nodes']) {
  const waiting = new Map<Told['tell'], (told: Told) => void>();
  const child = Bun.spawn([process.execPath, join(import.meta.dirname, 'crowd.ts')], {
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc: (told: Told) => waiting.get(told.tell)?.(told),
  });
  setPriority(child.pid, niceness);
  const heard = (tell: Told['tell']) => new Promise<Told>((resolve) => void waiting.set(tell, resolve));
  async function ask(order: Order, answer: Told['tell']): Promise<void> {
    const answered = heard(answer);
    child.send(order);
    await inTime(answered);
  }
  await ask({ say: 'open', nodes }, 'opened');
  return {
    async expect(purges: number): Promise<{ readonly applied: Promise<number> }> {
      const applied = heard('applied').then((told) => ('atMs' in told ? told.atMs : Number.NaN));
      await ask({ say: 'expect', purges }, 'expecting');
      return { applied };
    },
    async close() {
      await ask({ say: 'close' }, 'closed');
      child.kill();
      await child.exited;
    },
  };
}

function inTime<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`nothing for ${patienceMs} ms`)), patienceMs);
  return Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}
