/**
 * The other members of a ring, as one of them sees them: how to ask them, and whether that makes sense now.
 *
 * A member is passed over while a supervisor says that it is gone, and for a moment after it could not be asked. One that
 * takes its time is not gone: it may be waiting for a parent, and whoever asked the next member instead would make that
 * ask the same parent again. So a member that is late is asked for a sign of life, and passed over when it gives none.
 */
import type { Clock } from '../clock.ts';
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import { type ClientRequest, type ClientTimeouts, request } from '../http/client.ts';
import { hopField } from './hop.ts';

export interface Peer {
  readonly name: string;
  /** `unix:/path/of/a/socket`, or `http://host:port`. */
  readonly address: string;
}

export interface Question extends Pick<ClientRequest, 'method' | 'headers' | 'signal' | 'inform'> {
  readonly target: string;
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
}

export interface Peers {
  isUp(peer: number): boolean;
  /** Word from whoever watches over them. */
  told(peer: number, isUp: boolean): void;
  /**
   * Fails as `request` does. After that, except for an abort, another one may be asked: a failure that says something of
   * the peer has been noted.
   */
  ask(peer: number, question: Question): Promise<Answer>;
}

export interface PeersOptions {
  readonly peers: readonly Peer[];
  readonly clock: Clock;
  readonly timeouts: () => ClientTimeouts;
}

/** For how long a member is passed over that could not be asked. */
const passedOverMs = 1_000;
/** A member that has not answered for so long is asked for a sign of life, and again each time that it is over. */
const lateMs = 500;
/** Which it gives within this time, or is passed over. A worker that is merely busy is late by tens of milliseconds. */
const signMs = 1_000;

/**
 * A socket refuses connections while more come at once than its queue holds: the member is there, and takes them in a moment.
 * Tried again so often, each time after so long, unless its supervisor says meanwhile that it is gone.
 */
const refusedTries = 50;
const refusedPauseMs = 20;

/** The value of `Meridian-Hop` in a question for a sign of life. */
export const signOfLife = 'ping';

export function openPeers({ peers, clock, timeouts }: PeersOptions): Peers {
  const states = peers.map((peer) => ({
    peer,
    way: wayTo(peer),
    isGone: false,
    passedOverUntilMs: 0,
    sign: null as Promise<boolean> | null,
  }));
  type State = (typeof states)[number];

  function stateOf(peer: number): State {
    const state = states[peer];
    if (!state) throw new RangeError(`there is no member ${peer}`);
    return state;
  }

  /** One question for all who wait for the same member. */
  function sign(state: State): Promise<boolean> {
    state.sign ??= askForSign(state, clock).finally(() => {
      state.sign = null;
    });
    return state.sign;
  }

  /** Calls `dead` once when the member gives no sign of life. Gives what ends the watch. */
  function watch(state: State, dead: () => void): () => void {
    let isOver = false;
    let cancel = clock.after(lateMs, look);
    function look(): void {
      void sign(state).then((lives) => {
        if (isOver) return;
        if (lives) cancel = clock.after(lateMs, look);
        else dead();
      });
    }
    return () => {
      isOver = true;
      cancel();
    };
  }

  return {
    isUp(peer) {
      const { isGone, passedOverUntilMs } = stateOf(peer);
      return !isGone && passedOverUntilMs <= clock.elapsed();
    },
    told(peer, isUp) {
      const state = stateOf(peer);
      state.isGone = !isUp;
      state.passedOverUntilMs = 0;
    },
    async ask(peer, { target, method, headers, signal, inform, body }) {
      const state = stateOf(peer);
      const dead = new AbortController();
      const unwatch = watch(state, () =>
        dead.abort(new MeridianError('upstream-timeout', `${state.peer.name} gives no sign of life`)),
      );
      try {
        const options = {
          method,
          headers,
          body,
          signal: AbortSignal.any([signal, dead.signal]),
          timeouts: timeouts(),
          clock,
          inform,
          unix: state.way.unix,
          direct: true,
        };
        for (let tries = 1; ; tries++) {
          try {
            return await request(state.way.base + target, options);
          } catch (thrown) {
            if (tries >= refusedTries || state.isGone || !isFull(state.way, thrown)) throw thrown;
          }
          await new Promise<void>((resolve) => void clock.after(refusedPauseMs, resolve));
        }
      } catch (thrown) {
        const isBusy = thrown instanceof MeridianError && thrown.code === 'overloaded';
        if (!signal.aborted && !isBusy) state.passedOverUntilMs = clock.elapsed() + passedOverMs;
        throw thrown;
      } finally {
        unwatch();
      }
    },
  };
}

interface Way {
  readonly base: string;
  readonly unix?: string;
}

function wayTo({ address }: Peer): Way {
  if (!address.startsWith('unix:')) return { base: address };
  return { base: 'http://ring', unix: address.slice('unix:'.length) };
}

/** Nothing has been sent yet. */
function isFull({ unix }: Way, thrown: unknown): boolean {
  const cause = thrown instanceof MeridianError ? thrown.cause : null;
  return unix !== undefined && cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

async function askForSign({ way }: { readonly way: Way }, clock: Clock): Promise<boolean> {
  const timeouts = { connectMs: signMs, firstByteMs: signMs, betweenBytesMs: signMs };
  const headers = new Headers({ [hopField]: signOfLife });
  const { signal } = new AbortController();
  const options = { method: 'GET', headers, signal, timeouts, clock, unix: way.unix, direct: true };
  try {
    return (await request(`${way.base}/`, options)).status === 204;
  } catch {
    return false; // no sign of life is what was asked about
  }
}
