/**
 * A network as a team has one that is far apart: a PoP near its clients, a shield, an origin, each a process as `meridian serve` starts it, and links of some length
 * between them (`link.ts`). Nodes speak TLS with each other, and with it HTTP/2, as they do over the internet; clients come over plain HTTP.
 *
 * The origin stays. PoP and shield begin anew, with nothing unless it is said, whenever `begin` is called.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Certificate } from '../certificate.ts';
import type { CoreSet, Cores } from '../machine.ts';
import { type Child, freePort, startPinned } from '../process.ts';
import type { Scratch } from '../scratch.ts';
import type { WorldWanted } from '../suite.ts';
import { alike, askEarlier, type Earlier } from './earlier.ts';
import { startLinks } from './links.ts';
import type { Places } from './places.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const COMMAND = join(ROOT, 'bin/meridian.mjs');
/** Where other clients come from than the one that is measured. */
const OTHERS = '127.0.0.2';
/** Longer than what the origin has is kept between runs: its upstream is not asked again. */
const FRESH = '30d';
/** How many other objects a node has passed on before anything is measured, so that it is warm though its cache is not. */
const WARM_UP = 300;
const WARM_UP_AT_ONCE = 25;

export interface Begin {
  readonly predicts: boolean;
  /** Of what the PoP has. */
  readonly keeps: 'nothing' | 'learned' | 'all';
  /** The shield goes on as it is, unless there is none yet. */
  readonly keepsShield: boolean;
  /** Asked for before it resolves. */
  readonly earlier?: readonly Earlier[];
}

export interface World {
  /** Through the link, without a trailing slash. */
  readonly url: string;
  /** The PoP itself. */
  readonly near: string;
  /** Through the link, from another client's address. */
  readonly beside: string;
  /** Access logs, each from when its node had nothing. */
  readonly logs: { readonly pop: string; readonly shield: string };
  begin(how: Begin): Promise<void>;
}

interface Ports {
  readonly pop: number;
  readonly shield: number;
  readonly origin: number;
  /** Of the links, by what they lead to. */
  readonly toPop: number;
  readonly toShield: number;
  readonly toOrigin: number;
}

export interface WorldOptions {
  readonly scratch: Scratch;
  readonly cores: Cores;
  readonly places: Places;
  readonly certificate: Certificate;
  readonly wanted: WorldWanted;
  /** Of packages, and of other objects. */
  readonly upstreams: { readonly packages: string; readonly objects: string };
}

export async function openWorld(options: WorldOptions): Promise<World> {
  const { scratch, cores, places, wanted } = options;
  const ports = await freePorts();
  const folder = scratch.directory('world');
  const log = (node: string) => join(folder, `${node}.log`);
  const data = (node: string) => (node === 'origin' ? join(places.data, node) : join(folder, node));
  const config = (predicts: boolean) => {
    const path = join(folder, 'meridian.config.ts');
    writeFileSync(path, configOf(options, { ports, log, data, predicts }));
    return path;
  };
  await startLinks(scratch, cores.load, linksOf(ports, wanted));
  const start = (as: string, path: string, core: CoreSet) => {
    const child = startPinned(core, scratch.directory(as), [
      ...['node', COMMAND, 'serve', '--as', as, '--config', path],
    ]);
    scratch.atEnd(() => child.stop());
    return child;
  };
  const origin = start('origin', config(false), cores.server);
  const tls = { rejectUnauthorized: false };
  await origin.until(() => fetch(`https://127.0.0.1:${ports.origin}/`, { tls }));

  let pop: Child | null = null;
  let shield: Child | null = null;
  const near = `http://127.0.0.1:${ports.pop}`;
  return {
    url: `http://127.0.0.1:${ports.toPop}`,
    near,
    beside: `http://${OTHERS}:${ports.toPop}`,
    logs: { pop: log('pop'), shield: log('shield') },
    async begin({ predicts, keeps, keepsShield, earlier = [] }) {
      await pop?.stop();
      if (keeps !== 'all') {
        forget(data('pop'), keeps === 'learned');
        rmSync(log('pop'), { force: true });
      }
      const path = config(predicts);
      if (!keepsShield || shield === null) {
        await shield?.stop();
        forget(data('shield'), false);
        rmSync(log('shield'), { force: true });
        shield = start('shield', path, cores.server);
        await shield.until(() => fetch(`https://127.0.0.1:${ports.shield}/`, { tls }));
      }
      pop = start('pop', path, cores.server);
      await pop.until(() => fetch(`${near}/web/objects/1/ready`));
      await warmUp(near);
      await askEarlier(near, earlier);
    },
  };
}

async function freePorts(): Promise<Ports> {
  const names = ['pop', 'shield', 'origin', 'toPop', 'toShield', 'toOrigin'] as const;
  const ports: Partial<Record<(typeof names)[number], number>> = {};
  for (const name of names) ports[name] = await freePort();
  return ports as Ports;
}

function linksOf(ports: Ports, { roundTripsMs, megabits, slowStart }: WorldWanted) {
  const [client, shield, origin] = roundTripsMs;
  const hosts = ['127.0.0.1'];
  return [
    {
      hosts: ['127.0.0.1', OTHERS],
      port: ports.toPop,
      to: ports.pop,
      roundTripMs: client,
      megabits: megabits[0],
      slowStart,
    },
    { hosts, port: ports.toShield, to: ports.shield, roundTripMs: shield, megabits: megabits[1], slowStart },
    { hosts, port: ports.toOrigin, to: ports.origin, roundTripMs: origin, megabits: megabits[2], slowStart },
  ];
}

function forget(folder: string, keepsLearned: boolean): void {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    if (keepsLearned && name === 'predict') continue;
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

async function warmUp(near: string): Promise<void> {
  const session = Date.now().toString(36);
  let next = 0;
  const client = async () => {
    while (next < WARM_UP) {
      const url = `${near}/web/objects/2000/${session}-${next++}`;
      for (let times = 0; times < 5; times++) await (await fetch(url)).arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: WARM_UP_AT_ONCE }, client));
}

interface Details {
  readonly ports: Ports;
  readonly predicts: boolean;
  log(node: string): string;
  data(node: string): string;
}

function configOf({ certificate, places, upstreams }: WorldOptions, details: Details): string {
  const { ports, predicts, log, data } = details;
  const { cert, key } = certificate;
  const bounds = { memory: { bytes: '1 GiB' }, disk: { bytes: '8 GiB' }, workers: 1 };
  const common = (node: string) => ({
    ...bounds,
    dataDir: data(node),
    accessLog: { format: 'json', path: log(node) },
  });
  const between = { tls: { ca: cert } };
  const listen = (port: number) => [{ port, tls: { cert, key } }];
  const network = {
    ...{ name: 'world', secret: places.secret, dataDir: places.data },
    nodes: {
      origin: {
        ...{ role: 'origin', listen: listen(ports.origin), url: `https://localhost:${ports.toOrigin}` },
        ...{ store: {}, ...common('origin') },
      },
      shield: {
        ...{ role: 'shield', listen: listen(ports.shield), url: `https://localhost:${ports.toShield}` },
        ...{ parents: ['origin'], ...between, ...common('shield') },
      },
      pop: {
        ...{ role: 'pop', listen: [{ port: ports.pop }], url: `http://127.0.0.1:${ports.toPop}` },
        ...{ parents: ['shield'], ...between, ...common('pop'), ...(predicts ? {} : { predict: false }) },
      },
    },
  };
  const metadata = { freshS: FRESH };
  const upstreamOf = { npm: `${upstreams.packages}/npm`, pypi: `${upstreams.packages}/simple` };
  const registry = (kind: keyof typeof upstreamOf, path: string) =>
    `${kind}(${JSON.stringify({
      ...{ name: path.slice(1).replace('/', '-'), match: { path }, metadata },
      upstreams: [{ url: upstreamOf[kind] }],
    })})`;
  const made = [
    ...(['npm', 'pypi'] as const).flatMap((kind) => [
      registry(kind, `/${kind}`),
      registry(kind, alike[kind]),
    ]),
    `web(${JSON.stringify({ match: { path: '/web' }, upstream: upstreams.objects })})`,
    `oci(${JSON.stringify({ hosted: { names: ['world/*'], public: ['world/*'] }, metadata })})`,
  ];
  // On one machine after all: what the bus says does not take the links.
  const bus = `local({ path: ${JSON.stringify(join(places.data, 'bus.sqlite'))} })`;
  return `import { defineNetwork, local, npm, oci, pypi, web } from ${JSON.stringify(join(ROOT, 'src/index.ts'))};

export default defineNetwork({
  ...${JSON.stringify(network, undefined, 2)},
  bus: ${bus},
  routes: [${made.join(',\n    ')}],
});
`;
}
