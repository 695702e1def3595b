/**
 * What is counted of each request: one look-up by the route's name and some additions, nothing allocated once a route has
 * seen an outcome and a status.
 */
import type { Layer } from '../../messages/report.ts';
import { type Outcome, outcomes } from '../../outcome.ts';
import type { Counter, Histogram, Registry } from './registry.ts';
import type { Exemplar } from './snapshot.ts';

export interface RequestMeter {
  /**
   * @param route empty for a request that no route serves.
   * @param bytes of the body; `null` when its length was not known.
   * @param beyond what the parent said of the way beyond it (`Cache-Status`).
   */
  record(
    route: string,
    outcome: Outcome,
    status: number,
    bytes: number | null,
    durationMs: number,
    beyond: string | null,
  ): Layer;
  /** Bytes of a body whose length was not known when its head was sent. */
  sent(route: string, outcome: Outcome, bytes: number, beyond: string | null): void;
  /** An example of what was recorded before. */
  exemplify(route: string, layer: Layer, exemplar: Exemplar): void;
}

interface OfRoute {
  /** By outcome and status, written together. */
  readonly requests: Map<Outcome, Map<number, Counter>>;
  readonly durations: Map<Layer, Histogram>;
  readonly bytes: Map<Layer, Counter>;
}

/** Routes of the config, and those that it had before it was reloaded. */
const mostRoutes = 1000;

/** Of a node of the network, by its name; `undefined` where nobody knows it. */
type RoleOf = (node: string) => 'pop' | 'shield' | 'origin' | undefined;

/** @param beyond what the parent said of the way beyond it (`Cache-Status`). */
export function layerOf(outcome: Outcome, beyond: string | null, roleOf: RoleOf): Layer {
  const { from } = outcomes[outcome];
  if (from !== 'parent') return from;
  const who = beyond === null ? undefined : hitAt(beyond);
  const role = who === undefined ? undefined : roleOf(who);
  return role === undefined ? 'remote' : role === 'pop' ? 'sibling' : role;
}

export function requestMeter(registry: Registry, roleOf: RoleOf): RequestMeter {
  const routes = new Map<string, OfRoute>();

  function ofRoute(route: string): OfRoute {
    const known = routes.get(route);
    if (known !== undefined) return known;
    if (routes.size >= mostRoutes) return ofRoute('');
    const made: OfRoute = { requests: new Map(), durations: new Map(), bytes: new Map() };
    routes.set(route, made);
    return made;
  }

  function addBytes({ bytes: all }: OfRoute, route: string, layer: Layer, bytes: number): void {
    let sent = all.get(layer);
    if (sent === undefined) {
      sent = registry.counter('meridian.response.size', route, layer);
      all.set(layer, sent);
    }
    sent.value += bytes;
  }

  return {
    record(route, outcome, status, bytes, durationMs, beyond) {
      const counted = ofRoute(route);
      let byStatus = counted.requests.get(outcome);
      if (byStatus === undefined) {
        byStatus = new Map();
        counted.requests.set(outcome, byStatus);
      }
      let requests = byStatus.get(status);
      if (requests === undefined) {
        requests = registry.counter('meridian.requests', route, outcome, String(status));
        byStatus.set(status, requests);
      }
      requests.value++;

      const layer = layerOf(outcome, beyond, roleOf);
      let durations = counted.durations.get(layer);
      if (durations === undefined) {
        durations = registry.histogram('http.server.request.duration', route, layer);
        counted.durations.set(layer, durations);
      }
      durations.record(durationMs / 1000);

      if (bytes !== null) addBytes(counted, route, layer, bytes);
      return layer;
    },
    sent: (route, outcome, bytes, beyond) =>
      addBytes(ofRoute(route), route, layerOf(outcome, beyond, roleOf), bytes),
    exemplify: (route, layer, exemplar) => ofRoute(route).durations.get(layer)?.exemplify(exemplar),
  };
}

/** Who of those behind this node had it in store, by a `Cache-Status` of nodes of this network, which all have plain names. */
function hitAt(cacheStatus: string): string | undefined {
  return /(?:^|, )"?([\w.-]+)"?;hit\b/.exec(cacheStatus)?.[1];
}
