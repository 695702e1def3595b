/** Which images a rule is about. */
import { describe, expect, test } from 'bun:test';
import { type Digest, digestOf } from '../digest.ts';
import type { Content } from './content.ts';
import { openNameRules } from './rules.ts';
import { isAbout, specOf, takesTag } from './spec.ts';

const digest = (text: string) => digestOf(new TextEncoder().encode(text));
const [a, b] = [digest('a'), digest('b')];

describe('a spec', () => {
  test.each([
    ['hub.example/*', 'hub.example/library/app', true],
    ['hub.example/*', 'other.example/app', false],
    ['hub.example:5000/app', 'hub.example:5000/app', true],
    ['*', 'anything/at/all', true],
    [a, 'anything', true],
    [`acme/app@${a}`, 'acme/other', false],
  ])('%s takes in %s: %p', (text, name, is) => {
    expect(isAbout(specOf(text), name)).toBe(is);
  });

  test.each([
    ['app:v1*', 'v1.2', true],
    ['app:v1*', 'v2', false],
    ['app:<2.0', '1.9-slim', true],
    ['app:<2.0', 'v1', true],
    ['app:<2.0', '2.0-rc1', false],
    ['app:>=1.0 <2.0 || 3.x', '3.4', true],
    ['app:<2.0', 'latest', false],
    ['hub.example:5000/app:v1', 'v1', true],
    ['app', 'latest', true],
  ])('%s takes in the tag %s: %p', (text, tag, is) => {
    expect(takesTag(specOf(text), tag)).toBe(is);
  });
});

describe('rules', () => {
  const image: Content = {
    ...{ names: [b], manifests: [], isIndex: false, isSignature: false, config: null, createdMs: null },
  };
  const met = (name: string, tag: string | null, tags: string[] = [], digests: Digest[] = [a]) => ({
    ...{ name, tag, digest: a, content: image, ways: { tags, digests }, isHosted: false },
  });
  const openRules = (blocked: string[], allowed: string[] = [], only?: string[]) =>
    openNameRules({ blocked, allowed, only }, (name) => (name.includes('/') ? name : `hub.example/${name}`));
  const passes = (rules: ReturnType<typeof openRules>, of: ReturnType<typeof met>) =>
    rules.onManifest(of).every((finding) => finding.passes);

  test('a blocked digest is blocked wherever it is, also in what names it, and whatever is allowed', () => {
    for (const blocked of [a, b, `hub.example/app@${a}`])
      expect(passes(openRules([blocked], ['*']), met('hub.example/app', 'v1', ['v1']))).toBe(false);
    expect(passes(openRules([`hub.example/other@${a}`]), met('hub.example/app', 'v1', ['v1']))).toBe(true);
  });

  test('what a blocked index names is blocked with it, unless it is allowed by its own digest', () => {
    const child = met('hub.example/app', null, [], [a, digest('index')]);
    expect(passes(openRules([digest('index')]), child)).toBe(false);
    expect(passes(openRules([digest('index')], ['*']), child)).toBe(false);
    expect(passes(openRules([digest('index')], [a]), child)).toBe(true);
  });

  test('a name without its source is the one that clients would get', () => {
    expect(openRules(['app']).onRepository('hub.example/app', false)?.why).toBe('is blocked (app)');
  });

  test('what is allowed by its tag is allowed by the digest that the tag has led to', () => {
    const rules = openRules(['hub.example/*'], ['hub.example/app:v1']);
    expect(rules.onRepository('hub.example/app', false)).toBeNull();
    expect(rules.onRepository('hub.example/other', false)).not.toBeNull();
    expect(passes(rules, met('hub.example/app', null, ['v1']))).toBe(true);
    expect(passes(rules, met('hub.example/app', null, []))).toBe(false);
    expect(passes(rules, met('hub.example/app', 'v2', ['v2']))).toBe(false);
  });

  test('only what is named may be used, and what lives here', () => {
    const rules = openRules([], [], ['hub.example/app:v1']);
    expect(rules.onRepository('hub.example/other', false)).not.toBeNull();
    expect(rules.onRepository('acme/own', true)).toBeNull();
    expect(passes(rules, met('hub.example/app', 'v1', ['v1']))).toBe(true);
    expect(passes(rules, met('hub.example/app', 'v2', ['v2']))).toBe(false);
    const signature = { ...met('hub.example/app', 'x', ['x']), content: { ...image, isSignature: true } };
    expect(passes(rules, signature)).toBe(true);
  });
});
