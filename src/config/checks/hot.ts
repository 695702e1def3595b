/** Whether the thresholds of hot objects are in order. */
import type { Mistake } from '../mistake.ts';
import type { Draft } from './draft.ts';

export function checkHot({ nodes }: Draft): Mistake[] {
  return [...nodes].flatMap(([name, { hot }]) => {
    if (hot === false) return [];
    const { perSecond, viralPerSecond, replicasAtLeast, replicasAtMost } = hot;
    return [
      ...atLeast(`nodes.${name}.hot.viralPerSecond`, viralPerSecond, 'perSecond', perSecond),
      ...atLeast(`nodes.${name}.hot.replicasAtMost`, replicasAtMost, 'replicasAtLeast', replicasAtLeast),
    ];
  });
}

function atLeast(path: string, value: number, other: string, least: number): Mistake[] {
  if (value >= least) return [];
  return [{ path, expected: `no less than \`${other}\`, which is ${least}`, found: String(value) }];
}
