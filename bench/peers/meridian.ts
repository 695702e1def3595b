/**
 * A Meridian network as its own command starts it: an origin, which is asked on a miss only, and a PoP. The PoP
 * is what is measured, with its whole pipeline as configured by default; what differs between its rows is whom it tells what it does: nobody,
 * whoever asks for metrics, an access log, or all that there is.
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseList } from 'structured-headers';
import { version } from '../../package.json';
import { node as nodeSchema } from '../../src/config/schema.ts';
import type { CoreSet } from '../machine.ts';
import { freePort, startPinned } from '../process.ts';
import { purgeByTag } from './meridian-control.ts';
import { addresses, ask, firstPath, type Keep, type Peer, type Stage } from './peer.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const COMMAND = join(ROOT, 'bin/meridian.mjs');

export interface MeridianSetup {
  readonly name: string;
  readonly label: string;
  readonly against?: readonly string[];
  /** `sampled`: of a hundred requests, one has a line. */
  readonly log?: boolean | 'sampled';
  /**
   * `all`: everything that a config can have told, is: an access log of JSON lines, metrics, real timings, traces and metrics for a
   * collector. `none`: nothing at all. Without it, metrics are counted, as they are unless a config says otherwise.
   */
  readonly telemetry?: 'all' | 'none';
  /** `false`: keeps nothing on disk. */
  readonly disk?: boolean;
  /**
   * Where the origin works that the PoP asks on a miss. `beside`: on the same core, and its time and memory are the
   * PoP's. `apart`: on the other core, with the upstream, as a PoP's parent has its own machine. `upstream`: there is
   * none, and the PoP asks the upstream as if that were its origin, so that one node is measured and no more.
   */
  readonly origin?: 'beside' | 'apart' | 'upstream';
  /** Of the PoP. */
  readonly workers?: number;
  /** `false`: its workers keep no copies of what others own. */
  readonly hot?: false;
}

export function meridian(setup: MeridianSetup): Peer {
  const { name, label, against = [], telemetry, log = telemetry === 'all', origin = 'apart' } = setup;
  return {
    name,
    label,
    software: 'Meridian',
    against,
    commands: ['taskset'],
    version: async () => `${version} on Bun ${Bun.version}`,

    async start(stage) {
      const directory = stage.scratch.directory(name);
      const files = stage.scratch.directory(`${name}-files`, stage.keep.filesOn);
      const ports = { origin: await freePort(), plain: await freePort(), secure: await freePort() };
      const watching = telemetry === 'all' ? await watchers(stage) : undefined;
      const accessLog = log ? join(directory, 'access.log') : undefined;
      const configPath = join(directory, 'meridian.config.ts');
      writeFileSync(configPath, config(stage, setup, { files, ports, accessLog, watching }));

      const node = (as: string, core: CoreSet) => {
        const child = startPinned(core, stage.scratch.directory(`${name}-${as}`), [
          ...['node', COMMAND, 'serve', '--as', as, '--config', configPath],
        ]);
        stage.scratch.atEnd(() => child.stop());
        return child;
      };
      const { server, load } = stage.cores;
      const parent = origin === 'upstream' ? null : node('origin', origin === 'beside' ? server : load);
      await parent?.until(() => fetch(`http://127.0.0.1:${ports.origin}/`));
      const pop = node('pop', server);
      const on = addresses(ports.plain, ports.secure);
      await pop.until(() => ask(on.h2, firstPath(stage), 'h2'));

      const parents = parent ? [parent.pid] : [];
      return {
        pids: origin === 'beside' ? [pop.pid, ...parents] : [pop.pid],
        beside: origin === 'beside' ? [] : parents,
        on,
        files: join(files, 'pop'),
        isHit: (headers) => isHit(headers),
        purge: (tag) => purgeByTag(files, SECRET, tag),
        ...(accessLog && { accessLog, ...(log === 'sampled' && { logged: SAMPLE }) }),
        ...(watching && { counted: () => counted(watching.admin), collected: watching.collected }),
      };
    },
  };
}

/** Those who look at a node: whoever reads `/metrics`, and a collector, which takes what comes and keeps none of it. */
interface Watchers {
  readonly admin: number;
  readonly collector: string;
  /** Pushes that came. */
  readonly collected: () => number;
}

async function watchers({ scratch }: Stage): Promise<Watchers> {
  let pushes = 0;
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      await request.bytes();
      pushes++;
      return Response.json({});
    },
  });
  scratch.atEnd(() => server.stop(true));
  return { admin: await freePort(), collector: server.url.origin, collected: () => pushes };
}

/** Requests that the PoP says it has answered. */
async function counted(admin: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith('meridian_requests_total{'));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** Whether there are traces and OTLP in this version. */
const hasCollector = Object.hasOwn(nodeSchema.shape, 'telemetry');

/** More often than it usually is: a run is short. */
const PUSH_EVERY_S = 10;

function watched({ admin, collector }: Watchers) {
  const otlp = { endpoint: collector, metricsEveryS: PUSH_EVERY_S };
  return { admin: { port: admin }, ...(hasCollector && { telemetry: { otlp } }) };
}

/** Of one run: the nodes on this machine know each other and the benchmark by it. */
const SECRET = randomBytes(32).toString('hex');

interface Ports {
  readonly origin: number;
  readonly plain: number;
  readonly secure: number;
}

interface Where {
  readonly files: string;
  readonly ports: Ports;
  readonly accessLog: string | undefined;
  readonly watching: Watchers | undefined;
}

/** The smallest cache that a node may have: what the PoP does not keep, its parent shall not keep either. */
const NEXT_TO_NOTHING = { memory: { bytes: '64 KiB', objectBytes: '1 KiB' }, disk: false };

function config({ keep, certificate, upstream }: Stage, setup: MeridianSetup, where: Where): string {
  const { files, ports, accessLog, watching } = where;
  const network = {
    name: 'bench',
    secret: SECRET,
    dataDir: files,
    ...(watching && { rum: {} }),
    nodes: {
      origin: {
        role: 'origin',
        listen: [{ port: ports.origin }],
        ...(setup.origin === 'upstream' && { url: upstream.url }),
        accessLog: { format: 'off' },
        ...NEXT_TO_NOTHING,
      },
      pop: {
        role: 'pop',
        listen: [{ port: ports.plain }, { port: ports.secure, tls: certificate }],
        parents: ['origin'],
        ...(keep.memoryBytes !== undefined && { memory: { bytes: keep.memoryBytes } }),
        ...diskOf(keep, setup),
        workers: setup.workers ?? 1,
        ...(setup.hot === false && { hot: false }),
        accessLog: logOf(setup, accessLog),
        ...(setup.telemetry === 'none' && { metrics: false }),
        ...(watching && watched(watching)),
      },
    },
  };
  return `import { defineNetwork, web } from ${JSON.stringify(join(ROOT, 'src/index.ts'))};

export default defineNetwork({
  ...${JSON.stringify(network, undefined, 2)},
  routes: [web({ upstream: ${JSON.stringify(upstream.url)} })],
});
`;
}

/** A sample of requests whose log costs next to nothing, and still tells of rates and of what is asked for. */
const SAMPLE = 1 / 100;

function logOf({ log }: MeridianSetup, path: string | undefined): object {
  if (path === undefined) return { format: 'off' };
  return { format: 'json', path, ...(log === 'sampled' && { samplePercent: SAMPLE * 100 }) };
}

function diskOf(
  { diskBytes }: Keep,
  { disk = true }: MeridianSetup,
): { disk?: false | { bytes: number; objectBytes: number } } {
  if (!disk || diskBytes === 0) return { disk: false };
  return diskBytes === undefined ? {} : { disk: { bytes: diskBytes, objectBytes: diskBytes } };
}

/**
 * RFC 9211 §2: the last member is the cache nearest to the client, which is the PoP. Where one of its workers has handed the
 * request over, the last member says to whom, and that one's own stands before it.
 */
export function isHit(headers: Headers): boolean {
  const members = parseList(headers.get('cache-status') ?? '').map(([, parameters]) => parameters);
  const last = members.at(-1);
  const said = String(last?.get('detail') ?? '').startsWith('owner:') ? members.at(-2) : last;
  return said?.get('hit') === true;
}
