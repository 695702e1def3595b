/**
 * The bus of one machine, with nothing installed: a SQLite file that all processes write to and read from. With the path
 * `:memory:` it is the bus of one process.
 */
import type { Bus, View } from '../../bus.ts';
import { MeridianError } from '../../errors.ts';
import type { BusDependencies, Retention } from '../dependencies.ts';
import { type Follower, follow } from '../follow.ts';
import { outbox } from '../outbox.ts';
import { endOf } from '../place.ts';
import { states } from '../states.ts';
import { type Watch, watch } from '../watch.ts';
import { encode } from '../wire.ts';
import { noBell, openBell } from './bell.ts';
import { isBusy, openLogFile } from './database.ts';
import { events } from './events.ts';
import { views } from './views.ts';

/** One transaction: nothing else is served meanwhile. */
const maxBatch = 256;
/** How often to see whether the file is still the one that others use. */
const checkMs = 1000;
/** Until a view that another process is writing to is tried again. */
const againMs = 10;

export interface LocalSettings {
  /** Absolute path of the file, or `:memory:`. */
  readonly path: string;
  readonly keep: Retention;
  /** For a publication. */
  readonly publishMs: number;
}

export async function openLocal(
  settings: LocalSettings,
  { clock, log, publisher }: BusDependencies,
): Promise<Bus> {
  const { path, keep, publishMs: timeoutMs } = settings;
  const followers = new Set<Follower>();
  const watches = new Set<Watch>();
  const state = states('connected');
  const isFile = path !== ':memory:';
  const bellPath = `${path}.bell`;
  let isClosed = false;
  let open = await opened();
  let bell = await hung();
  let cancelCheck = () => {};

  async function opened() {
    const file = await openLogFile(path);
    return { file, events: events(file, keep), views: views(file) };
  }

  function hung() {
    const lost = (error: unknown) =>
      log.warn('the bell of the bus fails: news of other processes take up to a second', {
        path: bellPath,
        error,
      });
    return isFile ? openBell(bellPath, wakeAll, lost) : Promise.resolve(noBell);
  }

  function wakeAll(): void {
    for (const each of [...followers, ...watches]) each.wake();
  }

  /** Says so, once, when the file fails, and when it is well again. */
  function attempt<T>(act: () => T): T {
    try {
      const done = act();
      state.set('connected');
      return done;
    } catch (error) {
      if (!isBusy(error) && !isClosed) {
        if (state.now === 'connected') log.warn('the file of the bus fails', { path, error });
        state.set('disconnected');
      }
      throw error;
    }
  }

  function written(): void {
    wakeAll();
    bell.ring();
  }

  const out = outbox({
    clock,
    timeoutMs,
    maxBatch,
    instance: publisher,
    send(letters) {
      const positions = attempt(() => open.events.append(letters, clock.now()));
      written();
      return positions;
    },
  });

  /** Somebody has removed the file, or put another one in its place. */
  async function check(): Promise<void> {
    try {
      if (!(await open.file.isCurrent()) && !isClosed) await reopen();
    } catch (error) {
      if (state.now === 'connected') log.warn('the file of the bus cannot be opened', { path, error });
      state.set('disconnected');
    }
    if (!isClosed) cancelCheck = clock.after(checkMs, () => void check());
  }

  async function reopen(): Promise<void> {
    const next = await opened();
    if (isClosed) return next.file.close();
    open.file.close();
    open = next;
    await bell.close();
    bell = await hung();
    log.warn('the file of the bus was replaced', { path });
    state.set('connected');
    for (const each of [...followers, ...watches]) each.again();
  }

  /** Views are seldom written to, so that it does not matter to wait in line for it. */
  async function change(
    view: string,
    key: string,
    value: string | null,
    expected?: number,
  ): Promise<number | null> {
    const dueMs = clock.elapsed() + timeoutMs;
    for (;;) {
      try {
        const revision = attempt(() => open.views.put(view, key, value, expected));
        written();
        return revision;
      } catch (error) {
        if (!isBusy(error) || clock.elapsed() >= dueMs) throw unwritten(view, error);
        await new Promise<void>((resolve) => clock.after(againMs, resolve));
      }
    }
  }

  const failed = () => undefined; // `attempt` has said so.

  function track<T extends Follower | Watch>(all: Set<T>, one: T): { close(): void } {
    all.add(one);
    return {
      close() {
        all.delete(one);
        one.close();
      },
    };
  }

  function view(name: string): View {
    return {
      get: async (key) => attempt(() => open.views.get(name, key)),
      put: (key, value, expected) => change(name, key, JSON.stringify(value), expected),
      delete: async (key) => void (await change(name, key, null)),
      watch(watcher) {
        const read = (since: Parameters<typeof open.views.changes>[1]) =>
          attempt(() => open.views.changes(name, since));
        return track(watches, watch({ watcher, clock, log, read, failed }));
      },
    };
  }

  if (isFile) cancelCheck = clock.after(checkMs, () => void check());

  return {
    publisher,
    get state() {
      return state.now;
    },
    onState: state.on,
    publish: async (subject, event) => out.publish(subject, encode(event, publisher, clock.now())),
    subscribe(subject, since, subscriber) {
      const read = (of: string, after: number, limit: number) =>
        attempt(() => open.events.read(of, after, limit));
      return track(followers, follow({ subject, since, subscriber, clock, log, read, failed }));
    },
    newest: async (subject) => endOf(attempt(() => open.events.read(subject, 0, 0))),
    view,
    async close() {
      isClosed = true;
      cancelCheck();
      out.close();
      for (const each of [...followers, ...watches]) each.close();
      await bell.close();
      open.file.close();
    },
  };
}

function unwritten(view: string, cause: unknown): MeridianError {
  return new MeridianError('bus-unreachable', `the view ${view} cannot be written`, { cause });
}
