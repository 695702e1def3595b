/**
 * Looks after the members of other nodes: each is asked for a sign of life every second or so, so that nobody's request has to
 * find out that it is gone, or is back.
 */
import type { Clock } from '../clock.ts';
import type { Membership } from './membership.ts';
import type { Peers } from './peers.ts';

export interface ChecksOptions {
  /** The name of the member that looks. */
  readonly own: string;
  readonly membership: Membership;
  readonly peers: Peers;
  /** Between two of them, more or less. */
  readonly everyMs: number;
  readonly clock: Clock;
  /** Members that were found gone. */
  readonly gone: (names: readonly string[]) => void;
}

/** Each pause is up to so much shorter or longer, by the member's name and its count, so that members do not fall into step. */
const jitter = 0.25;

/** Gives what ends them. */
export function openChecks({ own, membership, peers, everyMs, clock, gone }: ChecksOptions): () => void {
  let isOver = false;
  let rounds = 0;
  let cancel = () => {};

  function later(): void {
    if (isOver) return;
    const chance = Bun.hash.crc32(`${own} ${rounds++}`) / 2 ** 32;
    cancel = clock.after(everyMs * (1 + jitter * (2 * chance - 1)), look);
  }

  function look(): void {
    const asked = membership.others.map(async ({ name }) => {
      if ((await peers.check(name)) === 'lives') membership.lives(name);
    });
    void Promise.allSettled(asked).then(() => {
      gone(membership.look());
      later();
    });
  }

  look();
  return () => {
    isOver = true;
    cancel();
  };
}
