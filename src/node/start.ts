/**
 * Brings a node to life from its config: stores, listeners, routes. The only place where all of them meet.
 */
import { randomInt } from 'node:crypto';
import type { ApiAnswer } from '../access/api/serve.ts';
import type { Bus } from '../bus.ts';
import type { Network, NodeConfig } from '../config/network.ts';
import { MeridianError } from '../errors.ts';
import type { Tally } from '../hot/tally.ts';
import type { Listener } from '../http/listener.ts';
import { timer } from '../http/server-timing.ts';
import type { ExplainRequest, Explanation } from '../messages/explanation.ts';
import { openCodings } from '../predict/codings.ts';
import type { Role } from '../protocol.ts';
import { openAccessLog } from '../telemetry/access-log.ts';
import type { Log } from '../telemetry/log.ts';
import type { Snapshot } from '../telemetry/metrics/snapshot.ts';
import { popularity } from '../telemetry/top/popularity.ts';
import { openAudience } from './audience.ts';
import { settingsFor } from './bus.ts';
import { openDoors } from './doors.ts';
import { explain } from './explain.ts';
import { openGuard } from './guard.ts';
import { type NodeHot, openNodeHot, ringName } from './hot.ts';
import type { Node } from './node.ts';
import { type OperatorRequest, operate } from './operate.ts';
import { serve as serveOrigin } from './origin.ts';
import { packingSlots } from './pack.ts';
import { type NodeDependencies, openParts } from './parts.ts';
import { serve as servePop, serveOpened as servePopOpened } from './pop.ts';
import { beginPredicting } from './predicting.ts';
import { keepPrefetched } from './prefetch.ts';
import { type PurgeOrder, type Purges, purge } from './purge.ts';
import { failed } from './refuse.ts';
import { takeCopy } from './replica.ts';
import { type NodeRing, openRing } from './ring.ts';
import { openRingDoor } from './ring-door.ts';
import { serve as serveShield, serveOpened as serveShieldOpened } from './shield.ts';
import { fixedDifference, makeSite } from './site.ts';
import { type NodeStatus, statusOf } from './status.ts';
import { openTelemetry } from './telemetry.ts';
import { tellOrigins } from './tell-origins.ts';
import { holders } from './token-holders.ts';
import { type VisitRequest, visit } from './visit.ts';

export interface RunningNode {
  readonly name: string;
  readonly role: Role;
  readonly urls: readonly string[];
  status(): NodeStatus;
  metrics(): Snapshot;
  explain(question: ExplainRequest): Explanation;
  purge(order: PurgeOrder): Promise<Purges>;
  /** Makes the first administrator, where there has not been one. @returns his token, once. */
  found(): Promise<string | null>;
  /** Asks the API as whoever is on the origin's machine; `null` where this node is none. */
  api(request: OperatorRequest): Promise<ApiAnswer | null>;
  /** Asks the API as somebody who has come by the admin listener. */
  visit(request: VisitRequest): Promise<ApiAnswer>;
  /** Applies another config as a whole, or fails and changes nothing. */
  reload(next: Network): Promise<void>;
  /** Another worker of this node has gone, or serves again. */
  told(worker: number, isUp: boolean): void;
  /** Answers what is under way and stops. */
  drain(): Promise<void>;
}

const serveAs = { pop: servePop, shield: serveShield, origin: serveOrigin };
/** Origins have one worker. */
const serveHandedOver = { pop: servePopOpened, shield: serveShieldOpened, origin: serveShieldOpened };

export async function startNode(
  network: Network,
  name: string,
  deps: NodeDependencies,
): Promise<RunningNode> {
  const { clock, log, seat } = deps;
  const config = configOf(network, name);
  const startedAtMs = clock.now();
  let inForce = network;
  const status = () => statusOf(node, startedAtMs, doors.urls, parts.replicas.stats);
  const self = { network: () => inForce, node: () => node, startedMs: startedAtMs, worker: seat?.worker };
  let hasOpened = false;
  const telemetry = openTelemetry({ ...self, config, clock, log, status, hasOpened: () => hasOpened });
  const { meter, work } = telemetry;
  const parts = await openParts(network, config, startedAtMs, { ...deps, work }, () => node.site);
  const { cache, bus, purging, replicas, stores, records, tally } = parts;
  const { knows, report, unprovenMs } = purging;
  const own = { clock, log, work, knows, report, purge: purging.changed, startedMs: clock.elapsed() };
  const siteDependencies = { ...parts, ...own, audience: openAudience(openCodings()), rum: telemetry.rum };
  const isInRing = seat !== undefined || config.ring !== undefined;
  const ring = isInRing ? openRing({ network, config, seat, bus, site: () => node.site, clock, log }) : null;
  const parent = () => node.site.parentOf(node.site.system);
  const guard =
    config.role === 'pop'
      ? openGuard({ bus, clock, log, network: () => inForce, parent, busUnheardMs: unprovenMs })
      : null;
  const visitors = holders({ guard, parent, clock, log });
  const node: Node = {
    name,
    role: config.role,
    clock,
    timing: timer(name),
    log,
    cache,
    bus,
    stores,
    counts: { requests: 0, hits: 0, errors: 0, pending: 0 },
    ...{ meter, work, tracing: telemetry.tracing, packing: packingSlots(clock) },
    popularity: config.role === 'pop' && config.metrics ? popularity(startedAtMs, randomInt(2 ** 32)) : null,
    ...{ purging, guard, ring, audience: siteDependencies.audience },
    ...{ hot: null, predictor: null },
    site: await makeSite(network, config, siteDependencies),
    accessLog: openAccessLog(config.accessLog, clock),
  };
  if (ring && tally) node.hot = hotOf(node, ring, tally, ringName(config));
  await Promise.all([purging.ready, guard?.ready]);
  const serve = serveAs[config.role];
  const doors = await openDoors(config, {
    handle: (request: Request, listener: Listener) => serve(request, listener, node),
    failed: (error) => failed(node, error),
    clock,
    log,
    shared: seat !== undefined,
  });
  hasOpened = true;
  node.site.begin();
  parts.begin();
  const ringDoor = isInRing ? await openRingDoor(node, seat, serveHandedOver[config.role]) : null;
  node.ring?.join();
  const keeper = keepPrefetched(node, seat, log);
  const predicting = await beginPredicting(node, seat, log);
  const telling = tellOrigins(node, { seat, status, metrics: telemetry, network: () => inForce });
  tellOfBus(bus, log);
  let draining: Promise<void> | null = null;

  async function drain(): Promise<void> {
    keeper?.close();
    predicting.stop();
    await telling.leave();
    await node.ring?.leave();
    await doors.drain(node.site.config.timeouts.drainMs);
    // Later: until now, other members were answered what this one keeps.
    await ringDoor?.drain();
    await telling.close();
    node.ring?.close();
    await node.hot?.close();
    await telemetry.close();
    await visitors.close();
    await predicting.close();
    await guard?.close();
    node.site.close();
    await parts.close();
    await node.accessLog?.close();
  }

  return {
    name,
    role: config.role,
    get urls() {
      return doors.urls;
    },
    status,
    metrics: telemetry.read,
    explain: (question) => explain(node, question),
    purge: (order) => purge(node, order),
    found: async () => (await records?.register.found()) ?? null,
    api: async (request) => node.site.services && operate(node.site.services, request, clock.now()),
    visit: (request) => visit(node, visitors, request),
    told: (worker, isUp) => node.ring?.told(worker, isUp),

    async reload(next) {
      const wanted = configOf(next, name);
      const difference = fixedDifference(node, wanted);
      if (difference) throw new Error(`${name}: ${difference} cannot change without a restart`);
      if (!deps.bus && !Bun.deepEquals(settingsFor(next, wanted), settingsFor(network, config)))
        throw new Error(`${name}: its bus cannot change without a restart`);
      await ringDoor?.reloadCertificates();
      const site = await makeSite(next, wanted, siteDependencies);
      const prepared = await doors.prepare(wanted).catch((error) => {
        site.close();
        throw error;
      });
      // From here on nothing can fail: every request sees either the old config or the new one.
      const { site: before, accessLog: logBefore } = node;
      node.site = site;
      inForce = next;
      guard?.reload();
      if (sameLog(before.config, wanted)) node.accessLog?.reopen();
      else node.accessLog = openAccessLog(wanted.accessLog, clock);
      parts.retune(next, wanted);
      node.tracing = telemetry.retune(wanted);
      node.ring?.expect(next);
      predicting.retune();
      await prepared.commit();
      before.close();
      site.begin();
      replicas.keepOnly(wanted, next);
      if (node.accessLog !== logBefore) await logBefore?.close();
    },

    drain: () => {
      draining ??= drain();
      return draining;
    },
  };
}

function hotOf(node: Node, ring: NodeRing, tally: Tally, name: string): NodeHot {
  const { bus, clock, log } = node;
  return openNodeHot({
    ...{ ring, tally, bus, clock, log, name },
    config: () => node.site.config,
    requests: () => node.counts.requests,
    take: (from, key, headers) => takeCopy(node, ring, from, key, headers),
  });
}

function tellOfBus(bus: Bus, log: Log): void {
  bus.onState((state) => {
    if (state === 'disconnected') log.warn('the bus cannot be reached; news of other nodes will come late');
    else log.info('the bus is back');
  });
}

function configOf(network: Network, name: string): NodeConfig {
  const config = network.nodes[name];
  if (config) return config;
  const known = Object.keys(network.nodes).join(', ');
  throw new MeridianError('internal', `the network has no node "${name}"; it has ${known}`);
}

function sameLog(a: NodeConfig, b: NodeConfig): boolean {
  return Bun.deepEquals(a.accessLog, b.accessLog);
}
