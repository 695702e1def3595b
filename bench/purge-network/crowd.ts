/**
 * Some of the simulated nodes, in a process of their own: `bun crowd.ts <settings of the bus>`, which talks to the suite over IPC. It
 * opens the nodes that it is told of, counts the purges that they carry out, and says when they have carried out so many more.
 */

import { openBus } from '../../src/bus/open.ts';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { absoluteMs, type Order, type Told } from './messages.ts';
import { type SimulatedNode, simulate } from './node.ts';

/** Nodes that are opened together. */
const openAtOnce = 10;

const nodes: SimulatedNode[] = [];
let left = 0;

const tell = (told: Told) => process.send?.(told);

function applied(): void {
  if (--left === 0) tell({ tell: 'applied', atMs: absoluteMs() });
}

async function open(wanted: Extract<Order, { say: 'open' }>['nodes']): Promise<void> {
  for (let from = 0; from < wanted.length; from += openAtOnce) {
    const some = wanted.slice(from, from + openAtOnce).map(async ({ name, bus: settings }) => {
      const bus = await openBus(settings, { clock: systemClock, log: silentLog, publisher: name });
      return simulate(name, bus, applied);
    });
    nodes.push(...(await Promise.all(some)));
  }
}

async function obey(order: Order): Promise<void> {
  switch (order.say) {
    case 'open':
      await open(order.nodes);
      return void tell({ tell: 'opened' });
    case 'expect':
      left = order.purges * nodes.length;
      return void tell({ tell: 'expecting' });
    case 'close':
      await Promise.all(nodes.map((node) => node.close()));
      tell({ tell: 'closed' });
      process.disconnect?.();
  }
}

process.on('message', (order: Order) => void obey(order));
