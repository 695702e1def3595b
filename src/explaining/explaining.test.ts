import { expect, test } from 'bun:test';
import { hub } from '../../test/support/bus.ts';
import { virtualClock } from '../../test/support/clock.ts';
import { turns } from '../cache/answers.contract.ts';
import type { ExplainRequest, Explanation } from '../messages/explanation.ts';
import { answerQuestions } from './answer.ts';
import { openAsker } from './ask.ts';
import { bounded } from './bounded.ts';

const request: ExplainRequest = {
  method: 'GET',
  base: 'http://a.example',
  target: '/x',
  fields: [],
  tier: null,
};

const explanation = (node: string): Explanation => ({
  ...{ node, route: 'docs', kind: 'page', would: 'ask', why: 'nothing is stored for it', key: 'docs /x' },
  ...{ tags: [], access: 'open', owner: null, stored: null, asks: null },
});

function world() {
  const clock = virtualClock();
  const network = hub(clock.now);
  const bus = network.join('origin');
  const asked: string[] = [];
  const join = (node: string, worker = node, mayAsk = (name: string) => name === 'origin') =>
    answerQuestions({
      ...{ bus: network.join(worker), clock, self: { node, worker }, mayAsk, log: { warn: () => {} } },
      explain: (given) => {
        asked.push(`${worker} ${given.target}`);
        return explanation(node);
      },
    });
  async function pass(ms: number): Promise<void> {
    await turns();
    for (let left = ms; left > 0; left -= 100) {
      clock.advance(Math.min(100, left));
      await turns();
    }
  }
  return { clock, bus, network, asked, join, pass, asker: openAsker({ bus, clock, name: 'origin' }) };
}

const never = () => false;

test('those who are asked answer, each process for itself, and nobody else', async () => {
  const { asker, join, asked, pass } = world();
  join('pop', 'pop.1');
  join('pop', 'pop.2');
  join('shield');
  await pass(0);
  const answers = asker.ask([{ to: ['pop'], request }], (so) => so.size === 2);
  await pass(0);
  expect([...(await answers).keys()].toSorted()).toEqual(['pop.1', 'pop.2']);
  expect(asked.toSorted()).toEqual(['pop.1 /x', 'pop.2 /x']);
});

test('who does not answer is waited for two seconds, and then the next is asked', async () => {
  const { asker, join, clock, pass } = world();
  join('pop');
  await pass(0);
  const first = asker.ask([{ to: ['pop', 'gone'], request }], never);
  const second = asker.ask([{ to: ['pop'], request }], (so) => so.size === 1);
  await pass(1_900);
  expect(await Promise.race([first, 'waiting'])).toBe('waiting');
  await pass(200);
  expect((await first).size).toBe(1);
  expect((await second).size).toBe(1);
  expect(clock.elapsed()).toBeLessThan(2_500);
});

test('too many who wait are refused', async () => {
  const { asker, pass } = world();
  const rounds = Array.from({ length: 16 }, () => asker.ask([{ to: ['gone'], request }], never));
  expect(() => asker.ask([{ to: ['gone'], request }], never)).toThrow('too many ask');
  await pass(40_000);
  await Promise.all(rounds);
});

test('whoever is no origin is not answered, nor is what was asked before anybody listened', async () => {
  const { network, clock, asked, join, pass } = world();
  const round = (from: string) => ({ id: from, from, questions: [{ to: ['pop'], request }] });
  const stranger = network.join('stranger').view('questions');
  await stranger.put('origin', round('origin'));
  join('pop');
  await pass(0);
  await stranger.put('stranger', round('stranger'));
  await stranger.put('origin', { ...round('other'), id: 'another' });
  await pass(100);
  expect([asked, clock.elapsed()]).toEqual([[], 100]);
});

test('no more than thirty are answered in a second', async () => {
  const { bus, asked, join, pass } = world();
  join('pop');
  await pass(0);
  for (let at = 0; at < 50; at++) {
    await bus.view('questions').put('origin', {
      ...{ id: `${at}`, from: 'origin' },
      questions: [{ to: ['pop'], request }],
    });
    await pass(0);
  }
  expect(asked).toHaveLength(30);
  await pass(1_000);
  await bus
    .view('questions')
    .put('origin', { id: 'x', from: 'origin', questions: [{ to: ['pop'], request }] });
  await pass(0);
  expect(asked).toHaveLength(31);
});

test('questions and answers do not stay on the bus', async () => {
  const { asker, bus, join, pass } = world();
  join('pop');
  await pass(0);
  const answers = asker.ask([{ to: ['pop'], request }], (so) => so.size === 1);
  await pass(0);
  await answers;
  await pass(0);
  expect((await bus.view('questions').get('origin'))?.value).toBeNull();
  expect((await bus.view('explanations').get('origin/pop'))?.value).not.toBeNull();
  await pass(10_000);
  expect((await bus.view('explanations').get('origin/pop'))?.value).toBeNull();
});

test('an explanation is bounded, and credentials in it have no values', () => {
  const fields: ExplainRequest['fields'] = [
    ['Cookie', 'session=1'],
    ['accept', 'x'.repeat(5_000)],
  ];
  const stored = {
    ...{ where: 'memory' as const, status: 200, sizeBytes: 1, ageS: 1, freshForS: 1 },
    ...{ staleWhileRevalidateS: 0, staleIfErrorS: 0, isSuspect: false, etag: null },
    ...{ tags: Array.from({ length: 100 }, (_, at) => `tag-${at}`), selecting: fields },
  };
  const asks = { parents: [], question: { ...request, fields } };
  const told = bounded({ ...explanation('pop'), key: 'k'.repeat(10_000), stored, asks });
  expect(JSON.stringify(told)).not.toContain('session');
  expect(told.stored?.selecting[0]).toEqual(['Cookie', '(not told)']);
  expect(told.asks?.question.fields[1]?.[1]).toHaveLength(2_048);
  expect([told.key?.length, told.stored?.tags.length]).toEqual([2_048, 64]);
});
