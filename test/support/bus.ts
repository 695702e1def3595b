/**
 * A bus within the process, for tests of what listens to one: a client may be cut off from it, and its log lost or cut
 * short. Everything is told in later microtasks, so that a clock that stands still does not hold it up.
 */
import type {
  Bus,
  BusEvent,
  BusState,
  Delivery,
  Place,
  Published,
  Since,
  Subscriber,
  Watcher,
} from '../../src/bus.ts';
import { MeridianError } from '../../src/errors.ts';

export interface Hub {
  /** One node's connection. */
  join(publisher: string): CutBus;
  /** The log is made anew: nothing of it is left. */
  lose(): void;
  /** The newest `count` events of each subject are lost, and their numbers are given to others. */
  loseLast(count: number): void;
  /** Drops what is older than the newest `keep` events of each subject. */
  truncate(keep: number): void;
}

export interface CutBus extends Bus {
  /** Nothing passes from now on. With `quietly`, the client does not notice. */
  cut(quietly?: boolean): void;
  heal(): void;
  /** Its views tell nothing from now on. */
  blind(): void;
}

interface Subject {
  events: Delivery[];
  newest: number;
}

export function hub(now: () => number = Date.now): Hub {
  let generation = 1;
  const subjects = new Map<string, Subject>();
  const views = new Map<string, Map<string, Published>>();
  const wakes = new Set<() => void>();

  const logName = () => `log-${generation}`;
  function subject(name: string): Subject {
    const known = subjects.get(name) ?? { events: [], newest: 0 };
    subjects.set(name, known);
    return known;
  }
  function wake(): void {
    for (const each of wakes) each();
  }

  function join(publisher: string): CutBus {
    let reachable = true;
    let isBlind = false;
    let state: BusState = 'connected';
    const listeners: ((state: BusState) => void)[] = [];
    const again = new Set<() => void>();

    function tell(next: BusState): void {
      if (state === next) return;
      state = next;
      for (const listener of listeners) listener(next);
    }
    function require(): void {
      if (!reachable) throw new MeridianError('upstream-unreachable', 'the bus cannot be reached');
    }

    function subscribe(name: string, since: Since, subscriber: Subscriber) {
      let closed = false;
      let at: Place | null = typeof since === 'object' ? since : null;
      let toCatchUp = true;
      let running: Promise<void> = Promise.resolve();
      async function advance(): Promise<void> {
        if (closed || !reachable) return;
        const { events, newest } = subject(name);
        at ??= {
          log: logName(),
          sequence: since === 'oldest' ? (events[0]?.position.sequence ?? 1) - 1 : newest,
          digest: null,
        };
        const first = events[0]?.position.sequence ?? newest + 1;
        if (at.log !== logName() || at.sequence < first - 1 || isOther(at, subject(name))) {
          at = { log: logName(), sequence: first - 1, digest: null };
          await subscriber.gap(at);
        }
        for (const delivery of [...events]) {
          if (closed || !reachable) return;
          if (delivery.position.sequence <= at.sequence || delivery.position.log !== at.log) continue;
          at = { ...delivery.position, digest: delivery.digest };
          await subscriber.event(delivery);
        }
        if (!toCatchUp) return;
        toCatchUp = false;
        const there = events.find(({ position }) => position.sequence === at?.sequence);
        at = { ...at, digest: at.digest ?? there?.digest ?? null };
        subscriber.caughtUp(at);
      }
      const go = () => {
        running = running.then(advance);
      };
      const restart = () => {
        toCatchUp = true;
        go();
      };
      wakes.add(go);
      again.add(restart);
      go();
      return {
        close() {
          closed = true;
          wakes.delete(go);
          again.delete(restart);
        },
      };
    }

    return {
      publisher,
      get state() {
        return state;
      },
      onState: (listener) => void listeners.push(listener),
      async publish(name: string, event: BusEvent) {
        require();
        const into = subject(name);
        const position = { log: logName(), sequence: ++into.newest };
        const data: unknown = JSON.parse(JSON.stringify(event.data));
        into.events.push({
          ...event,
          data,
          position,
          publisher,
          publishedMs: now(),
          digest: crypto.randomUUID(),
        });
        wake();
        return position;
      },
      subscribe,
      async newest(name) {
        require();
        return { log: logName(), sequence: subject(name).newest };
      },
      view(name) {
        const values = views.get(name) ?? new Map<string, Published>();
        views.set(name, values);
        const put = async (key: string, value: unknown) => {
          require();
          const revision = (values.get(key)?.revision ?? 0) + 1;
          values.set(key, { key, value, revision });
          wake();
          return revision;
        };
        return {
          get: async (key) => values.get(key) ?? null,
          put,
          async putAll(all) {
            for (const [key, value] of all) await put(key, value);
          },
          delete: async (key) => void (await put(key, null)),
          watch(watcher: Watcher) {
            const seen = new Map<string, number>();
            let told = false;
            const look = () => {
              if (!reachable || isBlind) return;
              if (!told) watcher.begins?.();
              for (const each of values.values()) {
                if (seen.get(each.key) === each.revision) continue;
                seen.set(each.key, each.revision);
                watcher.changed(each);
              }
              if (!told) watcher.caughtUp();
              told = true;
            };
            wakes.add(look);
            again.add(look);
            queueMicrotask(look);
            return {
              close() {
                wakes.delete(look);
                again.delete(look);
              },
            };
          },
        };
      },
      async close() {
        reachable = false;
      },
      cut(quietly = false) {
        reachable = false;
        if (!quietly) tell('disconnected');
      },
      blind() {
        isBlind = true;
      },
      heal() {
        reachable = true;
        tell('connected');
        for (const each of again) each();
      },
    };
  }

  return {
    join,
    loseLast(count) {
      for (const each of subjects.values()) {
        each.newest -= count;
        each.events = each.events.filter(({ position }) => position.sequence <= each.newest);
      }
      wake();
    },
    lose() {
      generation++;
      subjects.clear();
      wake();
    },
    truncate(keep) {
      for (const each of subjects.values()) each.events = each.events.slice(-keep || each.events.length);
    },
  };
}

/** The log has lost the event that was heard at this place. */
function isOther({ sequence, digest }: Place, { events, newest }: Subject): boolean {
  const there = events.find(({ position }) => position.sequence === sequence)?.digest;
  return sequence > newest || (digest !== null && there !== undefined && there !== digest);
}
