/**
 * What a PoP needs to decide who may have what: the replica, and the way to the origin for what it does not know.
 */
import { introduction, passwordAnswer, toldness } from '../access/api/for-nodes.ts';
import { askEarly } from '../access/edge/early.ts';
import { type Guard, type GuardOptions, guard } from '../access/edge/guard.ts';
import { openHeard } from '../access/edge/heard.ts';
import { notes, type Report } from '../access/edge/notes.ts';
import { strangers } from '../access/edge/strangers.ts';
import { openTickets } from '../access/edge/tickets.ts';
import { openReplica } from '../access/replica/replica.ts';
import type { Bus } from '../bus.ts';
import type { Clock } from '../clock.ts';
import type { Network } from '../config/network.ts';
import { MeridianError } from '../errors.ts';
import type { Parent } from '../parent.ts';
import type { Log } from '../telemetry/log.ts';
import { askOrigin, openRoutesOf } from './system.ts';

export interface NodeGuard extends Guard {
  readonly status: GuardStatus;
  /** Resolves when the replica has been read, or has not been within a while. */
  readonly ready: Promise<void>;
  /** The config has changed. */
  reload(): void;
  close(): Promise<void>;
}

export interface GuardStatus {
  readonly tokens: number;
  readonly bytes: number;
  /** All that the origin knows has been heard, at least once. */
  readonly isComplete: boolean;
}

export interface NodeGuardOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly network: () => Network;
  /** The way to the origin, as it is now. */
  readonly parent: () => Parent;
  /** For how long it has not been certain that this node hears the bus, ms. */
  readonly busUnheardMs: () => number;
}

/** A node that starts while the bus is away lets in whom it knows: nobody but those who need no token. */
const readyWithinMs = 5_000;

export function openGuard({ bus, clock, log, network, parent, busUnheardMs }: NodeGuardOptions): NodeGuard {
  const warn = (message: string, fields: Record<string, unknown>) => log.warn(message, fields);
  const replica = openReplica({ bus, warn, openRoutes: () => openRoutesOf(network()) });
  const times = () => ({ nowMs: clock.now(), startedMs: clock.elapsed() });
  const known = notes({ clock, warn, send: (report) => sendReport(report) });
  const unknown = strangers({
    clock,
    unknownMs: () => network().access.unknownS * 1000,
    learn: replica.learn,
    async ask(hash) {
      const answer = await askOrigin(parent(), { method: 'GET', path: `/nodes/tokens/${hash}` }, times());
      return introduction.nullable().parse(answer);
    },
  });

  const stopAsking = askEarly({
    ...{ clock, learn: replica.learn, isComplete: () => replica.isComplete },
    async ask() {
      const answer = await askOrigin(parent(), { method: 'GET', path: '/nodes/everyone' }, times());
      return introduction.parse(answer);
    },
  });

  async function sendReport({ used, denied, more }: Report): Promise<void> {
    const body = {
      used: [...used].map(([token, atMs]) => ({ token, atMs })),
      denied: denied.map(
        ({ identity: { name: by, token }, deed: { action, route, subject }, from, atMs }) => ({
          ...{ by, token, from, atMs, action, route, subject },
        }),
      ),
      more,
    };
    await askOrigin(parent(), { method: 'POST', path: '/nodes/report', body }, times());
  }

  const logIn: GuardOptions['logIn'] = async ({ user, password }, exchange, keep) => {
    const body = { user, password, keep, from: exchange.client() };
    const answer = await askOrigin(parent(), { method: 'POST', path: '/nodes/passwords', body }, times());
    const said = passwordAnswer.parse(answer);
    if ('hash' in said) return said;
    const { code, detail, retryAfterS } = said;
    throw new MeridianError(code, detail, retryAfterS === null ? {} : { retryAfterS });
  };

  const trustMs = () => network().access.trustS * 1000;
  const heard = openHeard({
    ...{ busUnheardMs, trustMs, clock, readAgain: replica.readAgain },
    async isTold() {
      const answer = await askOrigin(parent(), { method: 'GET', path: '/nodes/told' }, times());
      return toldness.parse(answer).told;
    },
  });

  const { promise: late, resolve } = Promise.withResolvers<void>();
  const stopWaiting = clock.after(readyWithinMs, resolve);
  return {
    ...guard({
      ...{ replica, strangers: unknown, notes: known, trustMs, clock, logIn },
      tickets: openTickets(() => network().secret, clock),
      unheardMs: () => heard.unheardMs,
    }),
    ready: Promise.race([replica.ready, late]).finally(stopWaiting),
    get status() {
      const { tokens, bytes, isComplete } = replica;
      return { tokens, bytes, isComplete };
    },
    reload: replica.reload,
    async close() {
      heard.close();
      stopAsking();
      known.close();
      await known.flush();
      replica.close();
    },
  };
}
