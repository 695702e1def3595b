/**
 * The bus of one machine, with nothing installed: a SQLite file that all processes write to and read from. With the path
 * `:memory:` it is the bus of one process.
 */
import type { Bus, View } from '../../bus.ts';
import { assemble } from '../assemble.ts';
import type { BusDependencies, Retention } from '../dependencies.ts';
import { type After, follow } from '../follow.ts';
import { outbox } from '../outbox.ts';
import { endOf } from '../place.ts';
import { roster, type Topic } from '../roster.ts';
import { states } from '../states.ts';
import { unreachable } from '../unreachable.ts';
import { type Reached, watch } from '../watch.ts';
import { type Bell, noBell, openBell } from './bell.ts';
import { checkpoint } from './checkpoint.ts';
import { isBusy, type LogFile, openLogFile } from './database.ts';
import { type Events, events } from './events.ts';
import { type Views, views } from './views.ts';

/** One transaction: nothing else is served meanwhile. */
const maxBatch = 256;
/** Until a file that could not be opened is tried again: another process may be making it. */
const openAgainMs = 100;
/** How often to see whether the file is still the one that others use. */
const checkMs = 1000;
/** Until a file that another process is writing to is tried again. */
const againMs = 10;

export interface LocalSettings {
  /** Absolute path of the file, or `:memory:`. */
  readonly path: string;
  readonly keep: Retention;
  /** For a publication. */
  readonly publishMs: number;
}

interface Opened {
  readonly file: LogFile;
  readonly events: Events;
  readonly views: Views;
}

export async function openLocal(
  settings: LocalSettings,
  { clock, log, publisher }: BusDependencies,
): Promise<Bus> {
  const { path, keep, publishMs: timeoutMs } = settings;
  const listeners = roster({ begins: hear });
  const state = states('disconnected');
  const isFile = path !== ':memory:';
  const bellPaths = { logs: `${path}.bell`, views: `${path}.views.bell` };
  let isClosed = false;
  /** `null`: it cannot be opened now. */
  let open: Opened | null = null;
  /** Members renew their records often, which is of no interest to those who wait for events. */
  let bells = { logs: noBell, views: noBell };
  /** What is listened to. */
  const heard = new Set<'logs' | 'views'>();
  let cancelCheck = () => {};

  const ahead = checkpoint(path, clock, (error) =>
    log.warn('what is written ahead of the file of the bus grows', { path, error }),
  );

  async function reopen(): Promise<void> {
    const file = await openLogFile(path);
    if (isClosed) return file.close();
    open?.file.close();
    open = { file, events: events(file, keep), views: views(file) };
    await closeBells();
    if (isFile) bells = { logs: await bellOf('logs'), views: await bellOf('views') };
    for (const kind of heard) bells[kind].hear();
    if (isClosed) return closeBells();
    state.set('connected');
    out.wake();
    listeners.again();
  }

  function hear(topic: Topic): void {
    const kind = topic.startsWith('log ') ? 'logs' : 'views';
    heard.add(kind);
    bells[kind].hear();
  }

  function bellOf(kind: 'logs' | 'views'): Promise<Bell> {
    const at = bellPaths[kind];
    const lost = (error: unknown) =>
      log.warn('the bell of the bus fails: news of other processes take up to a second', { path: at, error });
    let seen: number | null = null;
    /** Most rings are echoes, or of what has been read already: then nobody has to look. */
    function isNews(): boolean {
      const written = attempt(({ file }) => file.writtenByOthers());
      const isNew = written !== seen;
      seen = written;
      return isNew;
    }
    function rung(): void {
      try {
        if (isNews()) listeners.wake(kind);
      } catch {
        listeners.wake(kind); // Whoever reads finds out what is wrong.
      }
    }
    return openBell(at, clock, rung, lost);
  }

  async function closeBells(): Promise<void> {
    await bells.logs.close();
    await bells.views.close();
  }

  /** Says so, once, when the file fails, and when it is well again. */
  function failing(error: unknown): void {
    if (isClosed || isBusy(error)) return;
    if (state.lost()) log.warn('the file of the bus fails', { path, error });
  }

  function attempt<T>(act: (opened: Opened) => T): T {
    try {
      if (open === null) throw new Error(`${path} is not open`);
      const done = act(open);
      state.set('connected');
      return done;
    } catch (error) {
      failing(error);
      throw error;
    }
  }

  function written(kind: 'logs' | 'views'): void {
    listeners.wake(kind);
    bells[kind].ring();
  }

  const out = outbox({
    clock,
    timeoutMs,
    maxBatch,
    instance: publisher,
    send(letters) {
      const positions = attempt((opened) => opened.events.append(letters, clock.now()));
      written('logs');
      return positions;
    },
  });

  /** Opens the file; once more when somebody has removed it, or has put another one in its place. */
  async function check(): Promise<void> {
    try {
      if (isClosed) return;
      if (isFile) await ahead.look();
      if (open !== null && (await open.file.isCurrent())) return;
      if (open !== null) log.warn('the file of the bus was replaced', { path });
      await reopen();
    } catch (error) {
      failing(error);
    } finally {
      if (!isClosed) cancelCheck = clock.after(open === null ? openAgainMs : checkMs, () => void check());
    }
  }

  /** What is seldom written can wait in line for it. */
  async function inTurn<T>(what: string, act: (opened: Opened) => T): Promise<T> {
    const dueMs = clock.elapsed() + timeoutMs;
    for (;;) {
      try {
        return attempt(act);
      } catch (error) {
        if (!isBusy(error) || clock.elapsed() >= dueMs) throw unreachable(`${what} cannot be written`, error);
        await new Promise<void>((resolve) => clock.after(againMs, resolve));
      }
    }
  }

  async function change(view: string, key: string, value: string | null, expected?: number) {
    const revision = await inTurn(`the view ${view}`, ({ views }) => views.put(view, key, value, expected));
    written('views');
    return revision;
  }

  async function renew(subject: string, id: string): Promise<string> {
    const now = await inTurn(`the log ${subject}`, ({ file }) => file.renew(id));
    written('logs');
    return now;
  }

  const failed = () => undefined; // `attempt` has said so.

  function view(name: string): View {
    return {
      get: async (key) => attempt((opened) => opened.views.get(name, key)),
      put: (key, value, expected) => change(name, key, JSON.stringify(value), expected),
      async putAll(values) {
        const texts = [...values].map(([key, value]) => [key, JSON.stringify(value)] as const);
        await inTurn(`the view ${name}`, ({ views }) => views.putAll(name, texts));
        written('views');
      },
      delete: async (key) => void (await change(name, key, null)),
      watch(watcher) {
        const read = (from: Reached | null) => attempt((opened) => opened.views.read(name, from));
        return listeners.add(watch({ watcher, clock, log, read, failed }), `view ${name}`);
      },
    };
  }

  await check();

  return assemble(
    { publisher, clock, state, out, listeners },
    {
      listen(subject, since, subscriber) {
        const read = (of: string, after: After, limit: number) =>
          attempt((opened) => opened.events.read(of, after, limit));
        return follow({ subject, since, subscriber, clock, log, read, renew, failed });
      },
      newest: async (subject) => endOf(attempt((opened) => opened.events.read(subject, 0, 0))),
      view,
      async leave() {
        isClosed = true;
        cancelCheck();
        ahead.close();
        await closeBells();
        open?.file.close();
        open = null;
      },
    },
  );
}
