import { expect, test } from 'bun:test';
import { peer } from './define.ts';
import { parseNetwork } from './network.ts';

const origin = { role: 'origin', listen: [{ port: 4870 }] };
const shield = { role: 'shield', listen: [{ port: 4871 }], parents: ['origin'] };
const pop = (port: number, ...parents: unknown[]) => ({ role: 'pop', listen: [{ port }], parents });
const routes = [{ protocol: 'web', web: { upstream: 'https://www.example.com' } }];

function parsed(nodes: Record<string, unknown>) {
  const input = { nodes: { origin, shield, ...nodes }, routes };
  return parseNetwork(input, { configDir: '/etc/meridian', env: {}, overrides: {} });
}

function mistakes(nodes: Record<string, unknown>): string[] {
  const result = parsed(nodes);
  return result.ok
    ? []
    : result.mistakes.map(({ path, expected, found }) => `${path}: ${expected}, not ${found}`);
}

test('siblings may name each other, and are kept apart from the parents', () => {
  const result = parsed({
    lhr: pop(4873, peer('ams'), 'shield', 'origin'),
    ams: pop(4874, peer('lhr'), 'shield'),
  });
  expect(result.ok && result.network.nodes.lhr).toMatchObject({
    parents: ['shield', 'origin'],
    peers: [{ peer: 'ams' }],
  });
});

test('a sibling may be asked for a time after the start only, and shields have siblings too', () => {
  const other = { ...shield, listen: [{ port: 4875 }], parents: [peer('shield', { forS: '10m' }), 'origin'] };
  const result = parsed({ other, lhr: pop(4873, 'shield') });
  expect(result.ok && result.network.nodes.other?.peers).toEqual([{ peer: 'shield', forS: 600 }]);
});

test('a sibling is another node of this role, named before the parents, which there still have to be', () => {
  const ams = pop(4874, 'shield');
  expect(mistakes({ ams, lhr: pop(4873, 'shield', peer('ams')) })).toEqual([
    "nodes.lhr.parents[1]: siblings before all parents, not peer('ams') behind one",
  ]);
  expect(mistakes({ ams, lhr: pop(4873, peer('ams')) })).toEqual([
    'nodes.lhr.parents: at least one parent, because a pop asks others on a miss, not siblings only',
  ]);
  expect(mistakes({ lhr: pop(4873, peer('shield'), 'origin') })).toEqual([
    'nodes.lhr.parents[0]: a pop as a sibling of a pop, not shield, a shield',
  ]);
  expect(mistakes({ lhr: pop(4873, peer('lhr'), 'origin') })).toEqual([
    'nodes.lhr.parents[0]: another node, not the node itself',
  ]);
  expect(mistakes({ ams, lhr: pop(4873, peer('amsterdam'), 'origin') })).toEqual([
    "nodes.lhr.parents[0]: the name of a node of this network, not 'amsterdam'",
  ]);
  expect(
    mistakes({ ams, other: { ...shield, listen: [{ port: 4875 }], parents: [peer('ams'), 'origin'] } }),
  ).toEqual(['nodes.other.parents[0]: a shield as a sibling of a shield, not ams, a pop']);
});

test('anything else in the list is a mistake, and told as one', () => {
  for (const wrong of [
    5,
    { peer: 5 },
    { peer: 'ams', until: 'noon' },
    { peer: 'ams', forS: 'ever' },
    {},
    null,
    peer('A B'),
  ]) {
    expect(mistakes({ ams: pop(4874, 'shield'), lhr: pop(4873, wrong, 'shield') })[0]).toStartWith(
      "nodes.lhr.parents[0]: the name of a node, such as 'shield', or peer('lhr'), not ",
    );
  }
});
