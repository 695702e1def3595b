/**
 * A registry for npm: documents and tarballs that it has pulled, whole installs, and publishing, against Verdaccio. That is
 * installed for the run from the machine's own npm registry; where it cannot be had, its rows are left out.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { makeCertificate } from '../certificate.ts';
import { chosenCases } from '../contenders.ts';
import { type CpuWindow, costOf, startCpu, watchCpu } from '../cpu.ts';
import type { Sample } from '../figures.ts';
import type { LoadGenerator, LoadResult, Target } from '../load/load.ts';
import { wrk } from '../load/wrk.ts';
import { install } from '../npm/client.ts';
import { type Expected, type Name, proveFile, provePackument, readExpected } from '../npm/proofs.ts';
import type { Published, PublishOptions } from '../npm/publisher.ts';
import { FORMS, type Form, type RegistryPeer, type RunningRegistry } from '../npm/registries.ts';
import { FILES, type File, HUGE, pathOf, SMALL, startRegistry } from '../npm/registry.ts';
import { requireCommands } from '../packages.ts';
import { fileServer } from '../peers/file-server.ts';
import { meridianNpm } from '../peers/meridian-npm.ts';
import type { NotServed, Peer, Running, Stage } from '../peers/peer.ts';
import { verdaccio } from '../peers/verdaccio.ts';
import { pinned } from '../process.ts';
import { NOTHING_FAILED } from '../proofs.ts';
import { type Contender, runCase } from '../rounds.ts';
import type { Row, Run, Suite, SuiteReport } from '../suite.ts';
import type { Upstream } from '../upstream.ts';

const CONNECTIONS = 20;

type Case = { readonly title: string } & (
  | {
      readonly asks: 'document';
      readonly name: Name;
      readonly form: Form;
      readonly gzip: boolean;
      readonly known?: true;
    }
  | { readonly asks: 'file'; readonly file: File }
  | { readonly asks: 'install' }
  | { readonly asks: 'publish'; readonly parallel: number }
);

type ReadCase = Extract<Case, { asks: 'document' | 'file' }>;

const document = (title: string, name: Name, form: Form, gzip: boolean, known?: true): Case => ({
  title,
  asks: 'document',
  ...{ name, form, gzip },
  ...(known && { known }),
});

const CASES: readonly Case[] = [
  document('small document, abbreviated, gzip', SMALL, 'abbreviated', true),
  document('small document, full, gzip', SMALL, 'full', true),
  document('huge document, abbreviated, gzip', HUGE, 'abbreviated', true),
  document('huge document, abbreviated, not compressed', HUGE, 'abbreviated', false),
  document('huge document, full, gzip', HUGE, 'full', true),
  document('huge document, abbreviated, confirmed (304)', HUGE, 'abbreviated', true, true),
  ...FILES.map((file): Case => ({ title: `tarball, ${file.label}`, asks: 'file', file })),
  { title: 'npm ci, 391 packages, empty cache', asks: 'install' },
  { title: 'publish, one after the other', asks: 'publish', parallel: 1 },
  { title: 'publish, 8 at once', asks: 'publish', parallel: 8 },
  { title: 'publish, 32 at once', asks: 'publish', parallel: 32 },
];

let copied: Running | undefined;
const files = fileServer(() => copied);
const PEERS: readonly RegistryPeer[] = [meridianNpm, verdaccio, files];

export const npmSuite: Suite = {
  name: 'npm',
  about: 'A registry for npm: documents, tarballs, a whole install, publishing, against Verdaccio.',
  cases: CASES.map(({ title }) => title),
  peers: PEERS.map(({ name }) => name),
  defaults: { rounds: 3, seconds: 2 },
  run: runNpm,
};

interface World {
  readonly run: Run;
  readonly upstream: Upstream;
  readonly expected: Expected;
  readonly generator: LoadGenerator;
  /** Server and case → it has been asked so before. */
  readonly warm: Set<string>;
}

async function runNpm(run: Run): Promise<SuiteReport> {
  const cases = chosenCases(run, CASES);
  const generator = wrk(run.scratch);
  const upstream = await startRegistry(run.scratch, run.cores.load);
  const expected = await readExpected(upstream);
  const { contenders, lacking, versions } = await startRegistries(run, upstream);
  versions['wrk'] = await generator.version();

  const world: World = { run, upstream, expected, generator, warm: new Set() };
  const rows: Row[] = [];
  for (const each of cases) {
    const running = new Map(contenders.map(({ peer, running }) => [peer.name, running]));
    const take = async (_: Running, peer: Peer): Promise<Sample | NotServed> => {
      const registry = running.get(peer.name);
      return registry ? measure(world, each, registry, peer) : { because: 'it was not started' };
    };
    // How fast a copy of the answers is, says something of an install alone.
    const asked = contenders.filter(({ peer }) => peer.name !== files.name || each.asks === 'install');
    rows.push(...(await runCase(run, each.title, asked, take)));
    if (lacking)
      rows.push({ case: each.title, peer: verdaccio.name, label: verdaccio.label, absent: lacking });
  }
  return reportOf(run, versions, rows);
}

function reportOf(run: Run, versions: Record<string, string>, rows: Row[]): SuiteReport {
  return {
    suite: npmSuite.name,
    about: npmSuite.about,
    versions,
    proofs: [
      'Every document had the versions and hashes that the upstream has, in the form and coding asked for, with links to the server that gave it; every tarball was right byte for byte.',
      'The upstream was not asked once during the measurements of documents and tarballs, nor during those of installs.',
      'npm checked the hash of each package that it installed.',
      'Every publication was answered with 201 before the next one began.',
      NOTHING_FAILED,
    ],
    subjects: [meridianNpm.name],
    rounds: run.rounds,
    seconds: run.seconds,
    figures: [
      ...(['requestsPerSecond', 'totalSeconds', 'cpuMicros', 'p50Micros', 'p99Micros'] as const),
      ...(['serverBusy', 'loadBusy', 'foreign'] as const),
    ],
    rows,
  };
}

interface RegistryContender extends Contender {
  readonly running: RunningRegistry;
}

interface Started {
  readonly contenders: readonly RegistryContender[];
  /** Why Verdaccio does not take part, though it was asked to. */
  readonly lacking: string | null;
  readonly versions: Record<string, string>;
}

async function startRegistries(run: Run, upstream: Upstream): Promise<Started> {
  const isAsked = ({ name }: Peer) => run.peers.length === 0 || run.peers.includes(name);
  requireCommands(['openssl', 'taskset', 'wrk']);
  const { scratch, cores } = run;
  const stage: Stage = {
    ...{ scratch, cores, upstream, bodies: [], keep: { filesOn: 'disk' } },
    certificate: await makeCertificate(scratch.directory('certificate')),
  };
  const lacking = isAsked(verdaccio) ? await verdaccio.prepare() : null;
  if (lacking) run.progress(`left out: ${lacking.because}`);
  const contenders: RegistryContender[] = [];
  const versions: Record<string, string> = {};
  for (const peer of PEERS.filter(isAsked)) {
    if (peer === verdaccio && lacking) continue;
    run.progress(`starting ${peer.label}`);
    const running = await peer.start(stage);
    if (peer === meridianNpm) copied = running;
    versions[peer.software] = await peer.version();
    contenders.push({ peer, running });
  }
  return { contenders, lacking: lacking?.because ?? null, versions };
}

function measure(
  world: World,
  each: Case,
  registry: RunningRegistry,
  peer: Peer,
): Promise<Sample | NotServed> {
  const isFirst = !world.warm.has(`${peer.name} ${each.title}`);
  world.warm.add(`${peer.name} ${each.title}`);
  switch (each.asks) {
    case 'install':
      return measureInstall(world, registry, isFirst);
    case 'publish':
      return measurePublishing(world, registry, each.parallel, isFirst);
    default:
      return measureReading(world, each, registry, isFirst);
  }
}

async function measureReading(
  { run, upstream, expected, generator }: World,
  each: ReadCase,
  registry: RunningRegistry,
  isFirst: boolean,
): Promise<Sample | NotServed> {
  const base = baseOf(registry);
  const proven = await prove(base, each, expected);
  if ('because' in proven) return proven;
  const target = {
    ...{ url: base + pathAsked(each), connections: CONNECTIONS, streams: 1 },
    ...{ seconds: run.seconds, headers: proven },
  };
  if (isFirst) await generator.warmUp(target, run.cores.load);
  const before = await upstream.requests();
  const short = await askFor(run, generator, registry, target);
  const isSlow = short.requestsPerSecond * target.seconds < FEW_ANSWERS;
  const sample = isSlow
    ? await askFor(run, generator, registry, { ...target, seconds: target.seconds * PATIENCE })
    : short;
  if (sample.requestsPerSecond === 0) throw new Error('no answer at all');
  if ((await upstream.requests()) !== before) throw new Error('the upstream was asked meanwhile');
  return sample;
}

/** A server that gives fewer answers than this in a take is asked for longer, so many times. */
const FEW_ANSWERS = 10 * CONNECTIONS;
const PATIENCE = 4;

async function askFor(
  { cores }: Run,
  generator: LoadGenerator,
  registry: Running,
  target: Target,
): Promise<Sample & LoadResult> {
  let watching: Promise<CpuWindow> | undefined;
  const load = await generator.measure(target, cores.load, (pid, fromMs, toMs) => {
    watching = watchCpu({ server: registry.pids, load: [pid] }, cores, fromMs, toMs);
  });
  const cpu = await watching;
  if (!cpu) throw new Error('nobody watched the processor');
  return { ...load, ...costOf(cpu, load.requestsPerSecond) };
}

const pathAsked = (each: ReadCase) => (each.asks === 'file' ? pathOf(each.file) : `/${each.name}`);

/** Asks once, looks at the answer, and gives the fields to ask with. */
async function prove(
  base: string,
  each: ReadCase,
  expected: Expected,
): Promise<Record<string, string> | NotServed> {
  const url = base + pathAsked(each);
  if (each.asks === 'file') {
    proveFile(await (await fetch(url)).bytes(), each.file);
    return {};
  }
  const { name, form, gzip, known } = each;
  const headers = { accept: FORMS[form], 'accept-encoding': gzip ? 'gzip' : 'identity' };
  const response = await fetch(url, { headers, decompress: false });
  const coding = response.headers.get('content-encoding');
  const bytes = await response.bytes();
  if (response.status !== 200 || (coding === 'gzip') !== gzip)
    throw new Error(`status ${response.status}, coding ${coding}`);
  const text = new TextDecoder().decode(gzip ? gunzipSync(bytes) : bytes);
  provePackument(text, name, base, form === 'full', expected);
  if (!known) return headers;

  const etag = response.headers.get('etag');
  if (etag === null) return { because: 'it gives no entity tag' };
  const asked = { ...headers, 'if-none-match': etag };
  const again = await fetch(url, { headers: asked, decompress: false });
  await again.bytes();
  return again.status === 304 ? asked : { because: `it answers with ${again.status} all the same` };
}

async function measureInstall(
  { run, upstream }: World,
  registry: RunningRegistry,
  isFirst: boolean,
): Promise<Sample> {
  const { server, load } = run.cores;
  const folder = run.scratch.directory('install');
  // The first one fills the server, from the machine's registry.
  if (isFirst) await install(baseOf(registry), folder, load);
  const before = await upstream.requests();
  const stop = startCpu({ server: registry.pids, load: [] }, { server, load });
  const { seconds, cpuMicros } = await install(baseOf(registry), folder, load);
  const { serverBusy, loadBusy, foreign } = stop(cpuMicros);
  if (existsSync(folder)) rmSync(folder, { recursive: true });
  if ((await upstream.requests()) !== before) throw new Error('the upstream was asked meanwhile');
  return { totalSeconds: seconds, serverBusy, loadBusy, foreign };
}

/** Makes other packages of each measurement. */
let takes = 0;
const WARM_SECONDS = 1;

async function measurePublishing(
  { run }: World,
  registry: RunningRegistry,
  parallel: number,
  isFirst: boolean,
): Promise<Sample | NotServed> {
  if (registry.token === null) return { because: 'nothing can be published there' };
  if (isFirst) await publish(run, registry, { take: `take-${++takes}`, parallel, seconds: WARM_SECONDS });
  return publish(run, registry, { take: `take-${++takes}`, parallel, seconds: run.seconds });
}

async function publish(run: Run, registry: RunningRegistry, options: PublishOptions): Promise<Sample> {
  const program = join(import.meta.dirname, '../npm/publisher.ts');
  const command = [
    process.execPath,
    program,
    baseOf(registry),
    registry.token ?? '',
    JSON.stringify(options),
  ];
  const child = Bun.spawn(pinned(run.cores.load, command), { stdout: 'pipe', stderr: 'pipe' });
  const stop = startCpu({ server: registry.pids, load: [] }, run.cores);
  const [output, said] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(said.trim().slice(-500));
  const cpu = stop(Number(child.resourceUsage()?.cpuTime.total ?? 0));
  const { published, seconds, p50Micros, p99Micros } = JSON.parse(output) as Published;
  const { serverBusy, loadBusy, foreign } = cpu;
  const cpuMicros = (serverBusy * cpu.seconds * 1e6) / published;
  return {
    ...{ requestsPerSecond: published / seconds, p50Micros, p99Micros },
    ...{ cpuMicros, serverBusy, loadBusy, foreign },
  };
}

function baseOf(registry: Running): string {
  const base = registry.on['http/1.1'];
  if (typeof base !== 'string') throw new Error(base.because);
  return base;
}
