import { describe, expect, test } from 'bun:test';
import { MeridianError } from '../../errors.ts';
import { rightsIn } from './scope.ts';

const rights = (...scopes: string[]) =>
  rightsIn(scopes, (name) => (name.includes('/') ? `hub/${name}` : null));

describe('a scope', () => {
  test('asks for actions on one repository, by its full name', () => {
    expect(rights('repository:team/app:pull')).toEqual([{ actions: ['read'], subjects: ['hub/team/app'] }]);
    expect(rights('repository:app:pull,push')).toEqual([{ actions: ['read', 'publish'], subjects: ['app'] }]);
    expect(rights('repository:app:*')).toEqual([
      { actions: ['read', 'publish', 'delete'], subjects: ['app'] },
    ]);
  });

  test('may name a host with a port', () => {
    expect(rights('repository:registry.example:5000/app:pull')[0]?.subjects).toEqual([
      'hub/registry.example:5000/app',
    ]);
  });

  test('comes with others, in one parameter or in several, once or twice', () => {
    const asked = rights('repository:a:pull repository:b:pull', 'repository:b:pull', '');
    expect(asked.flatMap(({ subjects }) => subjects)).toEqual(['a', 'b']);
  });

  test('of a kind or an action that nobody knows gives nothing', () => {
    expect(rights('repository(plugin):a:pull', 'repository:a:', 'repository:a:admin', 'job:a:pull')).toEqual(
      [],
    );
    expect(rights('repository:a:pull,admin')).toEqual([{ actions: ['read'], subjects: ['a'] }]);
  });

  test('is refused when it is none, and when it would give more than one repository', () => {
    const many = Array.from({ length: 33 }, (_, at) => `repository:a${at}:pull`);
    for (const scopes of [
      ['pull'],
      ['repository:pull'],
      [':a:pull'],
      ['repository:*:pull'],
      ['repository:../a:pull'],
      many,
    ])
      expect(() => rights(...scopes)).toThrow(MeridianError);
  });
});
