/**
 * What prediction is worth: real clients install real things through a network whose tiers are far apart, once with the PoP and its shield
 * empty and predictions off, once with predictions, once more when the PoP has learned from two earlier sessions, and once when everything is there.
 * Beside each of them runs traffic that has nothing to do with it.
 */
import { makeCertificate } from '../certificate.ts';
import { chosenCases } from '../contenders.ts';
import { requireCommands } from '../packages.ts';
import { ratio } from '../statistics.ts';
import type { Row, Run, Suite, SuiteReport } from '../suite.ts';
import { startUpstream } from '../upstream.ts';
import { emptied, type Install, installs, type Stage } from '../world/clients.ts';
import { type Earlier, earlierOf } from '../world/earlier.ts';
import { openWorld } from '../world/network.ts';
import { openPlaces } from '../world/places.ts';
import { answersSince, distribution, markOf } from '../world/requests.ts';
import {
  latencyTable,
  mostTrafficS,
  precisionTable,
  type Sample,
  type Samples,
  type State,
  secondsOf,
  states,
  trafficS,
  trafficTable,
  waitTable,
} from '../world/tables.ts';
import { type RunningTraffic, startTraffic, type Traffic } from '../world/traffic.ts';
import { startWorldUpstream, type WorldUpstream } from '../world/upstream.ts';

const STATES = Object.keys(states) as State[];

export const world: Suite = {
  name: 'world',
  about: 'Installs through a PoP, a shield and an origin that are far apart, with prediction and without.',
  cases: installs.map(({ title }) => title),
  peers: STATES,
  defaults: { rounds: 3, seconds: 0 },
  run: runWorld,
};

interface Setting {
  readonly run: Run;
  readonly stage: Stage;
  readonly upstream: WorldUpstream;
  readonly wanted: ReadonlySet<State>;
}

interface Prepared extends Setting {
  readonly earlier: readonly Earlier[];
}

async function runWorld(run: Run): Promise<SuiteReport> {
  const cases = chosenCases(run, installs);
  requireCommands(['openssl', 'taskset']);
  const setting = await openSetting(run);
  const samples: Samples = new Map();
  const absent = new Map<string, string>();
  for (const each of cases) {
    if (Bun.which(each.needs) === null) {
      absent.set(each.title, `${each.needs} is not installed`);
      continue;
    }
    try {
      const prepared = { ...setting, earlier: await prepare(setting, each) };
      const rounds = Math.min(run.rounds, each.rounds ?? run.rounds);
      for (let round = 0; round < rounds; round++) await oneRound(prepared, each, round, samples);
    } catch (cause) {
      if (run.scratch.ended) throw new Error('Stopped.', { cause });
      // The other cases are still worth having; this one's rows say what happened.
      absent.set(each.title, cause instanceof Error ? cause.message : String(cause));
      run.progress(`${each.title} failed: ${absent.get(each.title)}`);
    }
  }
  return reportOf(setting, cases, samples, absent);
}

async function openSetting(run: Run): Promise<Setting> {
  const { scratch, cores } = run;
  const places = await openPlaces();
  const upstream = await startWorldUpstream(scratch, cores.load, places.upstreamPort, places.wheels);
  const objects = await startUpstream(scratch, cores.load);
  const certificate = await makeCertificate(scratch.directory('certificate'));
  const opened = await openWorld({
    ...{ scratch, cores, places, certificate, wanted: run.world },
    upstreams: { packages: upstream.url, objects: objects.url },
  });
  const wanted = new Set(STATES.filter((state) => run.peers.length === 0 || run.peers.includes(state)));
  if (wanted.size === 0) throw new Error(`--peers has to name some of ${STATES.join(', ')}.`);
  const stage = { world: opened, places, core: cores.load, folder: scratch.directory('client') };
  return { run, stage, upstream, wanted };
}

/**
 * Until the origin has everything that the client asks for: what it still asked upstream for would be measured. Then once more with predictions,
 * which look a little further.
 *
 * @returns what the client has asked for.
 */
async function prepare({ run, stage, upstream }: Setting, install: Install): Promise<readonly Earlier[]> {
  const { world, places, folder } = stage;
  const mark = places.file(`warm.${install.title.replaceAll(/\W+/g, '-')}`);
  const begin = (predicts: boolean, earlier: readonly Earlier[] = []) =>
    world.begin({ predicts, keeps: 'nothing', keepsShield: false, earlier });
  // What is not measured need not be slow.
  await begin(true);
  emptied(folder);
  await install.prepare?.(stage);
  for (let times = 0; Bun.file(mark).size === 0; times++) {
    if (times > 0) await begin(false);
    const before = (await upstream.asked()).length;
    run.progress(`${install.title}: warming the origin`);
    emptied(folder);
    const { pop: since } = await markOf(world);
    await install.run(stage);
    const more = (await upstream.asked()).slice(before);
    // By then, all of it is in the log.
    await markOf(world);
    const asked = earlierOf(world.logs.pop, since, install.route);
    if (more.length === 0) await Bun.write(mark, JSON.stringify(asked));
    else if (times > 2) throw new Error(`the origin asks its upstream again and again: ${more.slice(0, 5)}`);
  }
  const earlier = (await Bun.file(mark).json()) as readonly Earlier[];
  const predicted = `${mark}.predicted`;
  if (await Bun.file(predicted).exists()) return earlier;
  await begin(true, earlier);
  emptied(folder);
  await install.run(stage);
  await Bun.write(predicted, '');
  return earlier;
}

async function oneRound(setting: Prepared, install: Install, round: number, samples: Samples): Promise<void> {
  const { run, stage, wanted, earlier } = setting;
  const { world } = stage;
  const of = samples.get(install.title) ?? new Map<State, Sample[]>();
  samples.set(install.title, of);
  const take = async (state: State) => {
    // As long in each state, as other clients do not go away with the install.
    const observedS = Math.min(mostTrafficS, Math.max(trafficS, of.get('off')?.at(-1)?.seconds ?? 0));
    const sample = await measure(setting, install, state === 'first' || state === 'learned', observedS);
    of.set(state, [...(of.get(state) ?? []), sample]);
    run.progress(`${install.title}, round ${round + 1}: ${states[state]}: ${told(sample)}`);
  };
  if (wanted.has('off') || wanted.has('warm')) {
    await beginCold(setting, install, false);
    await take('off');
    if (wanted.has('warm')) await take('warm');
  }
  if (wanted.has('first') || wanted.has('learned')) {
    await beginCold(setting, install, true);
    await take('first');
  }
  if (wanted.has('learned')) {
    // Whoever comes from the same address right away goes on with his session; after a restart, he begins another.
    await world.begin({ predicts: true, keeps: 'all', keepsShield: true });
    emptied(stage.folder);
    await install.run(stage);
    await world.begin({ predicts: true, keeps: 'learned', keepsShield: run.world.isShieldWarm, earlier });
    await take('learned');
  }
}

async function beginCold(
  { run, stage, earlier }: Prepared,
  install: Install,
  predicts: boolean,
): Promise<void> {
  const { world, folder } = stage;
  if (run.world.isShieldWarm) {
    await world.begin({ predicts: false, keeps: 'nothing', keepsShield: false });
    emptied(folder);
    await install.run(stage);
  }
  await world.begin({ predicts, keeps: 'nothing', keepsShield: run.world.isShieldWarm, earlier });
}

async function measure(
  { run, stage, upstream }: Setting,
  install: Install,
  predicts: boolean,
  observedS: number,
): Promise<Sample> {
  const { world, folder, core } = stage;
  emptied(folder);
  const before = (await upstream.asked()).length;
  const mark = await markOf(world);
  const { trafficPerSecond } = run.world;
  const traffic =
    trafficPerSecond > 0 ? startTraffic(run.scratch, core, `${world.beside}/web`, trafficPerSecond) : null;
  const installing = install.run(stage);
  const observed = traffic === null ? null : observe(traffic, installing, observedS);
  const [seconds, times] = await Promise.all([installing, observed]);
  const answers = await answersSince(world, mark, install.route);
  const more = (await upstream.asked()).slice(before);
  if (more.length > 0 && !predicts)
    throw new Error(`the origin was not warm: it asked for ${more.slice(0, 5).join(', ')}`);
  if (times !== null && times.failed > 0) throw new Error(`${times.failed} requests of other traffic failed`);
  return { seconds, answers, traffic: times, upstream: more.length };
}

/** Until the install has ended, and for `leastS` at least; never for very long. */
async function observe(
  traffic: RunningTraffic,
  installing: Promise<unknown>,
  leastS: number,
): Promise<Traffic> {
  const least = Bun.sleep(leastS * 1000);
  const { promise: most, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, mostTrafficS * 1000);
  try {
    await Promise.race([installing, most]);
  } finally {
    clearTimeout(timer);
  }
  await least;
  return traffic.stop();
}

function told({ seconds, answers, upstream }: Sample): string {
  const { msBy, ms, brought, broughtUsed } = answers;
  const counts = Object.entries(msBy).filter(([, list]) => list.length > 0);
  const tiers = counts.map(([name, list]) => `${list.length} ${name} (${distribution(list)})`);
  return `${seconds.toFixed(2)} s; ${ms.length} requests: ${tiers.join(', ')}; ${broughtUsed} of ${brought} used${upstream > 0 ? `, ${upstream} from upstream` : ''}`;
}

function reportOf(
  { run, wanted }: Setting,
  cases: readonly Install[],
  samples: Samples,
  absent: ReadonlyMap<string, string>,
): SuiteReport {
  const shown = STATES.filter((state) => wanted.has(state));
  return {
    suite: world.name,
    about: world.about,
    versions: { Bun: Bun.version },
    proofs: [
      'Every client ended with success, with scripts off and an empty cache of its own.',
      'The upstream behind the origin was asked for nothing while anything was measured without predictions.',
      'No request of the traffic beside it failed.',
    ],
    subjects: ['first', 'learned'],
    rounds: run.rounds,
    seconds: 0,
    figures: ['totalSeconds'],
    rows: cases.flatMap(({ title }) =>
      shown.map((state) => rowOf(title, state, samples.get(title), absent.get(title))),
    ),
    tables: [
      ...(wanted.has('warm') ? [waitTable(shown, samples)] : []),
      latencyTable(shown, samples, run, cases),
      precisionTable(shown, samples),
      ...(run.world.trafficPerSecond > 0 ? [trafficTable(shown, samples, run)] : []),
    ],
  };
}

function rowOf(
  title: string,
  state: State,
  of: ReadonlyMap<State, readonly Sample[]> | undefined,
  why: string | undefined,
): Row {
  const row = { case: title, peer: state, label: states[state] };
  const own = secondsOf(of?.get(state));
  if (own === null)
    return { ...row, absent: why ?? 'not measured', ...(why !== undefined && { failed: true }) };
  const against = STATES.filter((other) => other !== state && (other === 'off' || other === 'warm')).flatMap(
    (other) => {
      const theirs = secondsOf(of?.get(other));
      return theirs === null ? [] : [[other, { totalSeconds: ratio(own, theirs) }] as const];
    },
  );
  return { ...row, figures: { totalSeconds: own }, against: Object.fromEntries(against) };
}
