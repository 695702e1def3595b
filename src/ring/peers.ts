/**
 * The other members of a ring, as one of them sees them: how to ask them, and whether that makes sense now.
 *
 * A member is passed over while a supervisor says that it is gone, while it leaves or checks find nobody there, and for a
 * moment after it could not be asked. One that takes its time is not gone: it may be waiting for a parent, and whoever asked
 * the next member instead would make that ask the same parent again. So a member that is late is asked for a sign of life,
 * and passed over when it gives none.
 */
import type { Clock } from '../clock.ts';
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import type { ClientTls } from '../http/client/tls.ts';
import type { ClientRequest, ClientTimeouts } from '../http/client.ts';
import { hopField } from './hop.ts';
import { type Said, type Way, wayTo } from './way.ts';

export interface Peer {
  readonly name: string;
  /** `unix:/path/of/a/socket`, `http://host:port`, or `https://host:port`. */
  readonly address: string;
}

export interface Question extends Pick<ClientRequest, 'method' | 'headers' | 'signal' | 'inform'> {
  readonly target: string;
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
}

/** `leaves`: it answers what it is asked, and wants to be asked no more. */
export type Sign = 'lives' | 'leaves' | 'silent';

export interface Peers {
  /** These are the others from now on. What is known of those that stay is kept. */
  keep(peers: readonly Peer[]): void;
  /** `false` for one that is not known. */
  isUp(peer: string): boolean;
  /** Word from whoever watches over them. */
  told(peer: string, isUp: boolean): void;
  /**
   * Fails as `request` does. After that, except for an abort, another one may be asked: a failure that says something of
   * the peer has been noted.
   */
  ask(peer: string, question: Question): Promise<Answer>;
  /**
   * The same for somebody who has asked in another way: `dead` is called when the peer gives no sign of life. Gives what
   * ends that, and hears whether he has an answer.
   */
  await(peer: string, waiting: Waiting): EndOfWaiting;
  /** Asks for a sign of life, and takes note of it. */
  check(peer: string): Promise<Sign>;
  /** Fails for one that is not known. */
  get(peer: string): Peer;
}

export interface PeersOptions {
  readonly clock: Clock;
  readonly timeouts: () => ClientTimeouts;
  /** The value of `Meridian-Hop` in what a member says to this one on its own account. */
  readonly sign: (to: Peer, method: string, target: string) => string;
  /** What is shown to those at `https:`, and who is believed. */
  readonly tls: () => ClientTls | undefined;
  /** Hears why nobody answers at a member's address any more, and that somebody does again (`null`). */
  readonly noted: (peer: string, trouble: unknown) => void;
}

/** For how long a member is passed over that could not be asked. */
const passedOverMs = 1_000;
/** A member that has not answered for so long is asked for a sign of life, and again each time that it is over. */
const lateMs = 500;
/** How often it is looked who is late, while anybody is asked. */
const lookMs = 250;
/** Which it gives within this time once there is a connection, or else is silent. A crowd keeps a worker busy for seconds. */
const signMs = 2_500;
/** For a new connection: the system of a machine makes it while its processes are busy, and a lost packet is sent again after 1 s. */
const signConnectMs = 1_500;
/**
 * So many times in a row without a sign, and it is passed over until there is one. Once may be chance: thousands of clients that
 * come at the same moment keep a worker from everything else for a second.
 */
const silentChecks = 2;

/**
 * A socket refuses connections while more come at once than its queue holds: the member is there, and takes them in a moment.
 * Tried again so often, each time after so long, unless its supervisor says meanwhile that it is gone.
 */
const refusedTries = 250;
const refusedPauseMs = 20;

/** Different ones of one member that are told before it is there again. */
const maxTroubles = 8;

interface State {
  readonly peer: Peer;
  readonly way: Way;
  isGone: boolean;
  isLeaving: boolean;
  silent: number;
  passedOverUntilMs: number;
  /** When it last answered anything. */
  heardMs: number;
  sign: Promise<Sign> | null;
  /** Why it is passed over, each as a sentence that has been told. */
  readonly troubles: Set<string>;
  /** Those who wait for an answer, the oldest first. */
  readonly waiting: Set<Waiting>;
  isWatched: boolean;
}

export type EndOfWaiting = (isAnswered: boolean) => void;

export interface Waiting {
  readonly sinceMs: number;
  /** The member gives no sign of life. */
  dead(): void;
}

export function openPeers({ clock, timeouts, sign: signed, tls, noted }: PeersOptions): Peers {
  let states: ReadonlyMap<string, State> = new Map();

  function stateOf(peer: string): State {
    const state = states.get(peer);
    if (!state) throw new MeridianError('upstream-unreachable', `${peer} is no member of the ring`);
    return state;
  }

  /** One question for all who wait for the same member. */
  function sign(state: State): Promise<Sign> {
    const askedMs = clock.elapsed();
    state.sign ??= askForSign(state, clock, signed).then(({ sign, trouble }) => {
      const given = sign === 'silent' && state.heardMs > askedMs ? 'lives' : sign;
      state.sign = null;
      state.silent = given === 'silent' ? state.silent + 1 : 0;
      if (given !== 'silent') state.isLeaving = given === 'leaves';
      if (state.silent >= silentChecks || given !== 'silent') note(state, trouble);
      return given;
    });
    return state.sign;
  }

  /** Each trouble is told once until the member is there again. */
  function note({ peer, silent, troubles }: State, trouble: unknown): void {
    if (silent === 0) {
      if (troubles.size > 0) noted(peer.name, null);
      troubles.clear();
      return;
    }
    const sentence = String(trouble);
    if (troubles.has(sentence) || troubles.size >= maxTroubles) return;
    troubles.add(sentence);
    noted(peer.name, trouble);
  }

  /** One timer for all who wait for the same member: most answers come long before anybody looks. */
  function watch(state: State): void {
    if (state.isWatched) return;
    state.isWatched = true;
    clock.after(lookMs, look);

    function look(): void {
      const [oldest] = state.waiting;
      if (oldest === undefined) state.isWatched = false;
      else if (clock.elapsed() - oldest.sinceMs < lateMs) clock.after(lookMs, look);
      else void sign(state).then(heard);
    }

    function heard(given: Sign): void {
      const lateSinceMs = clock.elapsed() - lateMs;
      if (given === 'silent' && state.silent >= silentChecks)
        for (const each of [...state.waiting]) if (each.sinceMs <= lateSinceMs) each.dead();
      clock.after(given === 'silent' ? lookMs : lateMs, look);
    }
  }

  /** Resolves with the answer, or fails when the member gives no sign of life. An answer that comes after that goes nowhere. */
  function awaitAnswer(state: State, asked: Promise<Answer>): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    let isOver = false;
    const waiting: Waiting = {
      sinceMs: clock.elapsed(),
      dead() {
        end();
        reject(new MeridianError('upstream-timeout', `${state.peer.name} gives no sign of life`));
      },
    };
    function end(): void {
      isOver = true;
      state.waiting.delete(waiting);
    }
    state.waiting.add(waiting);
    watch(state);
    asked.then(
      (answer) => {
        if (isOver) return discard(answer);
        end();
        state.heardMs = clock.elapsed();
        resolve(answer);
      },
      (thrown) => {
        if (!isOver) end();
        reject(thrown);
      },
    );
    return promise;
  }

  /** Nothing has been sent to a socket that has no room just now: tried again. */
  async function askPatiently(state: State, target: string, said: Said): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      try {
        return await state.way.ask(target, said);
      } catch (thrown) {
        if (tries >= refusedTries || state.isGone || !state.way.isFull(thrown)) throw thrown;
      }
      await new Promise<void>((resolve) => void clock.after(refusedPauseMs, resolve));
    }
  }

  return {
    keep(peers) {
      states = new Map(
        peers.map((peer) => {
          const before = states.get(peer.name);
          return [peer.name, before?.peer.address === peer.address ? before : newState(peer, tls)];
        }),
      );
    },
    isUp(peer) {
      const state = states.get(peer);
      if (state === undefined || state.isGone || state.isLeaving || state.silent >= silentChecks)
        return false;
      return state.passedOverUntilMs <= clock.elapsed();
    },
    told(peer, isUp) {
      const state = states.get(peer);
      if (state === undefined) return;
      state.isGone = !isUp;
      state.isLeaving = false;
      state.silent = 0;
      state.passedOverUntilMs = 0;
    },
    async ask(peer, { target, method, headers, signal, inform, body }) {
      const state = stateOf(peer);
      const said = { method, headers, body, signal, timeouts: timeouts(), clock, inform };
      try {
        return await awaitAnswer(state, askPatiently(state, target, said));
      } catch (thrown) {
        const isBusy = thrown instanceof MeridianError && thrown.code === 'overloaded';
        if (!signal.aborted && !isBusy) state.passedOverUntilMs = clock.elapsed() + passedOverMs;
        throw thrown;
      }
    },
    await(peer, waiting) {
      const state = states.get(peer);
      if (state === undefined) return () => {};
      state.waiting.add(waiting);
      watch(state);
      return (isAnswered) => {
        state.waiting.delete(waiting);
        if (isAnswered) state.heardMs = clock.elapsed();
      };
    },
    get: (peer) => stateOf(peer).peer,
    check: (peer) => sign(stateOf(peer)),
  };
}

function newState(peer: Peer, tls: PeersOptions['tls']): State {
  const way = wayTo(peer.address, tls);
  const known = { isGone: false, isLeaving: false, silent: 0, passedOverUntilMs: 0, heardMs: 0, sign: null };
  return { peer, way, ...known, troubles: new Set(), waiting: new Set(), isWatched: false };
}

/** Whoever asked has gone elsewhere. */
function discard({ body }: Answer): void {
  if (body instanceof ReadableStream) void body.cancel();
}

/** Over a connection that has been there for long, a machine that is cut off looks like one that is busy: so both are asked. */
async function askForSign(
  { peer, way }: Pick<State, 'peer' | 'way'>,
  clock: Clock,
  signed: PeersOptions['sign'],
): Promise<{ readonly sign: Sign; readonly trouble: unknown }> {
  const cutOff = new AbortController();
  void way.reaches(signConnectMs, clock).then((isThere) => {
    if (!isThere) cutOff.abort(new MeridianError('upstream-unreachable', 'nobody takes a connection there'));
  });
  const timeouts = { connectMs: signConnectMs, firstByteMs: signMs, betweenBytesMs: signMs };
  const headers = new Headers({ [hopField]: signed(peer, 'GET', '/') });
  const { signal } = cutOff;
  try {
    const { status } = await way.askAside('/', { method: 'GET', headers, signal, timeouts, clock });
    const sign = status === 204 ? 'lives' : status === 503 ? 'leaves' : 'silent';
    return { sign, trouble: new MeridianError('upstream-invalid', `it answers ${status}`) };
  } catch (trouble) {
    // At a socket without room, somebody is busy; of one that is gone, its supervisor tells. Else, silence is the answer.
    return { sign: way.isFull(trouble) ? 'lives' : 'silent', trouble };
  }
}
