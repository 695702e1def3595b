/**
 * In which order parents are asked: those that are well as the config has them, then those that are not, the better
 * ones first. One that has just come back is asked for its share of the keys; the others' keys stay where they were.
 */
import type { Health } from './health.ts';

interface Judged {
  readonly health: Pick<Health, 'state' | 'share'>;
}

/** @param key what is asked for: always the same parent for the same key, while nothing else changes. */
export function inOrder<Member extends Judged>(members: readonly Member[], key: string): readonly Member[] {
  let place: number | null = null;
  const rank = ({ health }: Member): number => {
    switch (health.state) {
      case 'well':
        return 0;
      case 'returning':
        place ??= placeOf(key);
        return place < health.share ? 0 : 1;
      case 'ejected':
        return 2;
      case 'down':
        return 3;
    }
  };
  const ranked = members.map((member) => ({ member, rank: rank(member) }));
  if (ranked.every(({ rank }) => rank === 0)) return members;
  return ranked.sort((a, b) => a.rank - b.rank).map(({ member }) => member);
}

/** From 0 to 1, evenly spread. */
function placeOf(key: string): number {
  return Number(Bun.hash.xxHash3(key) & 0xffff_ffffn) / 2 ** 32;
}
