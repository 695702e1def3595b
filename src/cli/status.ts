/**
 * `meridian status`: how the nodes on this machine are.
 */
import { systemClock } from '../clock.ts';
import { type Found, findNode } from '../control/find.ts';
import type { StatusMessage } from '../control/messages.ts';
import { readableSeconds, readableSize } from '../telemetry/readable.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';
import { chosenNodes, loadOrExplain } from './load.ts';
import { jsonOption, loadOptions, networkOptions } from './settings.ts';
import { table } from './table.ts';

const options = {
  ...networkOptions,
  node: { type: 'string', array: true, requiresArg: true, describe: 'Only this node; may be repeated' },
  ...jsonOption,
} as const;

export default command(options, async (values) => {
  const loaded = await loadOrExplain({ ...loadOptions(values), here: [], dryRun: true });
  if (loaded === undefined) return exit.failure;
  const { network } = loaded;
  const lines = await Promise.all(
    chosenNodes(network, values.node).map(async (name) => {
      const node = network.nodes[name];
      if (node === undefined) throw new Error(`${name} is a name without a node`);
      return { name, role: node.role, found: await findNode(network, node, systemClock) };
    }),
  );
  if (values.json) console.log(JSON.stringify(lines.map(toJson), null, 2));
  else process.stdout.write(toTable(lines));
  if (lines.every(({ found }) => found.state !== 'up'))
    console.error('Nothing of this network runs here: `meridian up` starts it.');
  return isWell(lines, values.node !== undefined) ? exit.ok : exit.degraded;
});

interface Line {
  readonly name: string;
  readonly role: string;
  readonly found: Found;
}

/** Nodes that have never run on this machine are other machines' business, unless they were asked for. */
function isWell(lines: readonly Line[], named: boolean): boolean {
  const expected = lines.filter(({ found }) => named || found.state !== 'elsewhere');
  return expected.length > 0 && expected.every(({ found }) => found.state === 'up');
}

function toJson({ name, role, found }: Line): unknown {
  switch (found.state) {
    case 'up':
      return { state: found.state, pid: found.file.pid, version: found.file.version, ...found.status };
    case 'down':
      return { name, role, state: found.state, reason: found.reason };
    case 'elsewhere':
      return { name, role, state: found.state };
  }
}

const heading = [
  'node',
  'role',
  'state',
  'address',
  'workers',
  'since',
  'requests',
  'hits',
  'memory',
  'disk',
  'store',
  'fills',
  'foresight',
  'parents',
  'ring',
  'bus',
];

function toTable(lines: readonly Line[]): string {
  const rows = lines.map(({ name, role, found }) => {
    if (found.state === 'up') return [name, role, 'up', ...cells(found.status)];
    return [name, role, found.state, found.state === 'down' ? found.reason : 'has never run here'];
  });
  return table(heading, rows);
}

function cells(status: StatusMessage): (string | number)[] {
  const { urls, workers, startedAtMs, requests, hits, memory, disk, stores, fills, parents } = status;
  const { kv, ring, bus, purging } = status;
  const share = requests === 0 ? '-' : `${Math.floor((hits / requests) * 100)}%`;
  const held = (store: StatusMessage['memory']) => `${readableSize(store.bytes)} in ${store.entries}`;
  const failing = kv.filter(({ isDown }) => isDown).map(({ name }) => `${name} fails`);
  const down = [...parents.flatMap(parentCell), ...failing];
  return [
    urls.join(' '),
    workersCell(workers),
    readableSeconds((systemClock.now() - startedAtMs) / 1000),
    requests,
    share,
    held(memory),
    disk === null ? 'off' : disk.state === undefined || disk.state === 'ready' ? held(disk) : disk.state,
    stores ? [stores.blobs, stores.metadata].map(storeCell).join(', ') : '-',
    fills,
    foresightCell(status),
    down.length > 0 ? down.join(', ') : parents.length > 0 ? 'well' : '-',
    ringCell(ring),
    busCell(bus, purging),
  ];
}

/** Whether predictions are as good as they shall be; of one that are not, how good. */
function foresightCell({ role, predict }: StatusMessage): string {
  if (!predict) return role === 'pop' && predict === null ? 'off' : '-';
  const short = predict.standings.flatMap(({ precision, ...of }) =>
    precision !== null && precision < predict.goal ? [{ ...of, precision }] : [],
  );
  const [worst] = short.toSorted((a, b) => a.precision - b.precision);
  if (worst === undefined) return 'well';
  const { source, route, precision, threshold } = worst;
  return `${source} ${route} ${threshold > 1 ? 'off' : 'turned down'}: ${Math.floor(precision * 100)}%`;
}

/** How many serve, and of how many where some do not. */
function workersCell(workers: StatusMessage['workers']): string {
  if (workers === undefined) return '1';
  const up = workers.filter(({ state }) => state === 'up').length;
  return up === workers.length ? String(up) : `${up} of ${workers.length}`;
}

/** What is not as it should be. */
function parentCell({ name, healthy, state, trouble }: StatusMessage['parents'][number]): string[] {
  if (state !== undefined && state !== 'well') return [`${name} ${state}${trouble ? `: ${trouble}` : ''}`];
  return healthy ? [] : [`${name} fails`];
}

/** Its members, and which of them are passed over. */
function ringCell(ring: StatusMessage['ring']): string {
  if (!ring?.members) return '-';
  const over = ring.members.filter(({ isUp }) => !isUp).map(({ name }) => name);
  const size = `${ring.name ?? 'own'}: ${ring.members.length}`;
  return over.length === 0 ? size : `${size}, without ${over.join(', ')}`;
}

/** Whether what is kept may be used, as far as purges are concerned. */
function busCell(bus: StatusMessage['bus'], purging: StatusMessage['purging']): string {
  if (purging?.state === 'suspect') return 'away, all suspect';
  if (bus === undefined) return '-';
  const missed = purging && purging.gaps > 0 ? `, missed some ${purging.gaps} times` : '';
  return (bus === 'connected' ? 'well' : 'away') + missed;
}

function storeCell({ engine, state }: NonNullable<StatusMessage['stores']>['blobs']): string {
  return state === 'failing' ? `${engine} fails` : engine;
}
