/** POMs that are made to become long. */
import { expect, test } from 'bun:test';
import { inherit, readModel } from './model.ts';

test('properties that hold each other, or very much, do not make a name grow', () => {
  const properties = `<a>\${b}\${b}</a><b>\${a}\${a}</b><long>${'x'.repeat(100_000)}</long>`;
  const group = '$'.concat('{long}').repeat(100);
  const dependency = `<dependency><groupId>${group}</groupId><artifactId>\${a}</artifactId></dependency>`;
  const pom = `<project><properties>${properties}</properties><dependencies>${dependency}</dependencies></project>`;
  const of = { group: 'g', artifact: 'a', version: '1' };
  const [needed] = inherit(of, [readModel(new TextEncoder().encode(pom))]).dependencies;
  expect([needed?.group, (needed?.artifact.length ?? 0) <= 1_000]).toEqual([group, true]);
});
