import { describe, expect, test } from 'bun:test';
import { prefers } from './accept.ts';

const json = 'application/json';
const html = 'text/html';
const install = 'application/vnd.npm.install-v1+json';

describe('a client gets', () => {
  test('the media type that it weighs highest', () => {
    expect(prefers(`${html};q=0.5, ${json}`, [html, json])).toBe(json);
    expect(prefers(`${install}; q=1.0, ${json}; q=0.8, */*`, [json, install])).toBe(install);
    expect(prefers('application/vnd.pypi.simple.v1+json, text/html;q=0.01', [html])).toBe(html);
  });

  test('of those that it weighs equally, the first on offer', () => {
    expect(prefers(`${html}, ${json}`, [json, html])).toBe(json);
    expect(prefers('*/*', [json, html])).toBe(json);
  });

  test('anything when it does not say, or says nothing that can be understood', () => {
    for (const accept of [null, '', ' , ', 'json', 'a/b/c', '*/json', '/'])
      expect(prefers(accept, [json])).toBe(json);
  });

  test('nothing when it accepts none of what there is', () => {
    expect(prefers(html, [json])).toBeUndefined();
    expect(prefers(`${json};q=0`, [json])).toBeUndefined();
    expect(prefers('*/*', [])).toBeUndefined();
  });
});

describe('the most specific range decides', () => {
  test('whatever the order, as in the table of RFC 9110 §12.5.1', () => {
    const accept =
      'text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5';
    const byWeight = [
      'text/plain;format=flowed',
      'text/plain',
      'image/jpeg',
      'text/plain;format=fixed',
      'text/html',
    ];
    for (let i = 0; i < byWeight.length; i++) {
      expect(prefers(accept, byWeight.slice(i).reverse())).toBe(byWeight[i]);
    }
  });

  test('also when it rules something out', () => {
    expect(prefers(`*/*, ${json};q=0`, [json, html])).toBe(html);
    expect(prefers('text/*;q=0, */*', [html, json])).toBe(json);
  });
});

describe('parameters', () => {
  test('of a range must be those of the offer', () => {
    const old = 'text/plain;version=0.0.4';
    expect(
      prefers('application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1', [old]),
    ).toBe(old);
    expect(prefers('text/plain;version=1.0.0', [old])).toBeUndefined();
    expect(prefers('text/plain', [old])).toBe(old);
  });

  test('after the weight are extensions, which mean nothing', () => {
    expect(prefers('application/json;q=0.5;level=1', [json])).toBe(json);
  });

  test('but not charset', () => {
    expect(prefers('application/json; charset=utf-8', [json])).toBe(json);
  });
});

test('the Java runtime is understood', () => {
  expect(prefers('text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2', [json])).toBe(json);
});

test('names match in any case', () => {
  expect(prefers('Application/JSON', [json])).toBe(json);
});
