import { afterEach, describe, expect, test } from 'bun:test';
import type { Role } from '../../protocol.ts';
import type { Named, Resource } from '../../resource.ts';
import { abbreviatedAccept, closeWorld, exchangeOf, protocolAt } from './world.contract.ts';

afterEach(closeWorld);

function nameAt(
  role: Role,
  target: string,
  fields: Record<string, string> = {},
  method = 'GET',
  prefix = '',
): Named {
  return protocolAt(role, {}, prefix).name(exchangeOf(target, fields, { method }));
}

function resourceAt(role: Role, target: string, fields: Record<string, string> = {}): Resource {
  const named = nameAt(role, target, fields);
  if (named.as !== 'resource') throw new Error(`${target} is a ${named.as}`);
  return named;
}

function refusalOf(target: string, method = 'GET'): string {
  const named = nameAt('pop', target, {}, method);
  return named.as === 'refusal' ? `${named.error.code}: ${named.error.detail}` : named.as;
}

describe('below the PoPs a packument has one key per form', () => {
  test('whatever the client encodes, accepts and calls the network', () => {
    for (const role of ['shield', 'origin'] as const) {
      for (const target of ['/@acme/tools', '/@acme%2ftools', '/@acme%2Ftools?cache=no']) {
        const resource = resourceAt(role, target, { ...abbreviatedAccept, 'accept-encoding': 'gzip' });
        expect(resource.key).toBe('npm packument/abbreviated/@acme/tools' as typeof resource.key);
      }
    }
  });

  test('and is asked for with the media type of its form, unencoded', () => {
    expect(
      resourceAt('pop', '/left', { ...abbreviatedAccept, cookie: 'a=b', authorization: 'Bearer c' }).ask,
    ).toEqual([
      ['accept', 'application/vnd.npm.install-v1+json'],
      ['accept-encoding', 'identity'],
    ]);
    expect(resourceAt('pop', '/left').ask).toEqual([
      ['accept', 'application/json'],
      ['accept-encoding', 'identity'],
    ]);
  });

  test('which the next tier names the same', () => {
    for (const fields of [{}, abbreviatedAccept]) {
      const { ask } = resourceAt('pop', '/left', fields);
      if (ask === 'client') throw new Error('a packument is asked for with fields of its own');
      expect(resourceAt('shield', '/left', Object.fromEntries(ask)).key).toBe(
        resourceAt('shield', '/left', fields).key,
      );
    }
  });
});

describe('at a PoP the key of a document also holds', () => {
  test('the address that its client uses, with the prefix of the route', () => {
    const named = nameAt('pop', '/npm/left/1.0.0', {}, 'GET', '/npm');
    expect(named).toMatchObject({ key: 'npm manifest/left/1.0.0 https://packages.example.com/npm' });
  });
});

describe('a tarball', () => {
  test('has the same key at every tier and needs no field of the client', () => {
    for (const role of ['pop', 'shield', 'origin'] as const) {
      const fields = { accept: '*/*', 'accept-encoding': 'gzip' };
      expect(resourceAt(role, '/@acme%2ftools/-/tools-1.0.0.tgz', fields)).toMatchObject({
        key: 'npm tarball/@acme/tools/tools-1.0.0.tgz',
        kind: 'tarball',
        tags: ['npm:@acme/tools'],
        ask: [],
      });
    }
  });
});

test('everything of a package bears its tag', () => {
  const targets = ['/left', '/left/1.0.0', '/left/-/left-1.0.0.tgz', '/-/package/left/dist-tags'];
  for (const target of [...targets, '/-/npm/v1/attestations/left@1.0.0']) {
    expect(resourceAt('pop', target).tags).toContain('npm:left');
  }
});

test('HEAD is named like GET', () => {
  for (const target of ['/left', '/left/-/left-1.0.0.tgz', '/-/npm/v1/keys']) {
    expect(nameAt('pop', target, {}, 'HEAD')).toEqual(nameAt('pop', target));
  }
});

test('the abbreviated form is for those who prefer it by name', () => {
  const form = (accept: string): string => resourceAt('origin', '/left', { accept }).key.split('/')[1] ?? '';
  expect(form(abbreviatedAccept.accept)).toBe('abbreviated');
  expect(form('application/vnd.npm.install-v1+json')).toBe('abbreviated');
  expect(form('Application/VND.npm.install-v1+JSON, text/html')).toBe('abbreviated');
  expect(form('*/*')).toBe('full');
  expect(form('application/json')).toBe('full');
  expect(form('application/vnd.npm.install-v1+json;q=0.5, application/json')).toBe('full');
  expect(form('application/vnd.npm.install-v1+json;q=0')).toBe('full');
  expect(form('text/html')).toBe('full');
});

describe('what goes to the parent every time', () => {
  test('is a document that somebody is about to edit', () => {
    expect(nameAt('pop', '/left?write=true')).toMatchObject({ as: 'pass', why: 'bypass' });
    expect(nameAt('pop', '/left?a=b&write=true')).toMatchObject({ as: 'pass' });
    expect(nameAt('pop', '/left?overwrite=true')).toMatchObject({ as: 'resource' });
  });

  test('is a search, and a question about advisories with what describes its body', () => {
    expect(nameAt('pop', '/-/v1/search?text=left')).toMatchObject({ as: 'pass', kind: 'search' });
    const fields = {
      'content-encoding': 'gzip',
      authorization: 'Bearer a',
      'npm-otp': '123456',
      cookie: 'b=c',
    };
    expect(nameAt('pop', '/-/npm/v1/security/advisories/bulk', fields, 'POST')).toEqual({
      as: 'pass',
      kind: 'advisories',
      why: 'method',
      ask: [
        ['accept', 'application/json'],
        ['accept-encoding', 'identity'],
        ['content-encoding', 'gzip'],
      ],
    });
  });
});

test('ping is answered on the spot', () => {
  expect(nameAt('pop', '/-/ping?write=true')).toMatchObject({ as: 'answer', status: 200, body: '{}' });
});

describe('refused with advice', () => {
  test('is everything that writes', () => {
    for (const [method, target] of [
      ['PUT', '/left'],
      ['PUT', '/@acme%2ftools'],
      ['PUT', '/left/-rev/1'],
      ['DELETE', '/left/-/left-1.0.0.tgz/-rev/1'],
      ['POST', '/-/stage/package/left'],
    ] as const) {
      expect(refusalOf(target, method)).toMatch(/^method-not-allowed: .*npm publish --registry/);
    }
    expect(refusalOf('/-/package/left/dist-tags/next', 'PUT')).toMatch(/^method-not-allowed: .*npm dist-tag/);
  });

  test('is what npm has for organisations', () => {
    expect(refusalOf('/-/org/acme/team', 'PUT')).toMatch(/^method-not-allowed: Nothing is published on this/);
    expect(refusalOf('/-/org/acme/user', 'PUT')).toMatch(/^method-not-allowed: .*no organisations here/);
    expect(refusalOf('/-/npm/v1/hooks')).toMatch(/^method-not-allowed: .*no hooks here/);
    expect(refusalOf('/-/_view/starredByUser')).toMatch(/^method-not-allowed: Nobody keeps stars/);
    expect(refusalOf('/-/stage')).toMatch(/^method-not-allowed: Nothing is staged/);
    expect(refusalOf('/-/team/acme/core/user')).toMatch(/^method-not-allowed: Nothing is published on this/);
    expect(refusalOf('/-/package/left/trust')).toMatch(/^method-not-allowed: .*meridian grant/);
    expect(refusalOf('/-/whoami', 'POST')).toMatch(/^method-not-allowed: /);
    expect(refusalOf('/-/npm/v1/oidc/token/exchange/package/*', 'POST')).toMatch(/^method-not-allowed: /);
  });

  test('is the audit of old clients, which tells all names', () => {
    expect(refusalOf('/-/npm/v1/security/audits/quick', 'POST')).toMatch(/^method-not-allowed: .*bulk/);
  });

  test('is what no registry has', () => {
    expect(refusalOf('/')).toMatch(/^not-found: /);
    expect(refusalOf('/-/package/left/dist-tags/next')).toMatch(/^not-found: /);
    expect(refusalOf('/left/-/left.zip')).toMatch(/^not-found: /);
    expect(refusalOf('/a%00b')).toMatch(/^request-malformed: /);
  });
});

describe('a request about accounts', () => {
  test.each([
    ['GET', '/-/whoami', 'account'],
    ['GET', '/-/npm/v1/user', 'account'],
    ['POST', '/-/npm/v1/tokens', 'account'],
    ['DELETE', '/-/npm/v1/tokens/token/abc', 'account'],
    ['DELETE', '/-/user/token/abc', 'account'],
    ['GET', '/-/user/org.couchdb.user:me?write=true', 'account'],
    ['PUT', '/-/user/org.couchdb.user:me', 'anybody'],
    ['PUT', '/-/user/org.couchdb.user:me/-rev/1', 'anybody'],
    ['POST', '/-/v1/login', 'anybody'],
    ['GET', '/-/v1/done?session=a', 'anybody'],
    ['POST', '/-/npm/v1/oidc/token/exchange/package/@acme%2fui', 'anybody'],
  ])('%s %s goes to the origin for %p', (method, target, audience) => {
    const named = nameAt('pop', target, {}, method);
    expect(named).toMatchObject({ as: 'pass', kind: 'account', audience });
  });

  test('shows nobody but the origin an identity token, and no other credential to anybody', () => {
    const asked = (target: string, authorization: string) =>
      JSON.stringify(nameAt('pop', target, { authorization, cookie: 'c=d' }, 'POST'));
    const exchange = '/-/npm/v1/oidc/token/exchange/package/left';
    expect(asked(exchange, 'Bearer aa.bb.cc')).toContain('Bearer aa.bb.cc');
    expect(asked(exchange, 'Bearer mrd_abc')).not.toContain('mrd_abc');
    expect(asked('/-/npm/v1/tokens', 'Bearer aa.bb.cc')).not.toContain('aa.bb.cc');
  });
});

describe('where packages can be published', () => {
  const hosted = { scopes: ['@acme'], names: [], others: false, access: 'restricted' } as const;
  const nameAtHome = (method: string, target: string) =>
    protocolAt('pop', { hosted }).name(exchangeOf(target, {}, { method }));

  test('a request that changes something says what it does to what', () => {
    for (const [method, target, action, subject] of [
      ['PUT', '/@acme%2fui', 'publish', '@acme/ui'],
      ['PUT', '/@acme%2fui/-rev/1', 'publish', '@acme/ui'],
      ['DELETE', '/@acme%2fui/-rev/1', 'delete', '@acme/ui'],
      ['DELETE', '/@acme/ui/-/ui-1.0.0.tgz/-rev/1', 'delete', '@acme/ui'],
      ['PUT', '/-/package/@acme%2fui/dist-tags/next', 'publish', '@acme/ui'],
      ['DELETE', '/-/package/@acme%2fui/dist-tags/next', 'publish', '@acme/ui'],
      ['POST', '/-/package/@acme%2fui/access', 'admin', '@acme/ui'],
      ['POST', '/-/npm/v1/keys', 'admin', ''],
      ['GET', '/-/package/@acme%2fui/visibility', 'read', '@acme/ui'],
      ['GET', '/@acme%2fui?write=true', 'read', '@acme/ui'],
    ] as const)
      expect(nameAtHome(method, target)).toMatchObject({ as: 'pass', deed: { action, subject } });
  });

  test('what no registry does is refused', () => {
    for (const [method, target] of [
      ['DELETE', '/@acme%2fui'],
      ['POST', '/@acme%2fui'],
      ['PUT', '/-/package/@acme%2fui/access'],
      ['POST', '/-/stage/package/@acme%2fui'],
    ] as const)
      expect(nameAtHome(method, target)).toMatchObject({ as: 'refusal' });
  });

  test('everything of a package names it as its subject', () => {
    for (const target of ['/left', '/left/1.0.0', '/left/-/left-1.0.0.tgz', '/-/package/left/dist-tags'])
      expect(resourceAt('pop', target)).toMatchObject({ subject: 'left' });
    expect(resourceAt('pop', '/-/npm/v1/keys')).not.toHaveProperty('subject');
  });
});
