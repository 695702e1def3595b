import { expect, test } from 'bun:test';
import { prefetchOrder } from './prefetch-order.ts';

test.each(['amd64', 'linux', 'linux/', 'linux/amd64,linux/arm64', ''])('%p is no platform', (platform) => {
  const { error } = prefetchOrder.safeParse({ to: ['lhr'], platforms: [platform] });
  expect(error?.issues.map(({ path, message }) => [path, message])).toEqual([
    [['platforms', 0], 'a platform such as linux/amd64'],
  ]);
});

test.each(['linux/amd64', 'linux/arm/v7', 'windows/amd64/10.0.20348'])('%s is a platform', (platform) => {
  expect(prefetchOrder.parse({ to: ['lhr'], platforms: [platform] }).platforms).toEqual([platform]);
});
